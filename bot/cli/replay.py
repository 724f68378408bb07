"""`canal replay`: mails from disk through the same intake, for recovery and import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.cli.support import Offline, say
from handlers.mail_in.address_index import AddressIndex
from handlers.mail_in.intake import Intake
from mail.model import ReceivedMail


async def replay_files(
    offline: Offline, files: Sequence[Path], channel: str, *, quiet: bool
) -> bool:
    """Store each file for the channel and say what became of it; False if one was unreadable.

    A running Canal files them within a second; without one they are filed at its next start.
    """
    status = await offline.channels.show(channel)
    intake = Intake(offline.context, AddressIndex(offline.context.db, offline.context.team_id))
    all_read = True
    for path in files:
        try:
            data = path.read_bytes()
        except OSError as error:
            say(f"{path}: cannot be read: {error.strerror}", err=True)
            all_read = False
            continue
        is_new = await intake.receive_for(
            [status.channel], ReceivedMail(data), source="replay", quiet=quiet
        )
        say(f"{path}: {'stored' if is_new else 'known already, nothing added'}")
    await intake.stop()
    return all_read
