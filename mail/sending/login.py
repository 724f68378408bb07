"""Greeting, encryption and login at the start of an SMTP session.

A password goes over an encrypted connection or stays at home, and it is tried once: three tries
with three mechanisms lock some accounts.
"""

from __future__ import annotations

import base64
import ssl
import time

import aiosmtplib

from mail.discovery.dial import tls_context
from mail.errors import LoginFailed, LoginLater
from mail.sending import connect_errors, errors
from mail.sending.account import SmtpAccount

_FIRST_PAUSE = 15.0
_LONGEST_PAUSE = 600.0


class LoginPause:
    """After a failed login the server is left alone, longer each time, however many mails wait.

    Providers lock an account that is tried too often, and others shut out who tries it.
    """

    def __init__(self) -> None:
        self._error: LoginFailed | LoginLater | None = None
        self._seconds = 0.0
        self._until = 0.0

    def check(self) -> None:
        """Raises the refusal again while it is too early for another try."""
        if self._error is not None and time.monotonic() < self._until:
            raise type(self._error)(self._error.args[0])

    def begin(self, error: LoginFailed | LoginLater) -> None:
        self._error = error
        self._seconds = min(max(_FIRST_PAUSE, 2 * self._seconds), _LONGEST_PAUSE)
        self._until = time.monotonic() + self._seconds

    def end(self) -> None:
        self._error = None
        self._seconds = 0.0


def tls_for(account: SmtpAccount) -> ssl.SSLContext:
    """Certificates are verified, except where encryption is optional and guards no login."""
    verify = account.verify and not (
        account.starttls_optional and (account.local or not account.has_login)
    )
    return tls_context(verify, account.ca_file)


def own_name(client: aiosmtplib.SMTP) -> str:
    """Our address as EHLO wants it when there is no sure name: `[192.0.2.1]` (RFC 5321 4.1.3)."""
    name = client.get_transport_info("sockname")
    host = name[0].partition("%")[0] if name else "127.0.0.1"
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"


async def greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


async def encrypt(account: SmtpAccount, client: aiosmtplib.SMTP) -> None:
    """STARTTLS, where it is offered or required."""
    if not client.supports_extension("starttls"):
        if account.starttls_optional:
            return
        raise connect_errors.no_encryption(account)
    try:
        await client.starttls()
    except (aiosmtplib.SMTPException, OSError) as error:
        raise connect_errors.starttls_error(account, error) from error
    await greet(client)


async def log_in(account: SmtpAccount, client: aiosmtplib.SMTP) -> None:
    """AUTH with the first mechanism that both sides know; one try, lest an account be locked."""
    encrypted = client.get_transport_info("sslcontext") is not None
    if not encrypted and not account.local:
        raise connect_errors.no_encryption(account)
    offered = {name.lower() for name in client.server_auth_methods}
    refusal: aiosmtplib.SMTPResponseException | None = None
    for mechanism in _mechanisms(account):
        if mechanism not in offered:
            continue
        try:
            await _authenticate(account, client, mechanism)
        except aiosmtplib.SMTPResponseException as error:
            if error.code not in {500, 501, 502, 503, 504}:
                raise errors.login_error(account, error) from error
            refusal = error  # the mechanism was refused, not the password
        else:
            return
    if refusal is not None:
        raise errors.login_error(account, refusal) from refusal
    raise errors.no_login_offered(account)


def _mechanisms(account: SmtpAccount) -> tuple[str, ...]:
    return ("xoauth2", "oauthbearer") if account.token else ("plain", "login", "cram-md5")


async def _authenticate(account: SmtpAccount, client: aiosmtplib.SMTP, mechanism: str) -> None:
    user, password = account.user or "", account.password or ""
    if account.token and mechanism == "xoauth2":
        await client.auth_xoauth2(user, await account.token())
    elif account.token:
        await _auth_oauthbearer(account, client, await account.token())
    elif mechanism == "plain":
        await client.auth_plain(user, password)
    elif mechanism == "login":
        await client.auth_login(user, password)
    else:
        await client.auth_crammd5(user, password)


async def _auth_oauthbearer(account: SmtpAccount, client: aiosmtplib.SMTP, token: str) -> None:
    """RFC 7628, which aiosmtplib does not have."""
    blob = (
        f"n,a={account.user},\x01host={account.host}\x01port={account.port}"
        f"\x01auth=Bearer {token}\x01\x01"
    )
    encoded = base64.b64encode(blob.encode())
    response = await client.execute_command(b"AUTH", b"OAUTHBEARER", encoded)
    if response.code == 334:
        response = await client.execute_command(b"AQ==")
    if response.code != 235:
        raise aiosmtplib.SMTPAuthenticationError(response.code, response.message)
