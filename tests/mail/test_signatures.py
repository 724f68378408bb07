"""Signatures as people type them, whose is used, and the footer that nobody can leave out."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.document import Document, Image, Paragraph, Span, Table
from mail.writing.signatures import (
    ChosenSignature,
    choose_signature,
    fill_placeholders,
    is_signed,
    sign,
    signature_from_text,
)
from mail.writing.text import render_text

VALUES = {"agent.name": "Ana Silva", "agent.title": "Support", "channel.name": "Acme"}


def filled(text: str, **values: str) -> str:
    return render_text(fill_placeholders(signature_from_text(text), {**VALUES, **values}))


def test_light_markup_is_read() -> None:
    document = signature_from_text("**Ana** *Silva* _x_\n[Acme](https://acme.example/a_b)")
    assert document.blocks == (
        Paragraph(
            (
                Span("Ana", bold=True),
                Span(" "),
                Span("Silva", bold=True),
                Span(" "),
                Span("x", italic=True),
                Span("\n"),
                Span("Acme", link="https://acme.example/a_b"),
            )
        ),
    )


def test_bare_links_and_addresses_become_links() -> None:
    (paragraph,) = signature_from_text("https://acme.example/x_y_z · jo_x@acme.example").blocks
    assert isinstance(paragraph, Paragraph)
    assert [span.link for span in paragraph.spans] == [
        "https://acme.example/x_y_z",
        None,
        "mailto:jo_x@acme.example",
    ]


@pytest.mark.parametrize(
    "text", ["[x](javascript:alert(1))", "[x](data:text/html,y)", "2 * 3 * 4", "snake_case_name"]
)
def test_what_is_no_markup_stays_text(text: str) -> None:
    (paragraph,) = signature_from_text(text).blocks
    assert isinstance(paragraph, Paragraph)
    assert all(not span.bold and not span.italic for span in paragraph.spans)
    assert not any(str(span.link).startswith(("javascript", "data")) for span in paragraph.spans)


def test_a_link_without_scheme_is_meant_as_one() -> None:
    (paragraph,) = signature_from_text("[a](www.acme.example) [b](jo@acme.example)").blocks
    assert isinstance(paragraph, Paragraph)
    links = [span.link for span in paragraph.spans if span.link]
    assert links == ["https://www.acme.example", "mailto:jo@acme.example"]


def test_line_breaks_of_a_command_line_are_line_breaks() -> None:
    assert render_text(signature_from_text("Ana\\nAcme\\n\\nBerlin")) == "Ana\nAcme\n\nBerlin"


def test_a_typed_delimiter_is_dropped() -> None:
    assert render_text(signature_from_text("-- \nAna")) == "Ana"
    assert not signature_from_text("--\n\n")


def test_placeholders_are_filled() -> None:
    assert filled("**{agent.name}**, {agent.title}\n{channel.name}") == "Ana Silva, Support\nAcme"


def test_a_placeholder_without_value_takes_its_line_and_its_dash_with_it() -> None:
    empty = {"agent.title": ""}
    assert filled("{agent.name}\n{agent.title}\nAcme", **empty) == "Ana Silva\nAcme"
    assert filled("**{agent.name}** — {agent.title}", **empty) == "Ana Silva"
    assert filled("{agent.title} · {agent.name}", **empty) == "Ana Silva"
    assert filled("{agent.title}", **empty) == ""


def test_an_unknown_placeholder_stays() -> None:
    assert filled("{agent.shoe} {x} {}") == "{agent.shoe} {x} {}"


def test_values_never_become_markup() -> None:
    document = fill_placeholders(
        signature_from_text("{agent.name}"), {"agent.name": "*x* {channel.name}\n[a](b)"}
    )
    assert document.blocks == (Paragraph((Span("*x* {channel.name} [a](b)"),)),)


def test_placeholders_in_links_and_tables_are_filled() -> None:
    document = Document((Table((((Span("{agent.name}"),),),)), Image("{agent.name}")))
    found = fill_placeholders(document, VALUES).blocks
    assert found == (Table((((Span("Ana Silva"),),),)), Image("Ana Silva"))
    (link,) = fill_placeholders(
        signature_from_text("[mail](mailto:{agent.email})"), {"agent.email": "ana@us.example"}
    ).blocks
    assert isinstance(link, Paragraph)
    assert link.spans == (Span("mail", link="mailto:ana@us.example"),)


CHANNEL = Document.from_text("Acme Support")
AGENT = Document.from_text("Ana\nAcme")
FOOTER = Document.from_text("Acme GmbH, HRB 1")


def test_the_agents_signature_takes_the_place_of_the_channels() -> None:
    assert choose_signature(CHANNEL, AGENT, FOOTER) == ChosenSignature(AGENT, FOOTER)
    assert choose_signature(CHANNEL, None, FOOTER) == ChosenSignature(CHANNEL, FOOTER)
    assert choose_signature(CHANNEL, Document(), None) == ChosenSignature(CHANNEL, None)


def test_a_signature_typed_by_hand_is_not_added_again() -> None:
    typed = Document.from_text("Hello.\n\n-- \nana\nACME")
    assert is_signed(typed, AGENT)
    assert sign(typed, ChosenSignature(AGENT, FOOTER)) == ChosenSignature(None, FOOTER)
    with_footer = Document.from_text("Hello.\n\nAna\nAcme\n\nAcme GmbH, HRB 1")
    assert sign(with_footer, ChosenSignature(AGENT, FOOTER)) == ChosenSignature(None, None)


def test_a_name_in_the_middle_of_a_reply_is_no_signature() -> None:
    body = Document.from_text("Ana\nAcme will call you.")
    assert sign(body, ChosenSignature(AGENT, FOOTER)) == ChosenSignature(AGENT, FOOTER)
    assert not is_signed(body, None)
    assert not is_signed(body, Document())


@given(st.text(max_size=300))
def test_any_text_makes_a_signature_that_keeps_its_words(text: str) -> None:
    fill_placeholders(signature_from_text(text), VALUES)


@pytest.mark.parametrize(
    "text", ["[" * 50_000, "*a" * 50_000, "a@" * 50_000, "http://" * 20_000, "{a." * 50_000]
)
def test_hostile_signatures_take_no_time(text: str) -> None:
    start = time.monotonic()
    fill_placeholders(signature_from_text(text), VALUES)
    assert time.monotonic() - start < 5
