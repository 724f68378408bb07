"""Documents as Slack blocks: they look right, fit, and can ping nobody."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.blocks.blocks import check_blocks, count_characters
from bot.sandbox.blocks.check import Check
from bot.slack.richtext import RenderedBlocks, blocks_from_document, escape_text
from mail.document import (
    Code,
    Document,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
)
from tests.mail.test_compose_properties import DOCUMENTS

Json = dict[str, Any]


def render(*blocks: Any, **limits: int) -> list[Json]:
    return sound(blocks_from_document(Document(blocks), **limits)).blocks


def sound(rendered: RenderedBlocks) -> RenderedBlocks:
    """The same, after Slack's checks as the sandbox makes them."""
    check = Check()
    check_blocks(check, rendered.blocks, "/blocks", "message")
    assert check.problems == []
    assert count_characters(rendered.blocks) <= 11_000
    assert len(rendered.blocks) <= 40
    for element in leaves(rendered.blocks):
        assert element["type"] in {"text", "link", "raw_text", "divider"}
        assert "text" not in element or element["text"]
        assert len(element.get("url", "")) <= 3000
        assert all(value is True for value in element.get("style", {}).values())
        assert element.get("style") != {}
        text = str(element.get("text", ""))
        assert text == text.encode("utf-8").decode()
        assert not any(c < " " and c not in "\n\t" for c in text)
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x7f") & set(text)
    return rendered


def leaves(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif "elements" in value or "rows" in value:
        yield from leaves(value.get("elements", value.get("rows")))
    else:
        yield value


def words(blocks: list[Json]) -> str:
    return " ".join(str(one.get("text", one.get("url", ""))) for one in leaves(blocks))


def p(text: str, **style: Any) -> Paragraph:
    return Paragraph((Span(text, **style),))


def test_paragraphs_share_a_section_with_an_empty_line_between() -> None:
    (block,) = render(p("one"), p("two\nlines"))
    assert block["elements"] == [
        {
            "type": "rich_text_section",
            "elements": [{"type": "text", "text": "one\n\ntwo\nlines"}],
        }
    ]


def test_styles_and_links_are_elements() -> None:
    spans = (
        Span("a", bold=True, italic=True),
        Span("b", strike=True, code=True),
        Span("c", link="https://x.example/?a=1|2"),
        Span("https://y.example", link="https://y.example"),
    )
    (block,) = render(Paragraph(spans))
    assert block["elements"][0]["elements"] == [
        {"type": "text", "text": "a", "style": {"bold": True, "italic": True}},
        {"type": "text", "text": "b", "style": {"strike": True, "code": True}},
        {"type": "link", "url": "https://x.example/?a=1|2", "text": "c"},
        {"type": "link", "url": "https://y.example"},
    ]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "tel:+1", "file:///etc", "https://", "http://[",
        "https://x.example:99999/", "https://x y.example", "https://x.example/\n", "mailto:",
        "https://x.example/" + "a" * 3000, "//x.example", "x.example", "",
    ],
)  # fmt: skip
def test_a_link_that_slack_would_refuse_is_text(url: str) -> None:
    (block,) = render(p("words", link=url))
    assert block["elements"][0]["elements"] == [{"type": "text", "text": "words"}]


def test_lists_nest_and_go_on_counting() -> None:
    (block,) = render(
        ListItem((Span("a"),), ordered=True, number=3),
        ListItem((Span("b"),), indent=1),
        ListItem((Span("c"),), ordered=True),
        ListItem((Span("d"),), ordered=True),
        ListItem((Span("e"),)),
        p("f"),
        ListItem((Span("g"),), ordered=True),
    )
    found = [
        (one.get("style"), one.get("indent"), one.get("offset"), len(one["elements"]))
        for one in block["elements"]
    ]
    assert found == [
        ("ordered", 0, 2, 1),
        ("bullet", 1, None, 1),
        ("ordered", 0, 3, 2),
        ("bullet", 0, None, 1),
        (None, None, None, 1),
        ("ordered", 0, None, 1),
    ]


def test_quotes_show_their_depth() -> None:
    (block,) = render(Quote((Span("a\nb"),)), Quote((Span("c\nd"),), depth=2))
    (quote,) = block["elements"]
    assert quote["type"] == "rich_text_quote"
    assert quote["elements"] == [{"type": "text", "text": "a\nb\n\n> c\n> d"}]


def test_headings_are_bold_and_code_is_as_written() -> None:
    (block,) = render(Heading((Span("H"),)), Code("\nif x:\n\ty\n"))
    section, code = block["elements"]
    assert section["elements"] == [{"type": "text", "text": "H", "style": {"bold": True}}]
    assert code == {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": "if x:\n\ty"}],
    }


