"""What an agent wrote in Slack as a Document: rich_text elements, or mrkdwn where there are none.

Two steps, so that names can be fetched in between: `find_mentions`, then `document_from_message`.
Messages come from outside: every field may be missing or of another type, and an element of a kind
that is not known yet is shown by its fallback or text, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.slack.emoji import emoji_from_code_points, find_emoji
from bot.slack.mentions import find_mentions, mention_of, message_mentions, shared_messages
from bot.slack.mrkdwn import document_from_mrkdwn
from bot.slack.names import MentionKind, Names
from bot.slack.payload import Json, items, number, string
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
from mail.writing.text import clean_text, is_safe_link, render_text

__all__ = ["AgentText", "document_from_message", "find_mentions"]

_TEXT_KEYS = ("fallback", "text", "name", "label", "title", "value", "url")


@dataclass(frozen=True, slots=True)
class AgentText:
    """A Slack message as the mail will say it.

    `plain` is the same as text, for looking at its first words. `mentions` are user ids, in the
    order of the text; `starts_with_mention` is true for any user, group or broadcast up front.
    `unresolved` are mentioned ids that nobody had a name for.
    """

    document: Document
    mentions: tuple[str, ...] = ()
    starts_with_mention: bool = False
    plain: str = ""
    unresolved: tuple[str, ...] = field(default=())


def document_from_message(
    message: Json, names: Mapping[str, str] | None = None, *, unknown_name: str = "someone"
) -> AgentText:
    """The message as a Document: mentions as names, emoji as characters, shared messages quoted.

    `names` maps ids (of `find_mentions`) to display names.
    """
    resolver = Names(names or {}, unknown_name)
    blocks = list(_message_blocks(message, resolver))
    for shared in shared_messages(message):
        blocks.extend(_quoted(shared, resolver))
    document = Document(tuple(blocks))
    mentions = list(message_mentions(message))
    users = [m.id for _, m in mentions if m.kind is MentionKind.USER]
    return AgentText(
        document=document,
        mentions=tuple(dict.fromkeys(users)),
        starts_with_mention=any(
            first and mention.kind is not MentionKind.CHANNEL for first, mention in mentions
        ),
        plain=render_text(document),
        unresolved=tuple(resolver.unresolved),
    )


def _message_blocks(message: Json, names: Names) -> Iterator[Block]:
    """The blocks if they say anything, else the text."""
    blocks = [made for block in items(message, "blocks") for made in _block(block, names)]
    if any(not isinstance(block, Rule) for block in blocks):
        yield from blocks
        return
    text = message.get("text")
    if isinstance(text, str):
        yield from document_from_mrkdwn(text, names).blocks


def _block(block: Json, names: Names) -> Iterator[Block]:
    """One block of Block Kit; what cannot be said in a mail (buttons, menus) yields nothing."""
    match block.get("type"):
        case "rich_text":
            for element in items(block, "elements"):
                yield from _rich_text(element, names)
        case "section":
            for text in (block.get("text"), *items(block, "fields")):
                yield from _text_object(text, names)
        case "context":
            for text in items(block, "elements"):
                yield from _text_object(text, names)
        case "header":
            yield from (
                Heading(made.spans) if isinstance(made, Paragraph) else made
                for made in _text_object(block.get("text"), names)
            )
        case "markdown":
            if string(block, "text").strip():
                yield from Document.from_text(clean_text(string(block, "text"))).blocks
        case "table":
            yield from _table(block, names)
        case "image":
            alt = string(block, "alt_text")
            if alt.strip():
                yield Image(clean_text(alt))
        case "divider":
            yield Rule()


def _text_object(value: object, names: Names) -> Iterator[Block]:
    if not isinstance(value, Mapping) or not string(value, "text").strip():
        return
    if value.get("type") == "mrkdwn":
        yield from document_from_mrkdwn(string(value, "text"), names).blocks
    else:
        yield from Document.from_text(clean_text(string(value, "text"))).blocks


def _table(block: Json, names: Names) -> Iterator[Block]:
    rows = tuple(
        tuple(_cell(cell, names) for cell in row if isinstance(cell, Mapping))
        for row in block.get("rows") or ()
        if isinstance(row, Sequence) and not isinstance(row, str)
    )
    if any(rows):
        yield Table(rows, header=len(rows) > 1)


def _cell(cell: Json, names: Names) -> Spans:
    if cell.get("type") == "rich_text":
        parts = [_inline(items(one, "elements"), names) for one in items(cell, "elements")]
        return tuple(span for part in parts for span in part)
    return (Span(clean_text(string(cell, "text"))),)


def _rich_text(element: Json, names: Names) -> Iterator[Block]:
    """A top-level element of a rich_text block."""
    elements = items(element, "elements")
    match element.get("type"):
        case "rich_text_section":
            yield from (Paragraph(spans) for spans in _split(_inline(elements, names)))
        case "rich_text_quote":
            yield from (Quote(spans) for spans in _split(_inline(elements, names)))
        case "rich_text_preformatted":
            text = "".join(span.text for span in _inline(elements, names)).strip("\n")
            if text:
                yield Code(text)
        case "rich_text_list":
            yield from _list(element, names)
        case _ if elements:
            yield from (Paragraph(spans) for spans in _split(_inline(elements, names)))
        case _:
            yield from (Paragraph(spans) for spans in _split(_inline([element], names)))


def _list(element: Json, names: Names) -> Iterator[Block]:
    ordered = element.get("style") == "ordered"
    indent = min(max(number(element, "indent"), 0), 8)
    count = max(number(element, "offset"), 0)
    for item in items(element, "elements"):
        if item.get("type") == "rich_text_list":
            yield from (
                replace(one, indent=min(one.indent + indent + 1, 8))
                for one in _list(item, names)
                if isinstance(one, ListItem)
            )
            continue
        count += 1
        spans = _stripped(_inline(items(item, "elements"), names))
        if spans:
            yield ListItem(spans, ordered, indent, count if ordered else None)


def _inline(elements: Sequence[Json], names: Names) -> Spans:
    return tuple(span for one in elements if (span := _span(one, names)).text)


def _span(element: Json, names: Names) -> Span:
    """An inline element of rich_text."""
    style = element.get("style")
    style = style if isinstance(style, Mapping) else {}
    span = Span(
        clean_text(_inline_text(element, names)),
        bold=style.get("bold") is True,
        italic=style.get("italic") is True,
        strike=style.get("strike") is True,
        code=style.get("code") is True,
    )
    url = element.get("url")
    if element.get("type") in {"link", "date"} and isinstance(url, str) and is_safe_link(url):
        span = replace(span, link=url)
    return span


def _inline_text(element: Json, names: Names) -> str:
    match element.get("type"):
        case "text":
            return string(element, "text")
        case "link":
            url = string(element, "url")
            shown = url.removeprefix("mailto:").removeprefix("tel:")
            return string(element, "text") or shown
        case "emoji":
            return _emoji(element)
        case "date":
            return string(element, "fallback") or _date(element)
        case _:
            mention = mention_of(element)
            if mention:
                return names.label(mention)
            return next((text for key in _TEXT_KEYS if (text := string(element, key))), "")


def _emoji(element: Json) -> str:
    """The characters of an emoji; a workspace's own one stays `:name:`."""
    code_points = string(element, "unicode")
    name = string(element, "name")
    tone = number(element, "skin_tone") or None
    characters = emoji_from_code_points(code_points) if code_points else None
    if characters and tone and "\U0001f3fb" not in characters:
        characters = find_emoji(name, tone) or characters
    return characters or find_emoji(name, tone) or (f":{name}:" if name else "")


