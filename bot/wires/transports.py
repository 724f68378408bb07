"""The ways mail leaves by, and the folder that keeps a copy of it: ports of `handlers/`.

One warm sender a channel, made anew when its settings, password or grant change; the smarthost's
is shared by all channels that have nothing of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from aiolimiter import AsyncLimiter

from bot.wires.grants import NOT_SIGNED_IN, Grants, TokenSource
from handlers.channels.connection_settings import is_graph, oauth_of, read_imap, read_smtp
from handlers.ports import MailConnection
from mail.discovery.providers import find_provider_by_host, get_provider
from mail.errors import ConnectFailed, DeadGrant, LoginFailed
from mail.sending.results import SendResult
from mail.sending.smtp import SmtpAccount, SmtpSender

if TYPE_CHECKING:
    from mail.sending.graph import GraphSender

NO_SMARTHOST = (
    "No way out for mail is set: set CANAL_SMARTHOST_URL to the server that sends Canal's mail, "
    "such as smtp://user:password@smtp.acme.example:587."
)
OnHandover = Callable[[], Awaitable[None]]


class Sender(Protocol):
    async def send(
        self,
        envelope_from: str,
        recipients: Sequence[str],
        data: bytes,
        *,
        on_handover: OnHandover,
    ) -> SendResult: ...


@dataclass(frozen=True, slots=True)
class _Kept:
    """A sender, what it was made from, and how many mails its provider bears."""

    made_from: tuple[Any, ...] = field(repr=False)
    sender: Sender
    limiter: AsyncLimiter | None = None


class Transports:
    """Keeps warm connections to the servers that mail leaves by."""

    def __init__(
        self, smarthost: SmtpAccount | None, grants: Grants, *, graph_url: str | None = None
    ) -> None:
        self._smarthost = SmtpSender(smarthost) if smarthost else None
        self._grants = grants
        self._graph_url = graph_url
        self._kept: dict[int, _Kept] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        senders = [one.sender for one in self._kept.values()]
        self._kept.clear()
        await asyncio.gather(
            *self._closing,
            *(_close(one) for one in (self._smarthost, *senders) if one is not None),
        )

    async def send(
        self,
        connection: MailConnection,
        *,
        sender: str,
        recipients: Sequence[str],
        data: bytes,
        on_handover: OnHandover,
    ) -> SendResult:
        """See `handlers.ports.MailTransport`."""
        kept = self._sender(connection)
        if kept.limiter is not None:
            await kept.limiter.acquire()
        try:
            return await kept.sender.send(sender, recipients, data, on_handover=on_handover)
        except LoginFailed as error:
            # Nothing was sent. A token can be refused before its time is up: get another one.
            tokens = self._grants.source(connection)
            if tokens is None or isinstance(error, DeadGrant) or is_graph_of(connection):
                raise
            await tokens(True)
            return await kept.sender.send(sender, recipients, data, on_handover=on_handover)

    async def append_sent(
        self, connection: MailConnection, data: bytes, message_id: str | None
    ) -> None:
        """See `handlers.ports.SentFolder`."""
        from mail.imap.account import ImapAccount

        settings = read_imap(connection.settings, connection.secret)
        tokens = self._grants.source(connection)
        if tokens is not None:
            settings = settings.with_token(await tokens(False))

        def work() -> None:
            account = ImapAccount(settings)
            account.login()
            try:
                account.append_to_sent(data, message_id)
            finally:
                account.close()

        await asyncio.to_thread(work)

    def account_of(self, connection: MailConnection) -> SmtpAccount:
        """The SMTP account of a connection. Raises ConnectFailed where there is no way out."""
        if connection.kind == "internal":
            return self._require_smarthost().account
        return self._account(connection)

    def _require_smarthost(self) -> SmtpSender:
        if self._smarthost is None:
            raise ConnectFailed(NO_SMARTHOST)
        return self._smarthost

    def graph_sender(self, connection: MailConnection) -> GraphSender:
        from mail.sending.graph import GRAPH, GraphAccount, GraphSender

        choice = oauth_of(connection.settings)
        tokens = self._grants.source(connection) or _no_grant
        user = "me"
        if choice is not None and choice.mode == "app":
            user = choice.account or str(connection.settings.get("user") or connection.sender)
        url = (self._graph_url or GRAPH).rstrip("/").removesuffix("/v1.0")
        return GraphSender(self._grants.session, GraphAccount(tokens, user, url))

    def _sender(self, connection: MailConnection) -> _Kept:
        if connection.kind == "internal":
            return _Kept((), self._require_smarthost())
        assert connection.channel_id is not None, "only saved channels send mail"
        made_from = (
            connection.kind,
            repr(sorted(connection.settings.items())),
            connection.secret.get("password"),
            connection.sender,
        )
        kept = self._kept.get(connection.channel_id)
        if kept is None or kept.made_from != made_from:
            if kept is not None:
                self._end(kept.sender)
            kept = _Kept(made_from, self._make(connection), _limiter(connection))
            self._kept[connection.channel_id] = kept
        return kept

    def _make(self, connection: MailConnection) -> Sender:
        if is_graph_of(connection):
            return self.graph_sender(connection)
        return SmtpSender(self._account(connection))

    def _account(self, connection: MailConnection) -> SmtpAccount:
        tokens: TokenSource | None = self._grants.source(connection)
        if tokens is None:
            return read_smtp(connection.settings, connection.secret, None)
        get = tokens

        async def token() -> str:
            return await get(False)

        return read_smtp(connection.settings, connection.secret, token)

    def _end(self, sender: Sender) -> None:
        task = asyncio.ensure_future(_close(sender))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def is_graph_of(connection: MailConnection) -> bool:
    return is_graph(connection.kind, connection.settings)


def _limiter(connection: MailConnection) -> AsyncLimiter | None:
    """As many mails a minute as the provider is known to bear."""
    if is_graph_of(connection):
        provider = get_provider("microsoft365")
    else:
        found = find_provider_by_host(str(connection.settings.get("host") or ""))
        if found is None:
            return None
        provider = found
    most = provider.messages_per_minute
    return AsyncLimiter(most, 60) if most else None


async def _close(sender: Sender) -> None:
    if isinstance(sender, SmtpSender):
        await sender.close()


async def _no_grant(_refused: bool) -> str:
    raise DeadGrant(NOT_SIGNED_IN)