def test_the_first_table_is_a_table_and_others_are_aligned_text() -> None:
    table = Table((((Span("Seat"),), (Span("Price"),)), ((Span("1"),),)), header=True)
    blocks = render(p("a"), table, p("b"), table)
    assert [block["type"] for block in blocks] == ["rich_text", "table", "rich_text"]
    assert blocks[1]["rows"] == [
        [{"type": "raw_text", "text": "Seat"}, {"type": "raw_text", "text": "Price"}],
        [{"type": "raw_text", "text": "1"}, {"type": "raw_text", "text": " "}],
    ]
    assert "Seat   Price\n----   -----\n1" in words(blocks[2:])


def test_a_table_over_slacks_limits_is_text() -> None:
    wide = Table((tuple((Span(str(n)),) for n in range(21)),))
    long = Table(tuple(((Span("x"),),) for _ in range(101)))
    for table in (wide, long):
        (block,) = render(table)
        assert block["elements"][0]["type"] == "rich_text_preformatted"


def test_images_are_their_words_and_rules_are_dividers() -> None:
    blocks = render(Image("Logo"), Rule(), Image("", content_id="a"), Image("", url="https://x/y"))
    assert [block["type"] for block in blocks] == ["rich_text", "divider", "rich_text"]
    assert words(blocks) == "[Logo]  [image]"


def test_long_mails_are_cut_at_a_word() -> None:
    rendered = blocks_from_document(Document((p("word " * 1000), p("more"))), limit_chars=100)
    sound(rendered)
    assert rendered.truncated
    assert words(rendered.blocks).endswith("word…")
    assert len(words(rendered.blocks)) <= 100
    assert rendered.remaining >= 4900


def test_a_mail_that_fits_is_not_cut() -> None:
    rendered = blocks_from_document(Document((p("x" * 100),)), limit_chars=100)
    assert (rendered.truncated, rendered.remaining) == (False, 0)


def test_an_empty_document_has_no_blocks() -> None:
    assert render() == []
    assert render(p(""), p("  \n"), Code("\n"), ListItem((Span(""),)), Rule()) == []


EVIL = (
    "<!channel> <@U123ABC> <#C1|x> @here @channel &lt;!everyone&gt; *b* :smile: \x00\x1b[0m\u202e"
)


def test_no_text_is_markup() -> None:
    blocks = render(
        p(EVIL, link="https://x.example"),
        Heading((Span(EVIL),)),
        Quote((Span(EVIL),)),
        Code(EVIL),
        ListItem((Span(EVIL),)),
        Table((((Span(EVIL),),),)),
        Image(EVIL),
    )
    assert words(blocks).count("<!channel>") == 7


def test_the_fallback_text_is_escaped_and_pings_nobody() -> None:
    text = escape_text(EVIL)
    assert "<" not in text
    assert ">" not in text
    assert "&amp;lt;!everyone&amp;gt;" in text
    for word in ("@here", "@channel", "@everyone", "\x00", "\u202e"):
        assert word not in text
    assert escape_text("jo@herefordshire.example") == "jo@herefordshire.example"


@settings(max_examples=300)
@given(DOCUMENTS, st.integers(1, 4000), st.integers(1, 40))
def test_any_document_is_within_slacks_limits(
    document: Document, limit_chars: int, limit_blocks: int
) -> None:
    rendered = blocks_from_document(document, limit_chars=limit_chars, limit_blocks=limit_blocks)
    sound(rendered)
    json.dumps(rendered.blocks).encode()
    assert len(rendered.blocks) <= limit_blocks
    assert rendered.truncated or rendered.remaining == 0


@pytest.mark.parametrize(
    "document",
    [
        Document(tuple(p("x", bold=n % 2 == 0) for n in range(20_000))),
        Document(tuple(ListItem((Span("x"),), indent=n % 9) for n in range(20_000))),
        Document((Paragraph(tuple(Span("x", bold=n % 2 == 0) for n in range(50_000))),)),
        Document((Paragraph(tuple(Span("", link=f"https://x/{n}") for n in range(50_000))),)),
        Document(tuple(p("x", link="https://x.example/" + "a" * 2000) for _ in range(2_000))),
        Document(tuple(block for n in range(5_000) for block in (Rule(), p(str(n))))),
        Document(tuple(Table((((Span("x"),),),)) for _ in range(5_000))),
        Document(
            (Table(tuple(tuple((Span("y" * 100),) for _ in range(50)) for _ in range(2_000))),)
        ),
        Document((p("\n" * 500_000),)),
        Document((p("x" * 5_000_000),)),
        Document((Quote((Span("\n" * 100_000 + "x"),), depth=100),)),
    ],
)
def test_huge_documents_take_no_time_and_fit(document: Document) -> None:
    start = time.monotonic()
    sound(blocks_from_document(document))
    assert time.monotonic() - start < 5
