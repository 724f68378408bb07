"""The watcher of mailboxes, put between the configuration and the intake.

On one machine (SQLite) it watches all mailboxes. On several each mailbox has a lease: whoever gets
it watches, renews it every RENEW seconds, and drops the mailbox when it is gone; a machine that
died is replaced when its leases end. What a machine stores after it lost the lease is known mail
again, and its cursor is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import timedelta

from bot.metrics import Metrics
from bot.wires.grants import Grants
from handlers.context import Context
from handlers.mail_in.mailboxes import Mailbox, Mailboxes, MailboxGone
from handlers.ports import MailConnection
from mail.connections import FetchedBatch
from mail.errors import MailError
from mail.imap.watch import ImapWatcher, WatchedAccount, WatchTiming
from storage import leases

_log = logging.getLogger(__name__)
RENEW = 8.0
LEASE = timedelta(seconds=20)
"""A dead machine's mailboxes are taken over after LEASE + RENEW seconds at most."""


class MailboxWatch:
    """`start`, then `sync` whenever the configuration changed, `stop` at the end."""

    def __init__(
        self,
        context: Context,
        mailboxes: Mailboxes,
        grants: Grants,
        metrics: Metrics,
        *,
        alone: bool,
        timing: WatchTiming | None = None,
        renew: float = RENEW,
        lease: timedelta = LEASE,
    ) -> None:
        self._context = context
        self._mailboxes = mailboxes
        self._grants = grants
        self._metrics = metrics
        self._alone = alone
        self._renew_every = renew
        self._lease = lease
        self._watcher = ImapWatcher(self._on_mails, self._on_health, timing=timing)
        self._tokens: dict[int, int | None] = {}
        """Channel id → fencing token of its lease, for the mailboxes that we watch."""
        self._lost_at: dict[int, float] = {}
        """When a mailbox that does not work now has worked last (monotonic seconds)."""
        self._ok_at: dict[int, float] = {}
        self._version: int | None = None
        self._found: dict[int, Mailbox] = {}
        """All mailboxes as they were configured at the last sync, ours and others'."""
        self._syncing = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.sync()
        if not self._alone:
            self._renewing = asyncio.create_task(self._renew(), name="imap leases")

    async def stop(self) -> None:
        """End all watching, and let others have our mailboxes at once."""
        if self._renewing is not None:
            self._renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewing
        await self._watcher.stop()
        if self._tokens and not self._alone:
            context = self._context
            names = [_lease_name(channel_id) for channel_id in self._tokens]
            async with context.db.write() as tx:
                await leases.release_names(tx, names, context.holder, now=context.clock.now())
        self._tokens.clear()

    async def follow(self, version: int) -> None:
        """Sync if the configuration has another version than at the last time."""
        if version != self._version:
            await self.sync()
            self._version = version

    async def sync(self) -> None:
        """Watch what is configured now, with its settings, and nothing else."""
        async with self._syncing:
            found = {one.channel.id: one for one in await self._mailboxes.load()}
            self._found = found
            held = await self._acquire(found)
            for channel_id in [one for one in self._tokens if one not in held]:
                await self._drop(channel_id)
            for channel_id, token in held.items():
                moved = self._tokens.get(channel_id, token) != token
                self._tokens[channel_id] = token
                account = self._account(found[channel_id])
                # After a change of hands and back the cursor in the database is the true one.
                (self._watcher.add if moved else self._watcher.update)(account)
        self.measure()

    def watched(self) -> tuple[int, ...]:
        """Ids of the channels whose mailboxes this process has."""
        return tuple(self._tokens)

    def poke(self, channel_id: int) -> None:
        """Look into this mailbox now."""
        self._watcher.poke(str(channel_id))

    def measure(self) -> None:
        """Tell the metrics how the mailboxes fare."""
        now = time.monotonic()
        down = sum(one in self._lost_at for one in self._tokens)
        self._metrics.imap_accounts.labels("up").set(len(self._tokens) - down)
        self._metrics.imap_accounts.labels("down").set(down)
        self._metrics.imap_accounts.labels("paused").set(self._mailboxes.paused)
        self._metrics.leases_held.set(0 if self._alone else len(self._tokens))
        oldest = max((now - one for one in self._lost_at.values()), default=0.0)
        self._metrics.imap_oldest_success_seconds.set(oldest)

    async def _acquire(self, found: dict[int, Mailbox]) -> dict[int, int | None]:
        if self._alone:
            return dict.fromkeys(found)
        context = self._context
        async with context.db.write() as tx:
            tokens = await leases.acquire_many(
                tx,
                [one.lease for one in found.values()],
                context.holder,
                now=context.clock.now(),
                duration=self._lease,
            )
        return {one.channel.id: tokens[one.lease] for one in found.values() if one.lease in tokens}

    async def _renew(self) -> None:
        failing_since: float | None = None
        while True:
            await asyncio.sleep(self._renew_every)
            try:
                if await self._acquire(self._found) != self._tokens:
                    await self.sync()
                failing_since = None
            except Exception:  # noqa: BLE001 - the loop serves everybody; logged and tried again
                _log.exception("the leases of mailboxes could not be renewed")
                failing_since = failing_since or time.monotonic()
                if time.monotonic() - failing_since > self._lease.total_seconds():
                    # Others have them by now. Watching on would only cost both of us logins.
                    for channel_id in list(self._tokens):
                        await self._drop(channel_id)

    async def _drop(self, channel_id: int) -> None:
        await self._watcher.remove(str(channel_id))
        for known in (self._tokens, self._lost_at, self._ok_at):
            known.pop(channel_id, None)

    def _account(self, mailbox: Mailbox) -> WatchedAccount:
        connection = MailConnection(
            mailbox.channel.id, "in", "imap", mailbox.stored, mailbox.secret
        )
        return WatchedAccount(
            id=str(mailbox.channel.id),
            settings=mailbox.settings,
            cursor=mailbox.cursor,
            options=mailbox.options,
            poll_seconds=mailbox.poll_seconds,
            token=self._grants.source(connection),
        )

    async def _on_mails(self, account_id: str, batch: FetchedBatch) -> None:
        channel_id = int(account_id)
        if channel_id not in self._tokens:
            raise MailboxGone
        started = time.perf_counter()
        await self._mailboxes.take(channel_id, batch, self._tokens[channel_id])
        if batch.mails:
            self._metrics.intake_seconds.observe(time.perf_counter() - started)
            self._metrics.mails_accepted.labels("imap").inc(len(batch.mails))

    async def _on_health(self, account_id: str, error: MailError | None) -> None:
        channel_id = int(account_id)
        if error is None:
            self._ok_at[channel_id] = time.monotonic()
            self._lost_at.pop(channel_id, None)
        else:
            _log.warning("mailbox of channel %d: %s", channel_id, error)
            since = self._ok_at.get(channel_id, time.monotonic())
            self._lost_at.setdefault(channel_id, since)
        await self._mailboxes.note(channel_id, error)


def _lease_name(channel_id: int) -> str:
    return f"imap:{channel_id}"
