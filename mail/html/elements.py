"""What each HTML element does to the lines and blocks around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from mail.document import Image, Rule, Table
from mail.html.blocks import Frame
from mail.html.links import clean_url, pretended_host
from mail.html.page import Context, OpenList, Page
from mail.html.style import Style
from mail.html.tables import find_data_rows
from mail.html.tags import HARD, HEADINGS, SOFT
from mail.html.tree import Element

_DIGITS = re.compile(r"^\s*(\d{1,4})")
_FILE_LIKE = re.compile(r"\.(?:png|jpe?g|gif|bmp|webp|svg)$", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*(\d{1,3})[.)]")
_SECTION_TAGS = frozenset({"div", "table", "center"})
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_MAX_INDENT = 8
_MAX_QUOTES = 20


def _break(page: Page, element: Element, tight: bool, context: Context) -> None:
    """The upper or lower border of an element."""
    tag = element.tag
    if tag not in HARD and tag not in SOFT:
        return
    if tag == "tr" and not context.in_cell and _is_section(element):
        page.blocks.hard()
        return
    tight = tight or (tag == "p" and context.frame.kind == "li")
    nested_list = tag in _LISTS and bool(page.lists)
    if tag in HARD and not tight and not nested_list:
        page.blocks.hard()
    else:
        page.blocks.soft()


def _is_section(row: Element) -> bool:
    """A row of a layout table that holds blocks stands apart, by the padding of its cells."""
    return any(
        isinstance(inner, Element) and inner.tag in _SECTION_TAGS
        for cell in row.children
        if isinstance(cell, Element)
        for inner in cell.children
    )


def open_element(page: Page, element: Element, style: Style, context: Context) -> Context | None:
    """Begins an element; returns the context inside it, None when nothing inside is walked."""
    tag = element.tag
    _break(page, element, style.tight_top, context)
    match tag:
        case "p" if style.word_list:
            return _word_item(page, element, style.word_list, context)
        case "table":
            return _table(page, element, context)
        case "td" | "th":
            page.blocks.space()
        case "a":
            return _link(page, element, context)
        case "ul" | "ol" | "menu" | "dir":
            start = _number(element.attrs.get("start"))
            page.lists.append(OpenList(tag == "ol", 1 if start is None else start))
        case "li":
            return _item(page, element, context)
        case "blockquote":
            return _quote(style, context)
        case "pre":
            return _pre(element, style, context)
        case "hr":
            if not context.in_cell:
                page.blocks.put(Rule(), page.origin(context))
        case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            return _heading(HEADINGS[tag], context)
        case "q":
            page.text("“", context)
        case _:
            pass
    return context


def close_element(page: Page, element: Element, style: Style, context: Context) -> None:
    """Ends an element; `context` is the one around it."""
    tag = element.tag
    if tag == "a":
        _leave_link(page, context)
    elif tag in _LISTS and page.lists:
        page.lists.pop()
    elif tag == "q":
        page.text("”", context)
    _break(page, element, style.tight_bottom, context)


def _heading(level: int, context: Context) -> Context:
    if context.frame.kind == "p" and not context.in_cell:
        return context._replace(frame=Frame("h", level))
    return context._replace(look=context.look._replace(bold=True))


def _pre(element: Element, style: Style, context: Context) -> Context:
    """Code, save where a mail program writes its plain text into `<pre>`."""
    look = context.look._replace(keep_space=style.keep_space is not False)
    wraps = style.keep_space or "wrap" in element.attrs
    mozilla = "moz" in (element.attrs.get("class") or "")
    plain = context.frame.kind == "p" and not context.in_cell and look.origin == "body"
    if wraps or mozilla or not plain:
        return context._replace(look=look)
    return context._replace(look=look, frame=Frame("code"))


def _quote(style: Style, context: Context) -> Context:
    if style.no_border:  # Gmail and Outlook indent with a blockquote
        return context
    depth = min(context.quotes + 1, _MAX_QUOTES)
    return context._replace(quotes=depth, frame=Frame("q", depth))


def _item(page: Page, element: Element, context: Context) -> Context:
    current = page.lists[-1] if page.lists else OpenList(False, 1)
    value = _number(element.attrs.get("value"))
    number = current.number if value is None else value
    current.number = number + 1
    if context.frame.kind == "q" or context.in_cell:
        page.text(f"{number}. " if current.ordered else "• ", context)
        return context
    page.items += 1
    indent = max(0, min(len(page.lists) - 1, _MAX_INDENT))
    shown = number if current.ordered else None
    return context._replace(frame=Frame("li", indent, page.items, current.ordered, shown))


def _word_item(page: Page, element: Element, level: int, context: Context) -> Context:
    """A list item as Word writes it: a paragraph whose bullet stands in a span of its own."""
    if context.frame.kind == "q" or context.in_cell:
        return context
    number = _NUMBERED.match(first_words(element))
    page.items += 1
    shown = int(number[1]) if number else None
    frame = Frame("li", min(level - 1, _MAX_INDENT), page.items, number is not None, shown)
    return context._replace(frame=frame)


def first_words(element: Element) -> str:
    """The beginning of the text inside an element."""
    words: list[str] = []
    waiting: list[Element | str] = [element]
    while waiting and len(words) < 200:
        node = waiting.pop()
        if isinstance(node, str):
            words.append(node)
        else:
            waiting.extend(reversed(node.children))
    return "".join(words)


def _link(page: Page, element: Element, context: Context) -> Context:
    url = clean_url(element.attrs.get("href") or "")
    if url is None:
        return context
    page.link_text, page.link_url = [], url
    return context._replace(look=context.look._replace(link=url))


def _leave_link(page: Page, context: Context) -> None:
    if page.link_text is None:
        return
    text = " ".join("".join(page.link_text).split())
    page.link_text = None
    host = pretended_host(text, page.link_url)
    if host is not None:
        page.text(f" ({host})", context)


def _table(page: Page, element: Element, context: Context) -> Context | None:
    rows = None if context.in_cell else find_data_rows(element)
    if rows is None:
        return context._replace(frame=Frame()) if context.frame.kind == "h" else context
    width = max(map(len, rows))
    cells = [[page.read_cell(cell, context) for cell in row] for row in rows]
    table = Table(
        tuple((*row, *[()] * (width - len(row))) for row in cells),
        header=all(cell.tag == "th" for cell in rows[0]),
    )
    if any(any(row) for row in cells):
        page.blocks.put(table, page.origin(context))
    return None


def show_image(page: Page, attrs: Mapping[str, str | None], context: Context) -> None:
    """cid images in their place, emoji as characters, of remote images the alternative text."""
    source = (attrs.get("src") or "").strip()
    alt = " ".join((attrs.get("alt") or "").split())[:300]
    emoji = attrs.get("data-emoji") or ("emoji" in (attrs.get("class") or "") and alt)
    if emoji:
        page.text(str(emoji), context)
        return
    shown = "" if _FILE_LIKE.search(alt) or _is_tiny(attrs) else alt
    if source[:4].lower() != "cid:":
        if shown:  # also in cells without a font size: the picture would be seen there
            page.text(shown, context._replace(look=context.look._replace(zero_font=False)))
        return
    content_id = unquote(source[4:]).strip("<> ")
    page.content_ids.add(content_id)
    if not context.in_cell and not _is_tiny(attrs):
        page.blocks.put(Image(alt=shown, content_id=content_id), page.origin(context))


def _number(text: str | None) -> int | None:
    found = _DIGITS.match(text or "")
    return int(found[1]) if found else None


def _is_tiny(attrs: Mapping[str, str | None]) -> bool:
    """Spacers and tracking pixels."""
    sizes = [_number(attrs.get(name)) for name in ("width", "height")]
    return any(size is not None and size <= 2 for size in sizes)
