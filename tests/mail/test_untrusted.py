"""Why a certificate is not believed: in words that can be said in another language."""

from __future__ import annotations

import ssl

import pytest

from mail.discovery.untrusted import why_untrusted
from mail.sentences import Sentence


def error(code: int, words: str) -> ssl.SSLCertVerificationError:
    found = ssl.SSLCertVerificationError(1, "certificate verify failed")
    found.verify_code, found.verify_message = code, words
    return found


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (10, "it has expired"),
        (18, "it is signed by nobody but itself"),
        (20, "it is signed by an authority that this machine does not know"),
        (62, "it is made out to another name"),
    ],
)
def test_what_often_happens_has_words_of_ours(code: int, words: str) -> None:
    found = why_untrusted(error(code, "what OpenSSL says"))
    assert isinstance(found, Sentence)
    assert found == words


def test_what_is_rare_has_those_of_openssl() -> None:
    assert why_untrusted(error(24, "Invalid CA certificate.")) == "invalid CA certificate"
    assert why_untrusted(error(1, "")) == "it could not be verified"
