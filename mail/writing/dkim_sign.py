"""DKIM signatures (RFC 6376) for channels whose mail leaves under a domain of our own.

A relay that signs itself needs none of this. Signing costs some milliseconds of pure computing, so
call it in a worker thread.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from mail.errors import ComposeError
from mail.writing.headers import ascii_domain

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_SELECTOR = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{1,63}){0,3}"
)
_SIGNED = (
    "from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to",
    "references", "mime-version", "content-type", "content-transfer-encoding",
    "auto-submitted",
)  # fmt: skip
_OVERSIGNED = ("from", "to", "cc", "subject", "reply-to", "date", "message-id")
"""Signed once more than they occur, so that nobody can add a second one (RFC 6376 8.15)."""


def sign(data: bytes, selector: str, domain: str, private_key_pem: str) -> bytes:
    """The mail with a DKIM-Signature on top (relaxed/relaxed, rsa-sha256).

    `data` is the final form with CRLF lines. Raises ComposeError when the key or a name is
    unusable; the message never shows the key.
    """
    import dkim

    if not _SELECTOR.fullmatch(selector):
        raise ComposeError("The DKIM selector is made of letters, digits and dashes.")
    present = [_field_name(line) for line in _header_lines(data)]
    names = [name for name in present if name in _SIGNED] + list(_OVERSIGNED)
    key = _load_key(private_key_pem)
    try:
        signature: bytes = dkim.sign(
            data,
            selector.encode(),
            ascii_domain(domain).encode(),
            _pem(key),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=names,
            linesep=b"\r\n",
        )
    except (dkim.DKIMException, ValueError, IndexError, TypeError) as error:
        raise ComposeError(
            f"The mail could not be signed for {domain}. Make a new key with `canal dkim new`."
        ) from error
    return signature + data


def new_key(domain: str, selector: str = "canal") -> tuple[str, str]:
    """(private key as PEM, the line for the domain's DNS zone). RSA with 2048 bits.

    Raises AddressError or ComposeError for names that are none.
    """
    from cryptography.hazmat.primitives.asymmetric import rsa

    if not _SELECTOR.fullmatch(selector):
        raise ComposeError("The DKIM selector is made of letters, digits and dashes.")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = _pem(key).decode()
    return pem, dns_record(pem, domain, selector)


def dns_record(private_key_pem: str, domain: str, selector: str = "canal") -> str:
    """The TXT record that publishes the key's public half, as a zone file line.

    A TXT string holds 255 bytes, so the value is written as several. Raises ComposeError.
    """
    from cryptography.hazmat.primitives import serialization

    public = (
        _load_key(private_key_pem)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    value = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    strings = " ".join(f'"{value[i : i + 250]}"' for i in range(0, len(value), 250))
    return f"{selector}._domainkey.{ascii_domain(domain)}. IN TXT ( {strings} )"


def _load_key(private_key_pem: str) -> RSAPrivateKey:
    """The key behind the PEM, PKCS#1 or PKCS#8. Raises ComposeError."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        key = serialization.load_pem_private_key(private_key_pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ComposeError("The DKIM key is not a private key in PEM form.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ComposeError("The DKIM key is not an RSA key.")
    return key


def _pem(key: RSAPrivateKey) -> bytes:
    """PKCS#1, the form that dkimpy reads."""
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _field_name(line: bytes) -> str:
    return line.partition(b":")[0].strip().lower().decode("ascii", "replace")


def _header_lines(data: bytes) -> list[bytes]:
    """First lines of the header fields."""
    header = data.partition(b"\r\n\r\n")[0]
    return [line for line in header.split(b"\r\n") if line[:1] not in {b" ", b"\t"}]
