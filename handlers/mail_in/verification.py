"""Checking senders beside the filing: quick answers go into the ticket at once, slow ones later.

No mail waits for the DNS longer than `PATIENCE`. What is not known by then is written down when it
is, and the card renewed. While the name server is silent nobody is asked at all for a while.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from handlers.context import Context
from handlers.mail_in.address_index import AddressIndex
from handlers.outbox import work
from mail.model import ParsedMail
from mail.senders.verdict import AuthVerdict, SenderAuth, is_checkable, make_resolver, verify_sender
from storage.queries import messages, tickets
from storage.records import ArrivalRecord

if TYPE_CHECKING:
    from dns.resolver import Resolver

_log = logging.getLogger(__name__)
PATIENCE: Final = 0.7
_SECONDS: Final = 5.0
_AT_ONCE: Final = 16
_MOST_WAITING: Final = 200
_SILENCES: Final = 3
_REST_SECONDS: Final = 60.0


class SenderChecks:
    """One round of filing uses `start` for each mail, `wait`, `result`, `filed`, then `release`."""

    def __init__(
        self,
        context: Context,
        index: AddressIndex,
        *,
        enabled: bool = True,
        make: Callable[[], Resolver | None] = make_resolver,
    ) -> None:
        self._context = context
        self._index = index
        self._enabled = enabled
        self._make = make
        self._resolver: Resolver | None = None
        self._made = False
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._running: dict[int, asyncio.Task[SenderAuth]] = {}
        self._filed: dict[int, int] = {}
        self._late: set[asyncio.Task[None]] = set()
        self._silences = 0
        self._resting_until = 0.0

    def start(self, arrival: ArrivalRecord, data: bytes, mail: ParsedMail) -> None:
        """Begin to check one mail, if its sender's domain can be checked."""
        sender = mail.from_
        if not self._enabled or sender is None or not is_checkable(sender.domain):
            return
        if len(self._late) >= _MOST_WAITING or self._is_resting():
            return
        check = self._check(arrival, data, mail)
        self._running[arrival.id] = asyncio.create_task(check)

    async def wait(self) -> None:
        """Until all is known, or patience ends."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=PATIENCE)

    def result(self, arrival_id: int) -> SenderAuth | None:
        """What is known so far."""
        task = self._running.get(arrival_id)
        if task is None or not task.done() or task.cancelled():
            return None
        return task.result()

    def filed(self, arrival_id: int, message_id: int | None) -> None:
        """The mail became this message; None: it was not filed after all."""
        if message_id is None:
            self._filed.pop(arrival_id, None)
        elif arrival_id in self._running:
            self._filed[arrival_id] = message_id

    def release(self) -> None:
        """The round is over: what is still being checked is written down later."""
        for arrival_id, task in self._running.items():
            message_id = self._filed.get(arrival_id)
            if message_id is None:
                task.cancel()
            elif not task.done():
                late = asyncio.create_task(self._write_late(task, message_id))
                self._late.add(late)
                late.add_done_callback(self._late.discard)
        self._running, self._filed = {}, {}

    async def stop(self) -> None:
        """Give up what is still being checked: those mails just have no mark."""
        tasks = [*self._running.values(), *self._late]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _check(self, arrival: ArrivalRecord, data: bytes, mail: ParsedMail) -> SenderAuth:
        channel = self._index.get(arrival.email_channel_id)
        facts = arrival.envelope if arrival.source == "smtp" else {}
        server = str((channel.options if channel else {}).get("authserv_id") or "")
        async with self._gate:
            found = await _in_daemon(
                lambda: verify_sender(
                    data,
                    mail.from_,
                    self._find_resolver(),
                    mail_from=facts.get("mail_from"),
                    peer=facts.get("peer"),
                    helo=facts.get("helo"),
                    trusted_server=server,
                    seconds=_SECONDS,
                )
            )
        self._note_silence(found.timed_out)
        return found

    def _find_resolver(self) -> Resolver | None:
        if not self._made:
            self._resolver, self._made = self._make(), True
        return self._resolver

    async def _write_late(self, check: asyncio.Task[SenderAuth], message_id: int) -> None:
        found = await check
        async with self._context.db.write() as tx:
            message = await messages.find(tx, message_id)
            if message is None:
                return
            details = {**message.details, "auth": auth_to_json(found)}
            await messages.change(tx, message.id, details=details)
            ticket = await tickets.get(tx, message.ticket_id)
            first = await messages.first_of_ticket(tx, ticket.id)
            if first is not None and first.id == message.id:
                await work.update_card(tx, ticket, now=self._context.clock.now())
        self._context.wake.deliver()

    def _is_resting(self) -> bool:
        return asyncio.get_running_loop().time() < self._resting_until

    def _note_silence(self, silent: bool) -> None:
        self._silences = self._silences + 1 if silent else 0
        if self._silences >= _SILENCES:
            self._silences = 0
            self._resting_until = asyncio.get_running_loop().time() + _REST_SECONDS
            _log.warning("the name server does not answer: senders are not checked for a minute")


def auth_to_json(found: SenderAuth) -> dict[str, Any]:
    """As a message's details keep it."""
    facts = asdict(found)
    del facts["timed_out"]
    return {**facts, "verdict": found.verdict.value}


def is_forged(found: SenderAuth | None) -> bool:
    """Whether the domain itself says that this is not its mail."""
    return found is not None and found.verdict is AuthVerdict.FAIL


async def _in_daemon(do: Callable[[], SenderAuth]) -> SenderAuth:
    """In a thread of its own that holds up no stop of the process, unlike those of a pool."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[SenderAuth] = loop.create_future()

    def settle(found: SenderAuth) -> None:
        if not answer.done():
            answer.set_result(found)

    def run() -> None:
        try:
            found = do()
        except Exception:  # noqa: BLE001 - a mark is a comfort; its lack must not harm the mail
            _log.exception("a sender could not be checked")
            found = SenderAuth()
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=run, daemon=True, name="sender-check").start()
    return await answer
