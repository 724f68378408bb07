"""Canal goes on from a backup: what was done since the backup is not done again."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.sandbox.faults import Gate
from storage.backup import backup
from tests.app.harness import Harness, words_of


async def go_back_to(canal: Harness, file: Path) -> None:
    """The disk was lost; the backup is put in its place."""
    await canal.stop_canal()
    folder = canal.folder / "data"
    for left in folder.glob("canal.db*"):
        left.unlink()
    shutil.copy(file, folder / "canal.db")
    await canal.start_canal()


async def test_a_reply_that_left_since_the_backup_is_asked_about(
    canal: Harness, tmp_path: Path
) -> None:
    await canal.write("Hello")
    card = await canal.ticket()
    await canal.edit_channel(undo_seconds=600)
    waiting = await canal.say(card, "It waited in the backup")
    await canal.wait_reaction(waiting, "hourglass_flowing_sand")
    await canal.idle()
    await backup(canal.canal.parts.context.db, tmp_path / "copy.db")
    await canal.make_due(waiting)
    await canal.wait_reaction(waiting, "white_check_mark")
    await canal.edit_channel(undo_seconds=0)
    new = await canal.say(card, "The backup knows nothing of it")
    await canal.wait_reaction(new, "white_check_mark")
    await go_back_to(canal, tmp_path / "copy.db")
    await canal.make_due(waiting)
    await canal.wait_reaction(waiting, "x")
    await canal.sandbox.wait_for(
        lambda: any("went on from a backup" in words_of(one) for one in canal.replies(card))
    )
    await canal.idle()
    assert len(canal.catcher.mails) == 2, "each left once, before"


async def test_a_card_that_was_posted_since_the_backup_is_found(
    canal: Harness, tmp_path: Path
) -> None:
    gate = Gate(done=True)
    canal.sandbox.faults.put_gate("chat.postMessage", gate)
    await canal.write("Hello")
    await gate.reached.wait()
    await backup(canal.canal.parts.context.db, tmp_path / "copy.db")
    gate.opened.set()
    await canal.idle()
    await go_back_to(canal, tmp_path / "copy.db")
    await canal.idle()
    assert len(canal.roots()) == 1


async def test_nobody_comes_into_a_ticket_by_the_token_of_one_that_was_lost(
    canal: Harness, tmp_path: Path
) -> None:
    await backup(canal.canal.parts.context.db, tmp_path / "copy.db")
    await canal.write("I am lost", sender="Al <al@one.example>")
    lost = await canal.ticket()
    await canal.say(lost, "Hello Al")
    token = str((await canal.sent()).message["Reply-To"])
    await go_back_to(canal, tmp_path / "copy.db")
    await canal.write("I am new", sender="Bo <bo@two.example>")
    new = await canal.ticket(2)
    await canal.write("Thank you", sender="Al <al@one.example>", recipients=[token], to=token)
    await canal.ticket(3)
    await canal.idle()
    assert canal.replies(new) == []
