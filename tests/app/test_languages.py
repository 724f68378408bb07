"""Which language is read where: a channel has one, and a whisper has its reader's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.harness import Harness, words_of
from tests.servers.ports import free_port

DATA = Path(__file__).parents[1] / "data" / "mail"


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


async def test_windows_answers_and_refusals_have_their_readers_language(desk: Harness) -> None:
    pat = desk.sandbox.add_user("pat", "Pat", "pat@acme.example", locale="pt-PT")
    await desk.sandbox.command(pat, desk.support, "/canal", "add")
    await desk.sandbox.wait_for(lambda: "Só os admins do Canal podem" in ephemeral_words(desk, pat))
    await desk.sandbox.command(pat, desk.support, "/canal", "signature")
    [window] = desk.sandbox.open_views(pat)
    assert "A sua assinatura" in words_of(window)
    await desk.sandbox.open_home(pat)
    await desk.sandbox.wait_for(
        lambda: "O que pode fazer" in words_of(desk.sandbox.home(pat) or {})
    )
    await desk.write("Is it warm?")
    card = await desk.ticket()
    menu = f"merge:{card['metadata']['event_payload']['ticket_id']}"
    await desk.sandbox.click(pat, desk.support, card["ts"], "ticket_more", selected=menu)
    merge = desk.sandbox.open_views(pat)[-1]
    answer = await desk.sandbox.submit_view(pat, merge["id"], {"number": "#99"})
    assert answer["errors"] == {"number": "Não existe o ticket #99."}


async def test_the_channel_form_says_what_is_wrong_in_the_admins_language(desk: Harness) -> None:
    eva = desk.sandbox.add_user("eva", "Eva", "e@acme.example", locale="pt-PT", is_admin=True)
    await desk.sandbox.command(eva, desk.support, "/canal", "add")
    first = desk.sandbox.open_views(eva)[-1]
    await desk.sandbox.click_view(eva, first["id"], "incoming", selected="imap")
    values = {"name": "Vendas", "imap_user": "vendas@acme.example", "imap_password": "x"}
    wrong = await desk.sandbox.submit_view(eva, first["id"], {**values, "imap_host": "not a host"})
    assert "não é o nome de um servidor" in wrong["errors"]["imap_host"]
    nobody = {"imap_host": "127.0.0.1", "imap_port": str(free_port()), "imap_security": "none"}
    await desk.sandbox.submit_view(eva, first["id"], {**values, **nobody})

    def words() -> str:
        return words_of(desk.sandbox.open_views(eva)[-1])

    await desk.sandbox.wait_for(lambda: "127.0.0.1 não aceita ligações na porta" in words(), 30)


async def test_a_customer_whose_language_is_unknown_is_quoted_in_the_help_desks(
    desk: Harness,
) -> None:
    await desk.edit_channel(undo_seconds=0)
    await desk.write("12?")
    await desk.say(await desk.ticket(), "Sim.")
    assert "Jo Miller <jo@cust.example> escreveu:" in (await desk.sent()).text


async def test_an_invitation_is_told_in_the_channels_language(desk: Harness) -> None:
    mail = (DATA / "calendar-alone.eml").read_bytes()
    await desk.deliver(mail, [desk.inbound])
    words = words_of(await desk.ticket())
    assert "Convite: Review, part 2" in words
    assert "de Ann Other <ann@other.example>" in words
    assert "Invitation" not in words
