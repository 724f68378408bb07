"""Canal's SMTP server, put between the address index and the intake."""

from __future__ import annotations

import ssl

from bot.config.settings import Settings
from bot.metrics import Metrics
from bot.wires.certificates import load_smtp_tls
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.intake import Intake, NotOurs
from mail.errors import ListenFailed
from mail.model import ReceivedMail
from mail.smtp_server import replies as smtp_replies
from mail.smtp_server.replies import MailRefused, Reply
from mail.smtp_server.server import SmtpLimits, SmtpServer


class SmtpIn:
    """Answers RCPT from the index, hands each mail to the intake: 250 only after its commit."""

    def __init__(
        self, settings: Settings, index: AddressIndex, intake: Intake, metrics: Metrics
    ) -> None:
        self._index = index
        self._intake = intake
        self._metrics = metrics
        self.server = SmtpServer(
            host=settings.smtp_listen.host,
            port=settings.smtp_listen.port,
            is_ours=self.judge,
            deliver=self.deliver,
            hostname=settings.smtp_hostname or settings.inbound_domain,
            limits=SmtpLimits(size=settings.smtp_size),
            tls=_tls(settings),
        )

    def judge(self, recipient: str) -> Reply:
        """RFC 5321 4.5.1 wants postmaster of our domain to be read: the first channel gets it."""
        if self._index.channels_for(recipient):
            return smtp_replies.RCPT_OK
        return smtp_replies.UNKNOWN_RECIPIENT

    async def deliver(self, mail: ReceivedMail) -> None:
        try:
            with self._metrics.intake_seconds.time():
                await self._intake.receive(mail)
        except NotOurs as error:
            # The channel was removed between RCPT and the end of DATA.
            raise MailRefused(smtp_replies.UNKNOWN_RECIPIENT) from error
        self._metrics.mails_accepted.labels("smtp").inc()

    async def start(self) -> None:
        """Raises ListenFailed, which says in a sentence why it cannot listen."""
        await self.server.start()

    async def stop(self, grace: float) -> None:
        await self.server.stop(grace)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.smtp_tls_cert is None or settings.smtp_tls_key is None:
        return None
    return load_smtp_tls(settings.smtp_tls_cert, settings.smtp_tls_key)


__all__ = ["ListenFailed", "SmtpIn"]
