"""HTML becomes what a reader sees: structure, links, and nothing hidden."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from justhtml import JustHTML

from mail.document import Code, Heading, Image, ListItem, Paragraph, Quote, Span, Table, spans_text
from mail.html.links import clean_url, pretended_host
from mail.html.read import parse_html
from mail.html.style import hidden_selectors, read_style
from mail.html.tree import Element, build_tree


def text(source: str) -> str:
    return parse_html(source).document.to_text()


def test_structure_becomes_blocks() -> None:
    source = (
        "<h2>Title</h2><p>One <b>two</b> <i>three</i> <s>four</s> <code>five</code></p>"
        "<ol><li>a</li></ol><blockquote>said</blockquote><pre>x\n  y</pre>"
        '<img src="cid:i@x" alt="Logo">'
    )
    assert parse_html(source).document.blocks == (
        Heading((Span("Title"),), 2),
        Paragraph(
            (
                Span("One "),
                Span("two", bold=True),
                Span(" "),
                Span("three", italic=True),
                Span(" "),
                Span("four", strike=True),
                Span(" "),
                Span("five", code=True),
            )
        ),
        ListItem((Span("a"),), ordered=True, number=1),
        Quote((Span("said"),)),
        Code("x\n  y"),
        Image("Logo", "i@x"),
    )


def test_a_data_table_keeps_its_cells_and_a_short_row_is_filled_up() -> None:
    source = "<table><tr><th>A</th><th>B</th></tr><tr><td>1<br>2</td></tr></table>"
    (table,) = parse_html(source).document.blocks
    assert isinstance(table, Table)
    assert table.header
    assert [[spans_text(cell) for cell in row] for row in table.rows] == [["A", "B"], ["1\n2", ""]]


@pytest.mark.parametrize(
    "source",
    [
        '<table role="presentation"><tr><td>a<td>b<tr><td>c<td>d</table>',
        "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>",
        "<table><tr><td>a<td>b</table>",
        "<table><tr><td><table><tr><td>a</table><td>b<tr><td>c<td>d</table>",
        '<table><tr><td><img src="https://x.example/i.png"><td>b<tr><td>c<td>d</table>',
        "<table><tr><td>" + "long words " * 40 + "<td>b<tr><td>c<td>d</table>",
    ],
)
def test_a_table_that_only_arranges_the_page_is_flattened(source: str) -> None:
    blocks = parse_html(source).document.blocks
    assert blocks
    assert not any(isinstance(block, Table) for block in blocks)


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("https://x.example/a?b=1#c", "https://x.example/a?b=1#c"),
        (" HTTPS://x.example ", "https://x.example"),
        ("ht\ntps://x.example/\ta", "https://x.example/a"),
        ("https:/x.example", "https://x.example"),
        ("//x.example/a", "https://x.example/a"),
        ("https:\\\\x.example\\a", "https://x.example/a"),
        ("mailto:jo@x.example", "mailto:jo@x.example"),
        ("tel:+49 30 1", "tel:+49%2030%201"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("java\nscript:alert(1)", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("/relative", None),
        ("#anchor", None),
        ("https://", None),
        ("", None),
    ],
)
def test_only_harmless_addresses_become_links(href: str, url: str | None) -> None:
    assert clean_url(href) == url


@pytest.mark.parametrize(
    ("words", "url", "host"),
    [
        ("bank.example", "https://evil.example/", "evil.example"),
        ("https://bank.example/login", "https://evil.example/bank.example", "evil.example"),
        ("Visit www.bank.example now", "https://evil.example/", "evil.example"),
        ("jo@bank.example", "https://evil.example/", None),
        ("BANK.example", "https://bank.example.evil.example/", "bank.example.evil.example"),
        ("www.bank.example", "https://bank.example/", None),
        ("bank.example", "https://login.bank.example/", None),
        ("Click here", "https://evil.example/", None),
        ("report.pdf", "https://files.example/1", None),
        ("bank.example", "mailto:jo@evil.example", None),
        ("bank.example", "https://[bad/", None),
        ("bücher.example", "https://xn--bcher-kva.example/", None),
        ("version 1.2.3", "https://x.example/", None),
    ],
)
def test_the_true_host_is_shown_when_the_words_name_another(
    words: str, url: str, host: str | None
) -> None:
    assert pretended_host(words, url) == host


def test_styles_that_hide_are_told_from_those_that_do_not() -> None:
    hiding = ("display: none", "visibility:hidden", "max-height:0px;overflow:hidden", "opacity:0")
    for style in (*hiding, "DISPLAY:NONE !important", "height:0;overflow:hidden"):
        assert read_style(style).hidden, style
    for style in ("display:block", "opacity:0.9", "max-height:100px", "mso-hide:all", "height:0"):
        assert not read_style(style).hidden, style


def test_a_class_hidden_on_small_screens_only_is_shown() -> None:
    sheet = (
        "@media screen and (max-width:600px){.a{display:none}} .b{display:none} #c{display:none}"
    )
    assert hidden_selectors([sheet]) == {".b", "#c"}


def test_known_containers_mark_history_and_signatures() -> None:
    source = (
        "<div>Own words</div><blockquote type=cite>Old words</blockquote>"
        '<div class="gmail_signature">Jo</div>'
    )
    assert [item.origin for item in parse_html(source).blocks] == ["body", "quoted", "signature"]


def test_all_that_follows_a_cut_is_history() -> None:
    body = parse_html('<div>Own</div><div id="appendonsend"></div><hr><p>Old</p>')
    assert [item.origin for item in body.blocks] == ["body", "quoted", "quoted"]


def test_the_marker_of_our_own_mails_is_found_shown_or_hidden() -> None:
    assert parse_html('<p data-canal="canal-abcdefgh">x</p>').marker == "canal-abcdefgh"
    hidden = parse_html('<p style="display:none">[#canal-abcdefgh]</p>')
    assert hidden.marker == "canal-abcdefgh"
    assert parse_html("<p>canal-abcdefgh</p>").marker is None


@given(st.text(alphabet="<>/!-abptdiv =\"'&;#x\n", max_size=200))
def test_no_markup_raises(source: str) -> None:
    parse_html(source)


_TAGS = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "<ul>",
        "<li>",
        "</ul>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<br>",
        "<blockquote>",
        "</blockquote>",
        "<h1>",
        "</h1>",
        "<a href='https://x.example'>",
        "</a>",
        "<span>",
        "</span>",
        "one ",
        "two ",
        "three",
    ]
)


@given(st.lists(_TAGS, max_size=40))
def test_no_word_is_lost_or_doubled_in_any_nesting(pieces: list[str]) -> None:
    source = "".join(pieces)
    words = [
        word for word in source.replace("<", " <").replace(">", "> ").split() if word.isalpha()
    ]
    shown = text(source).replace("|", " ").replace(">", " ").replace("•", " ").split()
    assert "".join(word for word in shown if word.isalpha()) == "".join(words)


def test_the_tree_holds_the_same_words_as_a_browser_would_see() -> None:
    source = "<p>a<b>b<p>c</b>d<ul><li>e<li>f</ul><table><tr><td>g<td>h</table>&lt;i&gt; &amp;j"
    assert "".join(tree_words(build_tree(source).root).split()) == "".join(
        JustHTML(source, sanitize=False).to_text().split()
    )


def tree_words(element: Element) -> str:
    return "".join(
        child if isinstance(child, str) else tree_words(child) for child in element.children
    )


HOSTILE = {
    "nested divs": "<div>" * 100_000 + "deep",
    "nested bold": "<b>" * 100_000 + "deep",
    "formatting in paragraphs": "".join(f"<p><font id={n}>x" for n in range(20_000)),
    "nested tables": "<table><tr><td>" * 30_000 + "deep",
    "attributes": "<a " + " ".join(f"a{n}=1" for n in range(60_000)) + ">",
    "open comments": "<!--" * 100_000,
    "open titles": "<title>" * 100_000,
    "open quotes": '<a b="' * 100_000,
    "less-than": "<" * 500_000,
    "long reference": "&#" + "9" * 500_000 + ";",
    "crossed formatting": ("<b>" + "<i>" * 90 + "</b>") * 2_000,
    "css braces": "<style>" + "a{" * 200_000,
    "fillers": "&zwnj;&nbsp;" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_html_takes_bounded_time(name: str) -> None:
    start = time.process_time()
    parse_html(HOSTILE[name])
    assert time.process_time() - start < 5
