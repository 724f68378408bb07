"""One connection to our SMTP server: Canal's policy over aiosmtpd's dialogue.

A session waits for a command, reads a mail, or has a mail in hand (all of it is there, `deliver`
stores it). A connection that is lost while a mail is read delivers nothing; one that is lost while
a mail is in hand lets it be stored: it is whole, and a second arrival of it makes nothing.

Never logged: addresses, what a client typed, what a mail says. aiosmtpd logs all three, so the
server silences its logger.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiosmtpd.smtp import Envelope as SmtpEnvelope
from aiosmtpd.smtp import Session, TLSSetupException

from mail.errors import TooLarge
from mail.model import Envelope, ReceivedMail
from mail.smtp_server import replies
from mail.smtp_server.connection import SmtpConnection, log_failure
from mail.smtp_server.data import DataReceiver, Excess, count_hops
from mail.smtp_server.replies import MailRefused, Reply

_NULL_SENDER = "<>"
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_WEB_COMMANDS = frozenset({"GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "HOST:"})
_IDLE_COMMANDS = frozenset({"HELO", "EHLO", "NOOP", "RSET", "VRFY", "HELP", "EXPN"})
_EXCESS = {
    Excess.SIZE: replies.TOO_LARGE,
    Excess.HEADER: replies.HEADER_TOO_LARGE,
    Excess.LINE: replies.LINE_TOO_LONG,
    Excess.MEMORY: replies.TOO_BUSY,
}


class SmtpSession(SmtpConnection):
    """The commands. One object for each connection."""

    async def _handle_client(self) -> None:
        try:
            await self._write(f"220 {self.hostname} ESMTP Canal\r\n".encode())
            while not self._over:
                line = await self._read_command()
                if line is not None:
                    await self._obey(line)
            if self._flooded:
                await self._linger()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client hung up, as clients may
        except TLSSetupException:
            self._desk.stats.refused["tls_handshake"] += 1
        finally:
            self._hang_up()
            self._leave()  # a handshake that failed is no connection lost, for asyncio

    async def _obey(self, line: bytes) -> None:
        line = line.rstrip(b"\r\n")
        verb_bytes, _, rest = line.partition(b" ")
        verb = self._verb = verb_bytes.decode("ascii", "replace").upper()
        if not line or not verb.isascii() or _CONTROL.search(line):
            await self.push(replies.BAD_SYNTAX)
        elif verb in _WEB_COMMANDS:
            await self.push(replies.NOT_SMTP)
        elif verb not in self._smtp_methods:
            await self.push(replies.UNKNOWN_COMMAND)
        else:
            await self._run(verb, rest.strip().decode("utf-8", "surrogateescape"))
        await self._count_trouble(verb)

    async def _run(self, verb: str, arg: str) -> None:
        try:
            await self._smtp_methods[verb](arg or None)
        except (ConnectionError, TLSSetupException, asyncio.IncompleteReadError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client shall try again
            log_failure("A command failed", error)
            await self.push(replies.TRY_LATER)

    async def _count_trouble(self, verb: str) -> None:
        limits = self._desk.limits
        self._idle += verb in _IDLE_COMMANDS
        too_many = self._errors > limits.errors_before_disconnect
        if not self._over and (too_many or self._idle > limits.idle_commands):
            await self.push(replies.TOO_MANY_ERRORS)

    # Greetings

    async def smtp_HELO(self, hostname: str | None) -> None:  # noqa: N802
        if await self._greet(hostname, extended=False):
            await self._write(f"250 {self.hostname}\r\n".encode())

    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802
        if await self._greet(hostname, extended=True):
            lines = [self.hostname, f"SIZE {self._desk.limits.size}", "8BITMIME", "SMTPUTF8"]
            if self.tls_context and not self._tls_protocol:
                lines.append("STARTTLS")
            lines += ["PIPELINING", "ENHANCEDSTATUSCODES"]
            text = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}\r\n"
            await self._write(text.encode())

    async def _greet(self, hostname: str | None, *, extended: bool) -> bool:
        if not hostname:
            await self.push(replies.HELO_SYNTAX)
            return False
        assert self.session is not None
        self._set_rset_state()  # type: ignore[no-untyped-call]
        self.session.extended_smtp = extended
        self.session.host_name = hostname
        return True

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        if self._tls_protocol is not None:
            await self.push(replies.TLS_TWICE)
        elif self.tls_context is not None and self._reader._buffer:  # type: ignore[attr-defined]
            # What was sent in clear must not count as sent under TLS (CVE-2011-0411).
            await self.push(replies.TLS_PIPELINED)
            self._over = True
        else:
            await super().smtp_STARTTLS(arg)

    # Commands that say little

    async def smtp_QUIT(self, arg: str | None) -> None:  # noqa: N802
        if arg:
            await self.push(replies.NO_ARGUMENT)
            return
        await self.push(replies.BYE)
        self._over = True

    async def smtp_HELP(self, _arg: str | None) -> None:  # noqa: N802
        await self.push(replies.HELP)

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802
        await self.push(replies.CANNOT_VERIFY if arg else replies.BAD_ARGUMENT)

    async def smtp_EXPN(self, _arg: str | None) -> None:  # noqa: N802
        await self.push(replies.NOT_IMPLEMENTED)

    async def smtp_AUTH(self, _arg: str | None) -> None:  # noqa: N802
        await self.push(replies.NOT_IMPLEMENTED)

    # The mail

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        try:
            address, rest = super()._getaddr(arg)
        except (ValueError, LookupError, AttributeError, RecursionError):
            return None, None  # the parser of the email package was not made for malice
        if address and not address.isprintable():
            return None, None
        return address, rest

    def _getparams(self, params: Any) -> dict[str, str | bool] | None:
        if not all(param.isascii() for param in params):
            return None
        return super()._getparams(params)

    async def handle_MAIL(  # noqa: N802
        self,
        _smtp: Any,
        _session: Session,
        envelope: SmtpEnvelope,
        address: str,
        options: list[str],
    ) -> Reply:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return replies.SENDER_OK

    async def handle_RCPT(  # noqa: N802
        self, _smtp: Any, _session: Session, envelope: SmtpEnvelope, address: str, _options: Any
    ) -> Reply:
        if address == _NULL_SENDER:
            return replies.BAD_RECIPIENT
        if len(envelope.rcpt_tos) >= self._desk.limits.recipients:
            return replies.TOO_MANY_RECIPIENTS
        reply = self._desk.is_ours(address)
        if reply.is_success and address not in envelope.rcpt_tos:
            envelope.rcpt_tos.append(address)
        return reply

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if self._desk.memory > self._desk.limits.memory:
            await self.push(replies.TOO_BUSY)
            return
        self._busy = True
        try:
            await super().smtp_DATA(arg)
        finally:
            self._busy = False
            self._release_memory()

    async def _judge(self, receiver: DataReceiver) -> Reply:
        if receiver.excess is not None:
            # A header or a line without end is no mail program's: no further chance.
            self._over = self._flooded or receiver.excess in {Excess.HEADER, Excess.LINE}
            return _EXCESS[receiver.excess]
        data = receiver.content()
        limits = self._desk.limits
        if count_hops(data, header=limits.header_bytes) >= limits.hops:
            return replies.MAIL_LOOP
        self._reset_timeout(limits.deliver_timeout)
        self._in_hand = True
        try:
            return await self._deliver(self._build_mail(data))
        finally:
            self._in_hand = False

    async def _deliver(self, mail: ReceivedMail) -> Reply:
        try:
            await self._desk.deliver(mail)
        except MailRefused as refusal:
            return refusal.reply
        except TooLarge:
            return replies.TOO_LARGE
        except Exception as error:  # noqa: BLE001 - whatever it is, the client shall try again
            log_failure("A mail could not be stored", error)
            return replies.TRY_LATER
        self._errors = self._idle = 0
        self._desk.stats.accepted += 1
        self._desk.stats.bytes += len(mail.data)
        return replies.ACCEPTED

    def _build_mail(self, data: bytes) -> ReceivedMail:
        assert self.session is not None
        assert self.envelope is not None
        sender = self.envelope.mail_from
        helo = self.session.host_name or ""
        return ReceivedMail(
            data=data,
            envelope=Envelope(
                mail_from="" if sender == _NULL_SENDER else sender,
                rcpt_to=tuple(self.envelope.rcpt_tos),
            ),
            peer=self._peer or None,
            helo=helo.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
            tls=self._tls_version(),
        )
