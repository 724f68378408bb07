"""The ways mail leaves by, as the `MailTransport` and `MailboxProbe` ports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from handlers.ports import OutgoingConnection, Step
from mail.errors import ConnectFailed, MailError
from mail.send_smtp import SmtpAccount, SmtpSender
from mail.smtp_results import SendResult

NO_SMARTHOST = (
    "No way out for mail is set: set CANAL_SMARTHOST_URL to the server that sends Canal's mail, "
    "such as smtp://user:password@smtp.acme.example:587."
)


class Transports:
    """Keeps warm connections to the servers that mail leaves by."""

    def __init__(self, smarthost: SmtpAccount | None) -> None:
        self._smarthost = SmtpSender(smarthost) if smarthost else None

    async def close(self) -> None:
        if self._smarthost is not None:
            await self._smarthost.close()

    async def send(
        self,
        connection: OutgoingConnection,
        *,
        sender: str,
        recipients: Sequence[str],
        data: bytes,
        on_handover: Callable[[], Awaitable[None]],
    ) -> SendResult:
        return await self._sender(connection).send(
            sender, recipients, data, on_handover=on_handover
        )

    async def probe(self, direction: str, connection: OutgoingConnection) -> Sequence[Step]:
        if direction == "in":
            return [Step(True, _INCOMING.format(address=connection.channel.inbound_address))]
        try:
            found = await self._sender(connection).probe(connection.channel.from_email)
        except MailError as error:
            return [Step(False, f"Out: {error}")]
        secured = found.tls or "in clear"
        return [Step(True, f"Out: {found.host}:{found.port} answers ({secured}).")]

    def _sender(self, connection: OutgoingConnection) -> SmtpSender:
        if self._smarthost is None:
            raise ConnectFailed(NO_SMARTHOST)
        return self._smarthost


_INCOMING = "In: Canal takes mail for {address}; forward yours there."
