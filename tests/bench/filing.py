"""Mails in a folder become tickets, with nothing posted anywhere: what `get_email` of others does.

    python -m tests.bench.filing FOLDER

Canal's own intake and filing on a new SQLite file, as `canal run` has them: every mail is stored
durably, read, judged, matched and written as ticket, message and outbox rows, which then wait for a
Slack that is not there. Prints how many tickets there are.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from sqlalchemy import func, select

from handlers.mail_in.filing import FilingWorker
from mail.model import ReceivedMail
from storage.models import Ticket
from tests.bench.intake_store import IntakeStore

_AT_ONCE = 32
"""Mails that are read from the folder before their commit is waited for."""


async def file_all(folder: Path, database: Path) -> int:
    """Returns how many tickets the mails of `folder` have made."""
    store = IntakeStore(database)
    await store.open()
    worker = FilingWorker(store.context, store.index)
    files = sorted(folder.iterdir())
    for at in range(0, len(files), _AT_ONCE):
        mails = [_read(path) for path in files[at : at + _AT_ONCE]]
        await asyncio.gather(*map(store.receive, mails))
        while await worker.file_waiting():
            pass
    async with store.context.db.read() as tx:
        tickets = await tx.scalar(select(func.count()).select_from(Ticket))
    await store.close()
    return int(tickets or 0)


def _read(path: Path) -> ReceivedMail:
    return ReceivedMail(path.read_bytes())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(asyncio.run(file_all(Path(sys.argv[1]), Path(made) / "canal.db")))
