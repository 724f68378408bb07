"""What an agent wrote in Slack as a Document: rich_text elements, or mrkdwn where there are none.

Two steps, so that names can be fetched in between: `find_mentions`, then `document_from_message`.
Messages come from outside: every field may be missing or of another type, and an element of a kind
that is not known yet is shown by its fallback or text, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bot.slack.emoji import emoji_from_code_points, find_emoji
from bot.slack.mrkdwn import document_from_mrkdwn, find_mrkdwn_mentions, mrkdwn_spans
from bot.slack.names import Mention, MentionKind, Names
from mail.compose_text import clean_text, is_safe_link, render_text
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

Json = Mapping[str, Any]
_TEXT_KEYS = ("fallback", "text", "name", "label", "title", "value", "url")
_MAX_SHARED = 10


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


def find_mentions(message: Json) -> set[str]:
    """Ids of every user, group and channel whose name is needed to write this message."""
    found = {m.id for _, m in _mentions(message) if m.kind is not MentionKind.BROADCAST}
    for shared in _shared_messages(message):
        found |= {m.id for _, m in _mentions(shared) if m.kind is not MentionKind.BROADCAST}
    return found


def document_from_message(
    message: Json, names: Mapping[str, str] | None = None, *, unknown_name: str = "someone"
) -> AgentText:
    """The message as a Document: mentions as names, emoji as characters, shared messages quoted.

    `names` maps ids (of `find_mentions`) to display names.
    """
    resolver = Names(names or {}, unknown_name)
    blocks = list(_message_blocks(message, resolver))
    for shared in _shared_messages(message):
        blocks.extend(_quoted(shared, resolver))
    document = Document(tuple(blocks))
    mentions = list(_mentions(message))
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
    blocks = [made for block in _items(message, "blocks") for made in _block(block, names)]
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
            for element in _items(block, "elements"):
                yield from _rich_text(element, names)
        case "section":
            for text in (block.get("text"), *_items(block, "fields")):
                yield from _text_object(text, names)
        case "context":
            for text in _items(block, "elements"):
                yield from _text_object(text, names)
        case "header":
            yield from (
                Heading(made.spans) if isinstance(made, Paragraph) else made
                for made in _text_object(block.get("text"), names)
            )
        case "markdown":
            if _string(block, "text").strip():
                yield from Document.from_text(clean_text(_string(block, "text"))).blocks
        case "table":
            yield from _table(block, names)
        case "image":
            alt = _string(block, "alt_text")
            if alt.strip():
                yield Image(clean_text(alt))
        case "divider":
            yield Rule()


def _text_object(value: object, names: Names) -> Iterator[Block]:
    if not isinstance(value, Mapping) or not _string(value, "text").strip():
        return
    if value.get("type") == "mrkdwn":
        yield from document_from_mrkdwn(_string(value, "text"), names).blocks
    else:
        yield from Document.from_text(clean_text(_string(value, "text"))).blocks


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
        parts = [_inline(_items(one, "elements"), names) for one in _items(cell, "elements")]
        return tuple(span for part in parts for span in part)
    return (Span(clean_text(_string(cell, "text"))),)


def _rich_text(element: Json, names: Names) -> Iterator[Block]:
    """A top-level element of a rich_text block."""
    elements = _items(element, "elements")
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
    indent = min(max(_number(element, "indent"), 0), 8)
    number = max(_number(element, "offset"), 0)
    for item in _items(element, "elements"):
        if item.get("type") == "rich_text_list":
            yield from (
                replace(one, indent=min(one.indent + indent + 1, 8))
                for one in _list(item, names)
                if isinstance(one, ListItem)
            )
            continue
        number += 1
        spans = _stripped(_inline(_items(item, "elements"), names))
        if spans:
            yield ListItem(spans, ordered, indent, number if ordered else None)


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
            return _string(element, "text")
        case "link":
            url = _string(element, "url")
            shown = url.removeprefix("mailto:").removeprefix("tel:")
            return _string(element, "text") or shown
        case "emoji":
            return _emoji(element)
        case "date":
            return _string(element, "fallback") or _date(element)
        case _:
            mention = _mention(element)
            if mention:
                return names.label(mention)
            return next((text for key in _TEXT_KEYS if (text := _string(element, key))), "")


def _mention(element: Json) -> Mention | None:
    """The mention that an inline element is."""
    match element.get("type"):
        case "user":
            return Mention(MentionKind.USER, _string(element, "user_id"))
        case "usergroup":
            return Mention(MentionKind.GROUP, _string(element, "usergroup_id"))
        case "channel":
            return Mention(MentionKind.CHANNEL, _string(element, "channel_id"))
        case "broadcast":
            return Mention(MentionKind.BROADCAST, _string(element, "range") or "channel")
        case _:
            return None


def _emoji(element: Json) -> str:
    """The characters of an emoji; a workspace's own one stays `:name:`."""
    code_points = _string(element, "unicode")
    name = _string(element, "name")
    tone = _number(element, "skin_tone") or None
    characters = emoji_from_code_points(code_points) if code_points else None
    if characters and tone and "\U0001f3fb" not in characters:
        characters = find_emoji(name, tone) or characters
    return characters or find_emoji(name, tone) or (f":{name}:" if name else "")


