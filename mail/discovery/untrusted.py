"""Why a server's certificate is not believed, in words. Pure."""

from __future__ import annotations

import ssl

from mail.sentences import say

_REASONS = {
    9: say("it is not valid yet"),
    10: say("it has expired"),
    18: say("it is signed by nobody but itself"),
    19: say("it is signed by an authority that this machine does not know"),
    20: say("it is signed by an authority that this machine does not know"),
    21: say("it is signed by an authority that this machine does not know"),
    62: say("it is made out to another name"),
    64: say("it is made out to another address"),
}
"""OpenSSL's verification results (X509_V_ERR_…)."""


def why_untrusted(error: ssl.SSLCertVerificationError) -> str:
    """A part of a sentence; OpenSSL's own words where it is something rare."""
    words = error.verify_message.rstrip(".")
    unknown = words[:1].lower() + words[1:] if words else say("it could not be verified")
    return _REASONS.get(error.verify_code, unknown)
