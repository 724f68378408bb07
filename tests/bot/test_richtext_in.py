"""What agents write in Slack as the words of a mail."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.composer import compose
from bot.sandbox.inline import Names as ComposerNames
from bot.slack.emoji import emoji_from_code_points, find_emoji, replace_emoji_names
from bot.slack.richtext import document_from_message, find_mentions
from mail.document import Code, Document, Heading, ListItem, Paragraph, Quote, Span, Table
from mail.writing.html import render_html
from mail.writing.text import render_text

Json = dict[str, Any]
NAMES = {"U1ANA": "Ana Silva", "S1DESK": "@desk", "C1SALES": "#sales"}


def message(*elements: Json, **fields: Any) -> Json:
    return {
        "text": "fallback",
        "blocks": [{"type": "rich_text", "elements": list(elements)}],
        **fields,
    }


def section(*elements: Json | str, kind: str = "rich_text_section") -> Json:
    return {
        "type": kind,
        "elements": [{"type": "text", "text": e} if isinstance(e, str) else e for e in elements],
    }


def blocks_of(*elements: Json) -> tuple[Any, ...]:
    return document_from_message(message(*elements), NAMES).document.blocks


def plain_of(*elements: Json | str) -> str:
    return document_from_message(message(section(*elements)), NAMES).plain


def mrkdwn(text: str) -> Document:
    return document_from_message({"text": text}, NAMES).document


def test_styles_come_over() -> None:
    styled = {"type": "text", "text": "b", "style": {"bold": True, "italic": True, "x": True}}
    code = {"type": "text", "text": "c", "style": {"code": True, "strike": True}}
    assert blocks_of(section("a ", styled, code)) == (
        Paragraph(
            (Span("a "), Span("b", bold=True, italic=True), Span("c", strike=True, code=True))
        ),
    )


def test_empty_lines_separate_paragraphs() -> None:
    assert blocks_of(section("one\ntwo\n\n\nthree\n")) == (
        Paragraph((Span("one\ntwo"),)),
        Paragraph((Span("three"),)),
    )


def test_lists_quotes_and_code() -> None:
    nested = {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section("b")]}
    ordered = {
        "type": "rich_text_list",
        "style": "ordered",
        "indent": 0,
        "offset": 4,
        "elements": [section("a"), section("c")],
    }
    found = blocks_of(
        ordered,
        nested,
        section("q\n\nr", kind="rich_text_quote"),
        section("if x:\n  y\n", kind="rich_text_preformatted"),
    )
    assert found == (
        ListItem((Span("a"),), ordered=True, number=5),
        ListItem((Span("c"),), ordered=True, number=6),
        ListItem((Span("b"),), indent=1),
        Quote((Span("q"),)),
        Quote((Span("r"),)),
        Code("if x:\n  y"),
    )


def test_mentions_become_names() -> None:
    said = message(
        section(
            "Hi ",
            {"type": "user", "user_id": "U1ANA"},
            ", ask ",
            {"type": "usergroup", "usergroup_id": "S1DESK"},
            " in ",
            {"type": "channel", "channel_id": "C1SALES"},
            " or ",
            {"type": "user", "user_id": "U2WHO"},
        )
    )
    assert find_mentions(said) == {"U1ANA", "S1DESK", "C1SALES", "U2WHO"}
    found = document_from_message(said, NAMES, unknown_name="a colleague")
    assert found.plain == "Hi Ana Silva, ask desk in sales or a colleague"
    assert found.mentions == ("U1ANA", "U2WHO")
    assert found.unresolved == ("U2WHO",)
    assert not found.starts_with_mention


@pytest.mark.parametrize(
    "first",
    [
        {"type": "user", "user_id": "U1ANA"},
        {"type": "usergroup", "usergroup_id": "S1DESK"},
        {"type": "broadcast", "range": "here"},
    ],
)
def test_a_mention_up_front_is_noticed(first: Json) -> None:
    assert document_from_message(message(section(first, " hi"))).starts_with_mention
    assert document_from_message(message(section(" \n", first))).starts_with_mention
    assert not document_from_message(message(section("a", first))).starts_with_mention


@pytest.mark.parametrize("text", ["<@U1ANA> hi", " <!here>", "<!subteam^S1DESK|@desk> x"])
def test_a_mention_up_front_is_noticed_in_mrkdwn(text: str) -> None:
    assert document_from_message({"text": text}).starts_with_mention
    assert not document_from_message({"text": f"a {text}"}).starts_with_mention


def test_a_channel_up_front_is_no_mention_of_a_person() -> None:
    said = message(section({"type": "channel", "channel_id": "C1SALES"}))
    assert not document_from_message(said).starts_with_mention


def test_emoji_are_characters() -> None:
    assert (
        plain_of(
            {"type": "emoji", "name": "+1", "unicode": "1f44d-1f3fd", "skin_tone": 4},
            {"type": "emoji", "name": "tada", "unicode": "1f389"},
            {"type": "emoji", "name": "wave", "skin_tone": 2},
            {"type": "emoji", "name": "simple_smile"},
            {"type": "emoji", "name": "partyparrot", "url": "https://x.example/p.gif"},
            {"type": "emoji", "name": "odd", "unicode": "nonsense"},
        )
        == "👍🏽🎉👋🏻🙂:partyparrot::odd:"
    )


def test_emoji_names_know_skin_tones() -> None:
    assert find_emoji("+1") == "👍"
    assert find_emoji(":+1::skin-tone-6:") == "👍🏿"
    assert find_emoji("woman-running", 3) == "🏃🏼\u200d♀️"
    assert find_emoji("man-kiss-man", 5) == "👨🏾\u200d❤️\u200d💋\u200d👨🏾"
    assert find_emoji("tada", 3) == "🎉"
    assert find_emoji("party_parrot") is None
    assert (
        replace_emoji_names("at 10:30:45 :wave::skin-tone-2: :nope:") == "at 10:30:45 👋🏻 :nope:"
    )


@pytest.mark.parametrize(
    "points", ["", "-", "zz", "110000", "d800", "0", "-1", "1f44d--", "a" * 99]
)
def test_code_points_that_are_none(points: str) -> None:
    assert emoji_from_code_points(points) is None


def test_links_of_four_schemes_and_no_others() -> None:
    (paragraph,) = blocks_of(
        section(
            {"type": "link", "url": "https://x.example/a?b=c", "text": "page"},
            {"type": "link", "url": "mailto:jo@x.example"},
            {"type": "link", "url": "tel:+351"},
            {"type": "link", "url": "javascript:alert(1)", "text": "bad"},
            {"type": "link", "url": "slack://channel", "text": "app"},
        )
    )
    assert [(span.text, span.link) for span in paragraph.spans] == [
        ("page", "https://x.example/a?b=c"),
        ("jo@x.example", "mailto:jo@x.example"),
        ("+351", "tel:+351"),
        ("bad", None),
        ("app", None),
    ]


def test_dates_colours_and_kinds_to_come_are_shown_by_their_words() -> None:
    assert (
        plain_of(
            {"type": "date", "timestamp": 1780488180, "format": "{date}", "fallback": "3 June"},
            " ",
            {"type": "date", "timestamp": 1780488180, "format": "{date}"},
            " ",
            {"type": "color", "value": "#F405B3"},
            " ",
            {"type": "hologram", "fallback": "a hologram"},
            " ",
            {"type": "canvas", "title": "Plan"},
        )
        == "3 June 2026-06-03 12:03 UTC #F405B3 a hologram Plan"
    )
    assert blocks_of({"type": "rich_text_wheel", "elements": [{"type": "text", "text": "w"}]}) == (
        Paragraph((Span("w"),)),
    )


def test_shared_messages_are_quoted_and_unfurled_links_are_not() -> None:
    inner = message(
        section("shared ", {"type": "user", "user_id": "U1ANA"}),
        section("q", kind="rich_text_quote"),
    )
    said = message(
        section("Look:"),
        attachments=[
            {
                "is_msg_unfurl": True,
                "author_name": "Rui",
                "text": "not used",
                "message_blocks": [{"team": "T1", "channel": "C1", "message": inner}],
            },
            {"is_share": True, "text": "old <https://x.example|way>"},
            {"title": "Some site", "text": "unfurled", "from_url": "https://x.example"},
        ],
    )
    assert find_mentions(said) == {"U1ANA"}
    found = document_from_message(said, NAMES)
    assert found.plain == (
        "Look:\n\n> Rui:\n>\n> shared Ana Silva\n>\n>> q\n>\n> old way <https://x.example>"
    )
    assert found.mentions == ()


def test_blocks_of_other_apps_are_read() -> None:
    said = {
        "text": "fallback",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Title"}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*bold* <@U1ANA>"},
                "fields": [{"type": "plain_text", "text": "a *b*"}],
                "accessory": {"type": "button", "text": {"type": "plain_text", "text": "Press"}},
            },
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
            {"type": "actions", "elements": [{"type": "button"}]},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]},
        ],
    }
    found = document_from_message(said, NAMES)
    assert found.document.blocks == (
        Heading((Span("Title"),)),
        Paragraph((Span("bold", bold=True), Span(" "), Span("Ana Silva"))),
        Paragraph((Span("a *b*"),)),
        Paragraph((Span("small"),)),
        Table((((Span("x"),),),)),
    )
    assert found.mentions == ("U1ANA",)


def test_a_message_of_files_alone_is_empty() -> None:
    assert not document_from_message({"text": "", "files": [{}]}).document


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("&lt;b&gt; &amp;amp; &nbsp;", "<b> &amp; &nbsp;"),
        ("<https://x.example|a &amp; b>", "a & b <https://x.example>"),
        ("<https://x.example/?a=1&amp;b=2>", "https://x.example/?a=1&b=2"),
        ("<mailto:jo@x.example|jo@x.example>", "jo@x.example"),
        ("<#C1SALES|> <#C9|lost>", "sales lost"),
        ("<!date^1780488180^{date} at {time}^https://x.example|3 June>", "3 June"),
        ("<!subteam^S9|@help> <!everyone> <!future|x>", "help @everyone x"),
        ("<javascript:alert(1)|x> a < b > c", "x a < b > c"),
        ("~gone~", "~gone~"),
        ("2*3*4 snake_case_name a~b~c", "2*3*4 snake_case_name a~b~c"),
        ("• one\n    ◦ two\n3. three", "- one\n  - two\n3. three"),
        ("&gt; said\n&gt; more\nanswer", "> said\n> more\n\nanswer"),
        (
            "a\n```\n*x* &lt;y&gt; <https://z.example>\n```\nb",
            "a\n\n*x* <y> https://z.example\n\nb",
        ),
        ("``` never closed", "``` never closed"),
        (":wave: at 10:30", "👋 at 10:30"),
    ],
)
def test_mrkdwn(text: str, plain: str) -> None:
    assert render_text(mrkdwn(text)) == plain


def test_mrkdwn_styles() -> None:
    (paragraph,) = mrkdwn("*b* _i *bi*_ `c*d*` ~s~ *<https://x.example/a_b_c|l>*").blocks
    assert isinstance(paragraph, Paragraph)
    assert paragraph.spans == (
        Span("b", bold=True),
        Span(" "),
        Span("i ", italic=True),
        Span("bi", bold=True, italic=True),
        Span(" "),
        Span("c*d*", code=True),
        Span(" "),
        Span("s", strike=True),
        Span(" "),
        Span("l", bold=True, link="https://x.example/a_b_c"),
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["type", "text", "elements", "style", "url", "user_id", "name", "unicode", "indent",
             "offset", "rows", "fields", "blocks", "attachments", "is_share", "message_blocks",
             "message", "timestamp", "bold", "skin_tone", "fallback", "range"]
        ),
        inner
        | st.sampled_from(
            ["rich_text", "rich_text_section", "rich_text_list", "rich_text_quote", "text", "link",
             "emoji", "user", "date", "section", "mrkdwn", "table", "header", "context", "ordered"]
        ),
        max_size=5,
    ),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(["text", "blocks", "attachments"]), JSON, max_size=3))
def test_no_payload_raises(said: Json) -> None:
    find_mentions(said)
    found = document_from_message(said, NAMES)
    render_html(found.document)
    json.dumps(found.document.to_json())


@given(st.text(max_size=200))
def test_no_mrkdwn_raises(text: str) -> None:
    document_from_message({"text": text}, NAMES)


@given(st.text(alphabet="*_~`<>@!#|&;:ab \n", max_size=60))
def test_no_mark_is_too_many(text: str) -> None:
    document_from_message({"text": text}, NAMES)


@pytest.mark.parametrize(
    "text",
    ["*a " * 30_000, "<" * 50_000, "`" * 50_001, "_" * 50_000, "*_~" * 20_000, "```" * 20_001,
     "<@U1|" * 20_000, "> " * 50_000, "&gt;" * 50_000, ":a" * 50_000, "<!date^" * 20_000],
)  # fmt: skip
def test_hostile_mrkdwn_takes_no_time(text: str) -> None:
    start = time.monotonic()
    document_from_message({"text": text}, NAMES)
    assert time.monotonic() - start < 5


def test_what_the_composer_writes_comes_back() -> None:
    typed = "Hi @Ana *b* :wave:\n\n- one\n- two\n> q\n```code\n x```\nhttps://x.example"
    text, blocks = compose(typed, ComposerNames(people={"ana": "U1ANA"}, ids=frozenset({"U1ANA"})))
    wanted = "Hi Ana Silva b 👋\n\n- one\n- two\n\n> q\n\ncode\n x\n\nhttps://x.example"
    assert document_from_message({"text": text, "blocks": blocks}, NAMES).plain == wanted
    assert document_from_message({"text": text}, NAMES).plain == wanted
