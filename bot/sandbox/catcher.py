"""Catches every mail that leaves Canal, and writes to Canal as a customer would.

The catcher is a real SMTP server on loopback to which Canal sends as to any smarthost. It can be
told to refuse (`refuse`) or to hang up (`drop`), as real servers do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiosmtpd.smtp import Envelope

from bot.sandbox.caught import CaughtMail, Json
from bot.sandbox.customer import Letter, deliver
from bot.sandbox.errors import SandboxError
from bot.sandbox.faults import Gate
from bot.sandbox.ids import new_id
from bot.sandbox.smarthost import Answers, Smarthost
from bot.sandbox.store import Store

T = TypeVar("T")


class MailCatcher:
    """`store` keeps the mails (the sandbox's own); None keeps them in memory.

    `canal_smtp` is where Canal's own SMTP server listens, for `send_as_customer`; `addresses` gives
    [{name, address}] of the email channels for the page. `publish` tells the page of a new mail.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        canal_smtp: tuple[str, int] | None = None,
        addresses: Callable[[], list[dict[str, str]]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store or Store(None)
        self.canal_smtp = canal_smtp
        self.addresses: Callable[[], list[dict[str, str]]] = addresses or list
        self.publish: Callable[..., None] = lambda kind, **fields: None
        self.all_mails: list[CaughtMail] = []
        """Both directions, oldest first."""
        self._clock = clock
        self._smarthost = Smarthost(self._catch)
        self._waiters: set[asyncio.Future[None]] = set()

    # --- life -------------------------------------------------------------------------------

    def load(self, stored: dict[str, dict[str, Any]]) -> None:
        """Takes over the mails of an earlier run."""
        mails = [CaughtMail.from_json(body) for body in stored.get("mail", {}).values()]
        self.all_mails = sorted(mails, key=lambda mail: mail.at)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listens; port 0 takes a free one. Raises SandboxError."""
        await self._smarthost.start(host, port)

    async def stop(self) -> None:
        await self._smarthost.stop()

    @property
    def port(self) -> int:
        return self._smarthost.port

    @property
    def smarthost_url(self) -> str:
        """For CANAL_SMARTHOST_URL."""
        return f"smtp://{self._smarthost.host}:{self._smarthost.port}"

    # --- looking ----------------------------------------------------------------------------

    @property
    def mails(self) -> list[CaughtMail]:
        """Every mail that left Canal, oldest first."""
        return [mail for mail in self.all_mails if mail.direction == "out"]

    def get(self, mail_id: str) -> CaughtMail:
        """Raises SandboxError."""
        for mail in self.all_mails:
            if mail.id == mail_id:
                return mail
        raise SandboxError("There is no such mail.")

    async def read(self, mail_id: str) -> CaughtMail:
        """The mail with its bytes, also when an earlier run caught it. Raises SandboxError."""
        mail = self.get(mail_id)
        if mail.data is None:
            try:
                mail.data = await self.store.read_blob(f"mail/{mail.id}")
            except KeyError:
                raise SandboxError("The bytes of this mail are gone.") from None
        return mail

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 5.0) -> T:  # noqa: ASYNC109
        """Returns what `predicate` gives as soon as it is true; asks again at every mail.

        Raises TimeoutError.
        """
        async with asyncio.timeout(timeout):
            while not (found := predicate()):
                waiter = asyncio.get_running_loop().create_future()
                self._waiters.add(waiter)
                try:
                    await waiter
                finally:
                    self._waiters.discard(waiter)
            return found

    async def wait_for_mails(self, count: int, timeout: float = 5.0) -> list[CaughtMail]:  # noqa: ASYNC109
        """Returns all mails that left once there are `count` of them. Raises TimeoutError."""
        return await self.wait_for(lambda: self.mails if len(self.mails) >= count else [], timeout)

    # --- faults -----------------------------------------------------------------------------

    def refuse(
        self, address: str, reply: str, times: int | None = None, *, at: str = "RCPT"
    ) -> None:
        """Answers for this recipient (or pattern) so: `refuse("jo@x.example", "550 5.1.1 no")`.

        A 4xx is temporary. `times` None is for ever; `at` "RCPT" or "DATA" (the whole mail).
        """
        self._smarthost.refuse(address, reply, times, at)

    def drop(self, times: int = 1, *, keep: bool = True) -> None:
        """Hangs up after DATA instead of answering; `keep`: the mail was taken all the same."""
        self._smarthost.drop(times, keep=keep)

    def stop_at(self, step: str, *, done: bool = False) -> Gate:
        """The next sender gets no answer to its RCPT or DATA; `done`: the mail was taken."""
        return self._smarthost.stop_at(step, done=done)

    def accept_all(self) -> None:
        """Forgets every fault."""
        self._smarthost.accept_all()

    # --- writing as a customer --------------------------------------------------------------

    async def send_as_customer(
        self,
        *,
        from_: str = "",
        from_name: str = "",
        to: Sequence[str] | str = (),
        cc: Sequence[str] | str = (),
        subject: str = "",
        text: str = "",
        html: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
        reply_to_mail: CaughtMail | str | None = None,
        reply_all: bool = False,
        quote: bool = False,
        headers: Sequence[tuple[str, str]] = (),
    ) -> CaughtMail:
        """Sends a real mail to Canal's SMTP server and returns it as it was sent.

        With `reply_to_mail` what is missing comes from that mail: To from its Reply-To or From,
        From from whom it was sent to, In-Reply-To and References, the subject; `quote` adds its
        text. Raises SandboxError with the server's answer when nobody is accepted.
        """
        if self.canal_smtp is None:
            raise SandboxError("Canal's SMTP server is not running.")
        answered = reply_to_mail
        if isinstance(answered, str):
            answered = await self.read(answered)
        copied = (from_, from_name, to, cc, subject, text, html, files)
        letter = Letter(*copied, answered, reply_all, quote, headers)
        sent = await deliver(letter, self.canal_smtp, new_id("M"), self._clock())
        if answered is not None:
            answered.answered = True
            self._save(answered)
        await self.keep(sent)
        return sent

    # --- keeping ----------------------------------------------------------------------------

    async def keep(self, mail: CaughtMail) -> None:
        """Stores a mail; returns when it is committed."""
        mail.summarize()
        if mail.data is not None:
            self.store.put_blob(f"mail/{mail.id}", mail.data)
        self._save(mail)
        await self.store.flush()
        self.all_mails.append(mail)
        self.publish("mail", id=mail.id, direction=mail.direction)
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def mark_read(self) -> None:
        for mail in self.all_mails:
            if not mail.read:
                mail.read = True
                self._save(mail)

    def _save(self, mail: CaughtMail) -> None:
        self.store.put("mail", mail.id, mail.to_json)

    async def _catch(self, envelope: Envelope, answers: Answers) -> None:
        mail = CaughtMail(
            id=new_id("M"),
            direction="out",
            at=self._clock(),
            mail_from=envelope.mail_from or "",
            rcpt_to=list(envelope.rcpt_tos),
            recipients=list(answers),
            data=envelope.original_content or b"",
        )
        await self.keep(mail)


def mail_json(mail: CaughtMail) -> Json:
    """A mail as a list shows it (BROWSER_API.md)."""
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(mail.at, UTC).isoformat().replace("+00:00", "Z")
    return mail.summary | {
        "id": mail.id,
        "direction": mail.direction,
        "at": at,
        "answered": mail.answered,
        "read": mail.read,
    }