def _date(element: Json) -> str:
    try:
        moment = datetime.fromtimestamp(number(element, "timestamp"), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _split(spans: Spans) -> Iterator[Spans]:
    """Spans of one section as paragraphs: an empty line ends one."""
    current: list[Span] = []
    for span in spans:
        first, *rest = [span.text] if span.code else span.text.split("\n\n")
        current.append(replace(span, text=first))
        for text in rest:
            if stripped := _stripped(tuple(current)):
                yield stripped
            current = [replace(span, text=text)]
    if stripped := _stripped(tuple(current)):
        yield stripped


def _stripped(spans: Spans) -> Spans:
    """The spans without line breaks at their ends and without empty ones; nothing if all blank."""
    kept = [span for span in spans if span.text]
    while kept and not kept[0].text.strip("\n"):
        kept.pop(0)
    while kept and not kept[-1].text.strip("\n"):
        kept.pop()
    if not any(span.text.strip() for span in kept):
        return ()
    kept[0] = replace(kept[0], text=kept[0].text.lstrip("\n"))
    kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip("\n"))
    return tuple(kept)


def _quoted(shared: Json, names: Names) -> Iterator[Block]:
    """A message that was shared into this one: who said it, then its words as a quote."""
    author = next(
        (text for key in ("author_name", "author_subname") if (text := string(shared, key))), ""
    )
    if author:
        yield Quote((Span(clean_text(f"{author}:"), bold=True),))
    for block in _message_blocks(shared, names):
        match block:
            case Paragraph(spans) | Heading(spans):
                yield Quote(spans)
            case Quote(spans, depth):
                yield Quote(spans, depth + 1)
            case _:
                text = render_text(Document((block,)))
                if text:
                    yield Quote((Span(text),))
