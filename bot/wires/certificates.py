"""The certificate with which our SMTP server offers STARTTLS."""

from __future__ import annotations

import ssl
from pathlib import Path

from bot.problems import StartupError


def load_smtp_tls(cert: Path, key: Path) -> ssl.SSLContext:
    """The context for STARTTLS. Raises StartupError with the file that is wrong and why."""
    for variable, path in (("CANAL_SMTP_TLS_CERT", cert), ("CANAL_SMTP_TLS_KEY", key)):
        try:
            path.read_bytes()
        except OSError as failed:
            reason = (failed.strerror or str(failed)).lower()
            raise StartupError(f"{variable} {path} cannot be read: {reason}.") from failed
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as failed:
        reason = getattr(failed, "reason", None) or "not in PEM format, or the key has a passphrase"
        told = str(reason).replace("_", " ").lower()
        raise StartupError(
            f"The certificate {cert} and the key {key} cannot be used together: {told}."
        ) from failed
    return context
