"""Every mail of CPython's own test data, as it stands, over SMTP: a ticket, or a reason why not."""

from __future__ import annotations

from pathlib import Path

import aiosmtplib
import pytest

from mail.reading.parse import dedupe_key
from storage.queries import mails
from tests.app.harness import Harness, words_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


def find_mails() -> list[Path]:
    """The files of test/test_email/data of the running Python; empty where it has no tests."""
    try:
        import test.test_email  # type: ignore[import-not-found]
    except ImportError:
        return []
    folder = Path(test.test_email.__file__ or "").parent / "data"
    return sorted(path for path in folder.glob("*") if path.suffix in (".txt", ".eml"))


@pytest.mark.skipif(not find_mails(), reason="this Python has no tests of its own")
async def test_each_becomes_a_ticket_or_is_refused_with_a_reason(shared_canal: Harness) -> None:
    canal = shared_canal
    accepted: set[str] = set()
    refused: list[str] = []
    for path in find_mails():
        data = path.read_bytes()
        try:
            await canal.deliver(data, [canal.inbound])
        except aiosmtplib.SMTPResponseException as error:
            refused.append(f"{error.code} {error.message}")
        else:
            accepted.add(dedupe_key(data))
    assert len(accepted) > 35
    assert all(reply.startswith("5") and len(reply) > 10 for reply in refused)
    await canal.idle(60)
    async with canal.canal.parts.context.db.read() as tx:
        states = await mails.count_states(tx)
    cards = canal.roots()
    posts = [one for card in cards for one in canal.replies(card) if "files" not in one]
    assert set(states) <= {"filed", "dropped"}
    assert sum(states.values()) == len(accepted)
    assert len(cards) + len(posts) >= states["filed"]
    assert all(words_of(card) for card in cards)
    assert not canal.sandbox.refusals
    assert not canal.sandbox.pings