def _date(element: Json) -> str:
    try:
        moment = datetime.fromtimestamp(_number(element, "timestamp"), UTC)
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
        (text for key in ("author_name", "author_subname") if (text := _string(shared, key))), ""
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


def _shared_messages(message: Json) -> Iterator[Json]:
    """Messages shared into this one; unfurled links of the web are not part of what was said."""
    for attachment in _items(message, "attachments")[:_MAX_SHARED]:
        if attachment.get("is_msg_unfurl") is True or attachment.get("is_share") is True:
            blocks: list[Json] = []
            for wrapped in _items(attachment, "message_blocks"):
                inner = wrapped.get("message")
                blocks += _items(inner, "blocks") if isinstance(inner, Mapping) else []
            yield {**attachment, "blocks": blocks or _items(attachment, "blocks")}


def _mentions(message: Json) -> Iterator[tuple[bool, Mention]]:
    """(stands at the very start, mention) for each mention of the message's own words."""
    said_nothing, any_blocks = True, False
    for block in _items(message, "blocks"):
        any_blocks = any_blocks or block.get("type") == "rich_text"
        for element in _leaves(block, 0):
            mention = _mention(element)
            if mention:
                yield said_nothing, mention
            text = element.get("text")
            if isinstance(text, str) and element.get("type") == "mrkdwn":
                yield from ((False, found) for _, found in find_mrkdwn_mentions(text))
            said_nothing = said_nothing and element.get("type") == "text" and not str(text).strip()
    text = message.get("text")
    if not any_blocks and isinstance(text, str):
        for position, found in find_mrkdwn_mentions(text):
            yield not text[:position].strip(), found


def _leaves(element: Json, depth: int) -> Iterator[Json]:
    """All elements below, in the order of the text, that hold no others."""
    if depth > 8:
        return
    inner = [*_items(element, "elements"), *_items(element, "fields")]
    for row in element.get("rows") or () if isinstance(element.get("rows"), list) else ():
        inner += (
            [cell for cell in row if isinstance(cell, Mapping)] if isinstance(row, list) else []
        )
    text = element.get("text")
    if isinstance(text, Mapping):
        inner.insert(0, text)
    if not inner and depth:
        yield element
    for one in inner:
        yield from _leaves(one, depth + 1)


def _items(element: Json, key: str) -> list[Json]:
    """The mappings in a list field; nothing for any other type."""
    value = element.get(key)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _string(element: Json, key: str) -> str:
    value = element.get(key)
    return value if isinstance(value, str) else ""


def _number(element: Json, key: str) -> int:
    value = element.get(key)
    return int(value) if isinstance(value, int | float) and abs(value) < 1e15 else 0


__all__ = ["AgentText", "document_from_message", "find_mentions", "mrkdwn_spans"]
