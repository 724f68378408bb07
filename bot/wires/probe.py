"""Trying a connection: log in, open the folder, ask whether the From address may be used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.wires.grants import Grants
from bot.wires.transports import Transports, is_graph_of
from handlers.channels.connection_settings import read_fetch_options, read_imap
from handlers.ports import MailConnection, Step
from mail.connections import ImapCursor, ImapSettings
from mail.errors import DeadGrant, LoginFailed, MailError, Refused, ServerSilent
from mail.sending.smtp import SmtpSender
from mail.sentences import say

SECONDS = 19.5
"""An answer for each connection within this time, whatever the server does."""
_MOST_MAILS = 500
STEP = 15.0
"""How long a silent SMTP server is waited for: then the sentence names what was silent."""


class Probe:
    """The `MailboxProbe` port."""

    def __init__(self, transports: Transports, grants: Grants) -> None:
        self._transports = transports
        self._grants = grants

    async def probe(self, connection: MailConnection) -> Sequence[Step]:
        incoming = connection.direction == "in"
        try:
            if incoming:
                return [await self._incoming(connection)]
            return [await self._outgoing(connection)]
        except MailError as error:
            why = str(error)
            said = say("In: {why}", why=why) if incoming else say("Out: {why}", why=why)
            return [Step(False, said, _field_of(connection, error), why)]

    async def _incoming(self, connection: MailConnection) -> Step:
        if connection.kind == "internal":
            return Step(
                True,
                say(
                    "In: Canal takes mail for {inbound_address}; forward yours there.",
                    inbound_address=connection.inbound_address,
                ),
            )
        from mail.imap.probe import probe_mailbox

        settings = read_imap(connection.settings, connection.secret)
        async with _within(settings.host):
            tokens = self._grants.source(connection)
            if tokens is not None:
                settings = settings.with_token(await tokens(False))
            options = read_fetch_options(connection.settings)
            found = await probe_mailbox(settings, options, SECONDS)
        news = say("tells of new mail at once") if found.can_idle else say("is asked for new mail")
        warning = "" if found.encrypted else say(" ⚠ The connection is not encrypted.")
        return Step(
            True,
            say(
                "In: {user} at {host}:{port}, folder {folder} with {messages} mails, "
                "{news}.{warning}",
                user=settings.user,
                host=settings.host,
                port=settings.port,
                folder=settings.folder,
                messages=found.messages,
                news=news,
                warning=warning,
            ),
        )

    async def fetch_since(
        self, connection: MailConnection, cursor: ImapCursor | None
    ) -> tuple[ImapCursor | None, Sequence[bytes]]:
        """The `MailboxLook` port."""
        settings = read_imap(connection.settings, connection.secret)
        tokens = self._grants.source(connection)
        if tokens is not None:
            settings = settings.with_token(await tokens(False))
        return await asyncio.to_thread(_fetch_since, settings, cursor)

    async def _outgoing(self, connection: MailConnection) -> Step:
        if is_graph_of(connection):
            return await self._graph(connection)
        account = self._transports.account_of(connection)
        async with _within(account.host), SmtpSender(replace(account, timeout=STEP)) as sender:
            found = await sender.probe(connection.sender or None)
        secured = found.tls or say("⚠ not encrypted")
        size = found.size_limit
        limit = say(", mails up to {n} MB", n=f"{size / 2**20:.3g}") if size else ""
        return Step(
            True,
            say(
                "Out: {host}:{port} answers ({secured}){limit}.",
                host=found.host,
                port=found.port,
                secured=secured,
                limit=limit,
            ),
        )

    async def _graph(self, connection: MailConnection) -> Step:
        """Mail.Send lets us look at nothing: that there is a good token is what can be told."""
        if self._grants.source(connection) is None:
            raise LoginFailed(say("Nobody has signed in to Microsoft 365 yet: sign in first."))
        async with _within("Microsoft 365"):
            tokens = self._transports.graph_sender(connection).account.token
            await tokens(False)
        return Step(True, say("Out: Microsoft 365 (Graph) lets Canal in."))


@asynccontextmanager
async def _within(host: str) -> AsyncIterator[None]:
    """Turns the end of the time into a sentence."""
    try:
        async with asyncio.timeout(SECONDS):
            yield
    except TimeoutError:
        raise ServerSilent(
            say(
                "{host} took too long to answer. Check host and port, or try again later.",
                host=host,
            )
        ) from None


def _fetch_since(
    settings: ImapSettings, cursor: ImapCursor | None
) -> tuple[ImapCursor | None, Sequence[bytes]]:
    from mail.imap.account import ImapAccount

    found: list[bytes] = []
    with ImapAccount(settings) as account:
        while (batch := account.next_batch(cursor)) is not None and len(found) < _MOST_MAILS:
            found += [mail.data for mail in batch]
            cursor = batch.cursor
    return cursor, found


def _field_of(connection: MailConnection, error: MailError) -> str:
    """The field of the form that the sentence belongs to."""
    if isinstance(error, Refused) and connection.direction == "out":
        return "from_email"
    if isinstance(error, DeadGrant) or not error.field:
        return "incoming" if connection.direction == "in" else "outgoing"
    prefix = "imap" if connection.direction == "in" else "smtp"
    return f"{prefix}_{error.field}"
