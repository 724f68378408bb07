"""Signed assertions (RFC 7523): Google's service accounts and Microsoft's app certificates."""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mail.errors import LoginFailed
from mail.sentences import say

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

LIFETIME = 3600 - 300


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A Google service account's key. The key never shows in its repr."""

    email: str
    private_key: str = field(repr=False)
    key_id: str | None = None
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

    @classmethod
    def from_json(cls, text: str) -> ServiceAccount:
        """The key file that Google's console hands out. Raises LoginFailed with a sentence."""
        try:
            data = json.loads(text)
            return cls(
                data["client_email"],
                data["private_key"],
                data.get("private_key_id"),
                data.get("token_uri", "https://oauth2.googleapis.com/token"),
            )
        except (ValueError, KeyError, TypeError):
            raise LoginFailed(
                say(
                    "This is not the key file of a Google service account. Download it as JSON "
                    "from the Google Cloud console (IAM, Service accounts, Keys)."
                )
            ) from None


def google_assertion(account: ServiceAccount, subject: str, scopes: tuple[str, ...]) -> str:
    """The assertion that asks for access to `subject`'s mailbox by domain-wide delegation."""
    now = int(time.time())
    claims = {
        "iss": account.email,
        "sub": subject,
        "scope": " ".join(scopes),
        "aud": account.token_uri,
        "iat": now,
        "exp": now + LIFETIME,
    }
    header = {"kid": account.key_id} if account.key_id else {}
    return _sign(header, claims, account.private_key)


def microsoft_assertion(client_id: str, audience: str, private_key: str, certificate: str) -> str:
    """The client assertion that stands in for a client secret: key and certificate as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        loaded = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        raise LoginFailed(say("The certificate cannot be read: PEM is wanted.")) from None
    now = int(time.time())
    claims = {
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now - 60,
        "exp": now + 600,
    }
    header = {"x5t#S256": _encode(loaded.fingerprint(hashes.SHA256()))}
    return _sign(header, claims, private_key)


def read_claims(token: object) -> dict[str, Any]:
    """The claims of a JWT that came from the token endpoint itself; {} if it is none.

    Not verified: TLS to the endpoint vouches for it (OpenID Connect Core 3.1.3.7, item 6).
    """
    if not isinstance(token, str) or token.count(".") != 2:
        return {}
    part = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _sign(header: dict[str, Any], claims: dict[str, Any], private_key: str) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    head = {"alg": "RS256", "typ": "JWT", **header}
    signed = ".".join(_encode(json.dumps(one).encode()) for one in (head, claims))
    key = _load_key(private_key)
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encode(signature)}"


def _load_key(pem: str) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise LoginFailed(
            say("The private key cannot be read: PEM without a pass phrase.")
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise LoginFailed(say("The private key must be an RSA key."))
    return key


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
