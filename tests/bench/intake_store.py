"""The product's own way to store what a mailbox gave, for the benchmarks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

from bot.clock import SystemClock
from handlers.context import Context
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.intake import Intake
from handlers.mail_in.mailboxes import Mailboxes
from handlers.tokens import Tokens
from mail.connections import FetchedBatch
from mail.errors import MailError
from mail.model import ReceivedMail
from storage.crypto import Vault
from storage.engine import Session, open_database
from storage.queries import channels, meta
from storage.startup import prepare

TEAM = "T00000000"


class IntakeStore:
    """A fresh SQLite database with `channels` channels; `take` is what a running Canal does."""

    def __init__(self, path: Path, *, channels: int = 1) -> None:
        self._path = path
        self._channels = channels
        self._mailboxes: Mailboxes | None = None
        self.ids: list[int] = []

    async def open(self) -> None:
        url = f"sqlite+aiosqlite:///{self._path}"
        self._db = open_database(url, Vault([Fernet.generate_key().decode()]))
        await prepare(self._db)
        clock = SystemClock()
        self.context = Context(
            db=self._db,
            clock=clock,
            tokens=Tokens(b"k" * 32),
            inbound_domain="in.example",
            team_id=TEAM,
            holder="bench",
        )
        async with self._db.write() as tx:
            await meta.ensure_workspace(tx, TEAM, now=clock.now())
            for number in range(self._channels):
                self.ids.append(await _add_channel(tx, number))
        self.index = AddressIndex(self._db, TEAM)
        self._intake = Intake(self.context, self.index)
        self._mailboxes = Mailboxes(self.context, self._intake)
        await self._mailboxes.load()
        await self.index.refresh()

    async def take(self, channel_id: int, batch: FetchedBatch) -> None:
        assert self._mailboxes is not None
        await self._mailboxes.take(channel_id, batch)

    async def receive(self, mail: ReceivedMail) -> None:
        """A mail from disk, for the first channel."""
        await self._intake.receive_for(self.index.all()[:1], mail, source="replay")

    async def note(self, channel_id: int, error: MailError | None) -> None:
        assert self._mailboxes is not None
        await self._mailboxes.note(channel_id, error)

    async def store(self, batch: FetchedBatch) -> None:
        """For the first channel; opens the database at the first batch."""
        if self._mailboxes is None:
            await self.open()
        await self.take(self.ids[0], batch)

    async def close(self) -> None:
        if self._mailboxes is not None:
            await self._mailboxes.stop()
        await self._intake.stop()
        await self._db.close()


async def _add_channel(tx: Session, number: int) -> int:
    """A channel with a mailbox, as the service makes it; its id."""
    address = f"desk{number}@shop.example"
    columns = {
        "team_id": TEAM,
        "name": f"Desk {number}",
        "slack_channel_id": "C0000000000",
        "incoming": "imap",
        "primary_address": address,
        "from_email": address,
    }
    channel = await channels.add(tx, columns, now=datetime.now(UTC))
    settings = {"host": "localhost", "user": f"desk{number}"}
    await channels.set_connection(tx, channel, "in", "imap", settings, secret={"password": "x"})
    return channel.id
