"""A document as HTML for mail clients: small, inline styles only, nothing loaded from outside.

Only what Gmail, Outlook (Word's engine) and Apple Mail all draw the same way is used. Colours of
text and background are left to the client, so that dark mode stays readable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType
from urllib.parse import quote

from mail.document import (
    Block,
    Code,
    Document,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
)
from mail.writing.text import clean_text, is_safe_link, numbered

FONT = "font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:1.5;word-wrap:break-word"
_MONO = "font-family:Menlo,Consolas,monospace;font-size:13px"
_QUOTE = "margin:0 0 12px;padding:0 0 0 12px;border-left:3px solid #ccc"
_CELL = "border:1px solid #ccc;padding:4px 8px;text-align:left;vertical-align:top"
_PRE = (
    f"margin:0 0 12px;padding:8px 12px;border:1px solid #ccc;{_MONO};line-height:1.4;"
    "white-space:pre-wrap;word-wrap:break-word"
)
_HEADING_SIZE = {1: 20, 2: 17, 3: 15}
_NONE: Mapping[str, str] = MappingProxyType({})
_LEVELS = 6
"""Deeper lists are drawn at this depth: narrower columns help nobody."""


def render_html(document: Document, content_ids: Mapping[str, str] = _NONE) -> str:
    """The blocks as an HTML fragment.

    `content_ids` are those of the inline files of the same mail, as the document names them and
    as the mail does; an image with another one is written as its alternative text.
    """
    parts: list[str] = []
    items: list[ListItem] = []
    for block in document.blocks:
        if isinstance(block, ListItem):
            items.append(block)
            continue
        parts.extend(_list(items))
        items = []
        parts.append(_block(block, content_ids))
    parts.extend(_list(items))
    return "".join(parts)


def spans_to_html(spans: Spans) -> str:
    """Spans as inline HTML; everything in them is escaped."""
    return "".join(_span(span) for span in spans)


def direction(text: str) -> str:
    """` dir="rtl"` when the first strong character says so, else nothing."""
    for character in text[:2000]:
        kind = unicodedata.bidirectional(character)
        if kind == "L":
            return ""
        if kind in {"R", "AL"}:
            return ' dir="rtl"'
    return ""


def _span(span: Span) -> str:
    text = _escaped(span.text)
    if not text:
        return ""
    if span.code:
        text = f'<code style="{_MONO}">{text}</code>'
    for on, tag in ((span.strike, "s"), (span.italic, "em"), (span.bold, "strong")):
        if on:
            text = f"<{tag}>{text}</{tag}>"
    if span.link and is_safe_link(span.link):
        text = f'<a href="{escape(span.link)}">{text}</a>'
    return text


def _escaped(text: str) -> str:
    """Escaped text that keeps its line breaks and its runs of spaces."""
    text = escape(clean_text(text).replace("\t", "    "))
    text = re.sub("(?m)^ | (?= )", "\u00a0", text)
    return text.replace("\u00a0", "&nbsp;").replace("\n", "<br>\n")


def _block(block: Block, content_ids: Mapping[str, str]) -> str:
    match block:
        case Paragraph(spans):
            return _element("p", "margin:0 0 12px", spans)
        case Heading(spans, level):
            level = min(max(level, 1), 6)
            size = _HEADING_SIZE.get(level, 14)
            return _element(f"h{level}", f"margin:0 0 12px;font-size:{size}px", spans)
        case Quote(spans, depth):
            inner = spans_to_html(spans)
            for _ in range(min(max(depth, 1), _LEVELS)):
                inner = f'<blockquote style="{_QUOTE}">{inner}</blockquote>'
            return inner + "\n"
        case Code(text):
            return f'<pre style="{_PRE}">{escape(clean_text(text))}</pre>\n'
        case Table(rows):
            return _table(rows, header=block.header)
        case Image():
            return _image(block, content_ids)
        case Rule():
            return '<hr style="border:0;border-top:1px solid #ccc;margin:16px 0">\n'
        case _:
            return ""


def _element(tag: str, style: str, spans: Spans) -> str:
    rtl = direction("".join(span.text for span in spans))
    return f'<{tag}{rtl} style="{style}">{spans_to_html(spans)}</{tag}>\n'


def _image(image: Image, content_ids: Mapping[str, str]) -> str:
    alt = escape(clean_text(image.alt))
    content_id = content_ids.get(image.content_id or "")
    if content_id:
        source = escape(f"cid:{quote(content_id, safe='@')}")
        style = "max-width:100%;height:auto;border:0"
        return f'<p style="margin:0 0 12px"><img src="{source}" alt="{alt}" style="{style}"></p>\n'
    return f'<p style="margin:0 0 12px">[{alt}]</p>\n' if alt.strip() else ""


def _table(rows: tuple[tuple[Spans, ...], ...], *, header: bool) -> str:
    lines = []
    for index, row in enumerate(rows):
        tag = "th" if header and index == 0 else "td"
        cells = (f'<{tag} style="{_CELL}">{spans_to_html(cell)}</{tag}>' for cell in row)
        lines.append(f"<tr>{''.join(cells)}</tr>\n")
    style = "border-collapse:collapse;margin:0 0 12px"
    return f'<table cellspacing="0" cellpadding="0" style="{style}">\n{"".join(lines)}</table>\n'


def _list(items: Sequence[ListItem]) -> Iterator[str]:
    """Nested lists: each deeper list stands inside the item before it, as HTML asks."""
    open_tags: list[str] = []
    for item, number in numbered(items):
        depth = min(max(item.indent, 0), _LEVELS) + 1
        tag = "ol" if item.ordered else "ul"
        while len(open_tags) > depth:
            yield f"</li></{open_tags.pop()}>\n"
        if len(open_tags) == depth and open_tags[-1] != tag:
            yield f"</li></{open_tags.pop()}>\n"
        elif len(open_tags) == depth:
            yield "</li>"
        while len(open_tags) < depth:
            start = f' start="{number}"' if item.ordered and number != 1 else ""
            bottom = "0" if open_tags else "0 0 12px"
            yield f'<{tag}{start} style="margin:{bottom};padding-left:24px">'
            open_tags.append(tag)
            if len(open_tags) < depth:
                yield '<li style="list-style:none">'
        rtl = direction("".join(span.text for span in item.spans))
        yield f"<li{rtl}>{spans_to_html(item.spans)}"
    while open_tags:
        yield f"</li></{open_tags.pop()}>\n"
