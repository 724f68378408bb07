"""One SMTP session as a client: connect, encrypt, log in, then one transaction after the other.

The line that matters runs through DATA. Until the final dot is handed to the operating system
nothing can have been accepted, so any loss is safe to retry (Deferred). From then on only the
server's answer tells; without one the outcome is Ambiguous.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from mail.errors import Ambiguous, ServerAway
from mail.sending import connect_errors, errors
from mail.sending.account import Security, SmtpAccount
from mail.sending.login import encrypt, greet, log_in, own_name, tls_for
from mail.sending.parcel import Parcel, dot_stuffed
from mail.sending.results import Outcome, RecipientResult, SendResult, recipient_result, split_reply
from mail.sentences import say
from mail.writing.headers import wire_address

_TRANSPORT_ERRORS = (aiosmtplib.SMTPServerDisconnected, TimeoutError, OSError)


OnHandover = Callable[[], Awaitable[None]]
"""Awaited when all is said but the mail itself: after it, a lost connection leaves it open."""


class Stale(Exception):  # noqa: N818 - not an error: the connection has simply grown old
    """The server had given up this connection before it heard anything of the mail."""


class SmtpConnection:
    """An open, logged-in session. Not for two tasks at once."""

    def __init__(self, account: SmtpAccount, client: aiosmtplib.SMTP) -> None:
        self.account = account
        self.client = client
        self.sent = 0
        self.last_used = 0.0
        self._dirty = False

    @classmethod
    async def open(cls, account: SmtpAccount) -> SmtpConnection:
        """Connect and log in. Raises the WireError that says what is wrong."""
        use_tls = account.security is Security.TLS
        client = aiosmtplib.SMTP(
            hostname=account.host,
            port=account.port,
            use_tls=use_tls,
            start_tls=False,
            timeout=account.timeout,
            local_hostname="localhost",
            tls_context=await asyncio.to_thread(tls_for, account),
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, UnicodeError, ValueError) as error:
            raise connect_errors.connect_error(account, error) from error
        try:
            client.local_hostname = own_name(client)
            await greet(client)
            if account.security is Security.STARTTLS:
                await encrypt(account, client)
            if account.has_login:
                await log_in(account, client)
        except _TRANSPORT_ERRORS as error:
            _hang_up(client)
            raise errors.lost(account, ServerAway) from error
        except aiosmtplib.SMTPResponseException as error:
            _hang_up(client)
            raise connect_errors.connect_error(account, error) from error
        except BaseException:
            _hang_up(client)
            raise
        return cls(account, client)

    @property
    def size_limit(self) -> int | None:
        """The server's SIZE in bytes, None when it names none."""
        value = self.client.esmtp_extensions.get("size", "").strip()
        return int(value) if value.isdecimal() and len(value) < 16 and int(value) > 0 else None

    @property
    def tls_version(self) -> str | None:
        ssl_object = self.client.get_transport_info("ssl_object")
        return ssl_object.version() if ssl_object else None

    @property
    def usable(self) -> bool:
        return self.client.is_connected

    def close(self) -> None:
        """End it at once, whatever is under way."""
        _hang_up(self.client)

    async def quit(self) -> None:
        """Say goodbye; never raises, never takes long."""
        transport = self.client.transport
        try:
            await self.client.quit(timeout=2)
        except (aiosmtplib.SMTPException, OSError):
            self.client.close()
        finally:
            _abort(transport)

    async def send(self, parcel: Parcel, on_handover: OnHandover) -> SendResult:
        """One transaction. Raises Stale, Deferred, Refused, TooLarge, AddressError, Ambiguous."""
        options = self._options(parcel)
        encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
        try:
            if self._dirty:
                await self.client.rset()
            self._dirty = True
            await self._mail_from(parcel.sender, options, encoding)
            results = [await self._rcpt_to(one, wire, encoding) for one, wire in parcel.recipients]
            if any(one.outcome is Outcome.ACCEPTED for one in results):
                start = await self._begin_data()
                if start.code != 354:
                    return self._whole(results, start)
        except _TRANSPORT_ERRORS as error:
            raise Stale from error
        except aiosmtplib.SMTPResponseException as error:
            if error.code in {421, -1}:
                raise Stale from error
            raise
        if not any(one.outcome is Outcome.ACCEPTED for one in results):
            return SendResult(tuple(results))
        await on_handover()
        response = await self._body(parcel.data)
        self._dirty = False
        self.sent += 1
        return self._whole(results, response)

    async def try_sender(self, sender: str) -> None:
        """Ask whether we may send as this address, and send nothing. Raises like `send`."""
        wire = wire_address(sender) if sender else ""
        if not wire.isascii() and not self.client.supports_extension("smtputf8"):
            raise errors.needs_smtputf8(self.account, sender)
        options = [] if wire.isascii() else ["SMTPUTF8"]
        try:
            await self._mail_from(wire, options, "utf-8")
            await self.client.rset()
        except (*_TRANSPORT_ERRORS, aiosmtplib.SMTPResponseException) as error:
            raise errors.lost(self.account) from error

    def _options(self, parcel: Parcel) -> list[str]:
        """MAIL FROM's parameters. Raises TooLarge or AddressError before anything is said."""
        client, limit, size = self.client, self.size_limit, len(parcel.data)
        if limit is not None and size > limit:
            raise errors.too_large(self.account, size, limit)
        options = [f"SIZE={size}"] if client.supports_extension("size") else []
        utf8 = client.supports_extension("smtputf8")
        if parcel.international and not utf8:
            raise errors.needs_smtputf8(self.account, parcel.international)
        if utf8 and (parcel.international or not parcel.header_is_ascii):
            options.append("SMTPUTF8")
        if client.supports_extension("8bitmime") and not parcel.data.isascii():
            options.append("BODY=8BITMIME")
        return options

    async def _begin_data(self) -> SMTPResponse:
        self._check_turn()
        start = await self.client.execute_command(b"DATA")
        if start.code == 421:
            raise Stale
        if start.code != 354 and not _is_refusal(start):
            raise errors.out_of_turn(self.account)
        self._check_turn()
        return start

    def _check_turn(self) -> None:
        """An answer that nobody asked for would be taken for that to what we say next.

        aiosmtplib keeps it in `_buffer` and has no public name for it.
        """
        if self.client.protocol is not None and self.client.protocol._buffer:
            raise errors.out_of_turn(self.account)

    async def _mail_from(self, sender: str, options: list[str], encoding: str) -> None:
        try:
            await self.client.mail(sender, options=options, encoding=encoding)
        except aiosmtplib.SMTPSenderRefused as error:
            if error.code == 421:
                raise
            raise errors.sender_error(self.account, sender, error) from error

    async def _rcpt_to(self, address: str, wire: str, encoding: str) -> RecipientResult:
        self._check_turn()
        try:
            response = await self.client.rcpt(wire, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as error:
            if error.code == 421:
                raise
            words = errors.server_words(self.account, error.message)
            return recipient_result(address, error.code, words, at_rcpt=True)
        return recipient_result(address, response.code, response.message, at_rcpt=True)

    async def _body(self, data: bytes) -> SMTPResponse:
        """The mail and its final dot, and the server's answer to it."""
        protocol = self.client.protocol
        if protocol is None:
            raise errors.lost(self.account)
        reply = asyncio.ensure_future(protocol.read_response(timeout=None))
        handed_over = False
        try:
            for chunk in dot_stuffed(data):
                protocol.write(chunk)
                await self._flushed(protocol, reply)
                if reply.done():
                    return self._early(reply.result())
            handed_over = True
            protocol.write(b".\r\n")
            return _yes_or_no(await asyncio.wait_for(reply, self.account.data_timeout))
        except (*_TRANSPORT_ERRORS, aiosmtplib.SMTPResponseException) as error:
            self.close()
            if handed_over:
                raise Ambiguous(
                    say(
                        "{host} had the whole mail but never said whether it took it. It may have "
                        "left.",
                        host=self.account.host,
                    )
                ) from error
            raise errors.lost(self.account) from error
        finally:
            if not reply.done():
                reply.cancel()
                self.close()

    def _early(self, response: SMTPResponse) -> SMTPResponse:
        """An answer before the mail was complete: a refusal. This session can go no further."""
        self.close()
        if response.code < 400:
            raise aiosmtplib.SMTPServerDisconnected("Answered before the end of the mail")
        return response

    async def _flushed(self, protocol: SMTPProtocol, reply: Awaitable[SMTPResponse]) -> None:
        """Wait until the transport has passed everything on, or the server has answered.

        `_drain_helper` is the half of asyncio's flow control that a protocol offers to
        `StreamWriter.drain`; aiosmtplib has no public name for it.
        """
        transport = cast(asyncio.WriteTransport, protocol.transport)
        if transport is None or transport.is_closing():
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        transport.set_write_buffer_limits(high=1)  # 0 stalls asyncio's TLS transport
        drained = asyncio.ensure_future(protocol._drain_helper())
        try:
            done, _ = await asyncio.wait(
                {drained, asyncio.ensure_future(reply)},
                timeout=self.account.timeout,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            drained.cancel()
        if not done:
            raise TimeoutError
        if drained in done:
            drained.result()

    def _whole(self, results: list[RecipientResult], response: SMTPResponse) -> SendResult:
        """The answer to the mail is the answer to each recipient that was let in before."""
        message = errors.server_words(self.account, response.message)
        _, words = split_reply(response.message)
        merged = tuple(
            recipient_result(one.address, response.code, message)
            if one.outcome is Outcome.ACCEPTED
            else one
            for one in results
        )
        return SendResult(merged, f"{response.code} {words}".strip())


def _is_refusal(response: SMTPResponse) -> bool:
    return 400 <= response.code < 600


def _yes_or_no(response: SMTPResponse) -> SMTPResponse:
    """Raises SMTPResponseException for an answer to a whole mail that is neither."""
    if 200 <= response.code < 300 or _is_refusal(response):
        return response
    raise aiosmtplib.SMTPResponseException(response.code, response.message)


def _hang_up(client: aiosmtplib.SMTP) -> None:
    transport = client.transport
    client.close()
    _abort(transport)


def _abort(transport: asyncio.BaseTransport | None) -> None:
    """Let the socket go now: a TLS transport waits for the server's goodbye when it is closed."""
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
