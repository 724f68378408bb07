"""Which language is read where: a channel has one, and a whisper has its reader's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.harness import Harness, words_of


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Harness]:
    """A Canal of Brazil, with a pause before replies leave."""
    harness = Harness(tmp_path, env={"CANAL_LANGUAGE": "pt-BR"})
    await harness.start()
    await harness.add_channel(undo_seconds=60)
    try:
        yield harness
    finally:
        await harness.stop()


@pytest.mark.parametrize(
    ("locale", "sentence", "undo", "taken_back"),
    [
        ("pt-PT", "Vai para jo@cust.example", "Anular", "Anulado: nada"),
        ("en-US", "Goes to jo@cust.example", "Undo", "Taken back: nothing"),
        ("de-DE", "Vai para jo@cust.example", "Desfazer", "Desfeito: nada"),
    ],
)
async def test_a_card_has_the_channels_language_and_a_whisper_its_readers(
    desk: Harness, locale: str, sentence: str, undo: str, taken_back: str
) -> None:
    person = desk.sandbox.add_user("pat", "Pat", "pat@acme.example", locale=locale)
    await desk.write("Is it warm?")
    card = await desk.ticket()
    assert "🔵 Aberto" in words_of(card)
    assert "Open" not in words_of(card)
    await desk.say(card, "It is.", user=person)
    await desk.sandbox.wait_for(lambda: desk.sandbox.ephemerals(person))
    [whisper] = desk.sandbox.ephemerals(person)
    assert sentence in words_of(whisper)
    assert undo in words_of(whisper)
    await desk.sandbox.click(person, desk.support, whisper["ts"], "reply_undo")
    await desk.sandbox.wait_for(lambda: taken_back in ephemeral_words(desk, person))


def ephemeral_words(desk: Harness, person: str) -> str:
    return "\n".join(words_of(one) for one in desk.sandbox.ephemerals(person))
