"""Slack's mrkdwn as a Document: for messages without rich_text, and for texts inside attachments.

`*bold*`, `_italic_`, `~strike~`, `` `code` ``, code fences, `> quotes`, bullets, and the control
sequences in angle brackets: `<@U1|ana>`, `<#C1|sales>`, `<!subteam^S1|@desk>`, `<!here>`,
`<!date^…|fallback>`, `<https://x|label>`. Takes time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

from bot.slack.emoji import replace_emoji_names
from bot.slack.names import Mention, MentionKind, Names
from mail.document import Block, Code, Document, ListItem, Paragraph, Quote, Span, Spans
from mail.writing.text import clean_text, is_safe_link

_ATOM = re.compile(r"<([^<>\n]{1,8000})>|`([^`\n]+)`")
_HOLE = "\x00"
"""Stands for an atom while styles are looked for; control characters are gone by then."""
_STYLES = {"*": "bold", "_": "italic", "~": "strike"}
_STYLED = {
    mark: re.compile(
        rf"(?<![^\W_])(?<!{re.escape(mark)}){re.escape(mark)}(?=[^\s{re.escape(mark)}])"
        rf"[^{re.escape(mark)}\n]*(?<!\s){re.escape(mark)}(?![^\W_])(?!{re.escape(mark)})"
    )
    for mark in _STYLES
}
_BULLET = re.compile(r"( *)[•◦▪‣⁃] +(.*)")
_NUMBER = re.compile(r"( *)(\d{1,4})\. +(.*)")


def document_from_mrkdwn(text: str, names: Names) -> Document:
    """mrkdwn to a Document; mentions become names, unknown sequences their labels."""
    blocks: list[Block] = []
    for is_code, piece in _fenced(clean_text(text)):
        if is_code:
            code = _ATOM.sub(lambda found: _plain(found, names), piece)
            blocks.append(Code(unescape(code)))
        else:
            blocks.extend(_line_blocks(piece, names))
    return Document(tuple(blocks))


def mrkdwn_spans(text: str, names: Names) -> Spans:
    """One piece of mrkdwn (no blocks) to spans."""
    atoms: list[Span] = []

    def keep(found: re.Match[str]) -> str:
        code = found[2]
        atoms.append(Span(_text(code), code=True) if code else _sequence(found[1], names))
        return _HOLE

    holed = _ATOM.sub(keep, clean_text(text).replace(_HOLE, ""))
    holes = iter(atoms)
    return tuple(piece for span in _styled(holed) for piece in _filled(span, holes) if piece.text)


def find_mrkdwn_mentions(text: str) -> Iterator[tuple[int, Mention]]:
    """(position, mention) of every user, group, channel or broadcast in the text."""
    for found in _ATOM.finditer(text):
        mention = _mention(found[1]) if found[1] else None
        if mention:
            yield found.start(), mention


def _fenced(text: str) -> Iterator[tuple[bool, str]]:
    """Pieces of (is code, text); a fence that is never closed is text."""
    pieces = text.split("```")
    if len(pieces) % 2 == 0:
        pieces[-2:] = [pieces[-2] + "```" + pieces[-1]]
    for index, piece in enumerate(pieces):
        if piece.strip("\n") and (index % 2 or piece.strip()):
            yield index % 2 == 1, piece.strip("\n")


def _line_blocks(text: str, names: Names) -> Iterator[Block]:
    """Paragraphs, quotes and list items, line by line."""
    paragraph: list[str] = []
    quote: list[str] = []
    for line in [*text.split("\n"), ""]:
        quoted = re.match(r"(?:&gt;|>) ?(.*)", line)
        item = None if quoted else _item(line, names)
        if quote and not quoted:
            yield Quote(mrkdwn_spans("\n".join(quote), names))
            quote = []
        if paragraph and (quoted or item or not line.strip()):
            yield Paragraph(mrkdwn_spans("\n".join(paragraph), names))
            paragraph = []
        if quoted:
            quote.append(quoted[1])
        elif item:
            yield item
        elif line.strip():
            paragraph.append(line)
    if quote:
        yield Quote(mrkdwn_spans("\n".join(quote), names))
    if paragraph:
        yield Paragraph(mrkdwn_spans("\n".join(paragraph), names))


def _item(line: str, names: Names) -> ListItem | None:
    bullet = _BULLET.fullmatch(line)
    if bullet:
        return ListItem(mrkdwn_spans(bullet[2], names), indent=min(len(bullet[1]) // 4, 8))
    number = _NUMBER.fullmatch(line)
    if number:
        spans = mrkdwn_spans(number[3], names)
        indent = min(len(number[1]) // 4, 8)
        return ListItem(spans, ordered=True, indent=indent, number=int(number[2]))
    return None


def _styled(text: str) -> Iterator[Span]:
    """The text split where `*bold*` and the like begin and end; styles may lie in each other."""
    turns: dict[int, tuple[str, bool]] = {}
    for mark, style in _STYLES.items():
        for found in _STYLED[mark].finditer(text):
            turns[found.start()] = (style, True)
            turns[found.end() - 1] = (style, False)
    on = dict.fromkeys(_STYLES.values(), False)
    start = 0
    for position, (style, begins) in sorted(turns.items()):
        yield _span(text[start:position], on)
        on[style] = begins
        start = position + 1
    yield _span(text[start:], on)


def _span(text: str, on: dict[str, bool]) -> Span:
    return Span(text, bold=on["bold"], italic=on["italic"], strike=on["strike"])


def _filled(span: Span, holes: Iterator[Span]) -> Iterator[Span]:
    """The span with its atoms back in their places, in the style around them."""
    first, *rest = span.text.split(_HOLE)
    yield replace(span, text=replace_emoji_names(_text(first)))
    for text in rest:
        atom = next(holes)
        yield replace(span, text=atom.text, code=atom.code, link=atom.link)
        yield replace(span, text=replace_emoji_names(_text(text)))


def _sequence(inner: str, names: Names) -> Span:
    """What stands between angle brackets."""
    mention = _mention(inner)
    if mention:
        return Span(names.label(mention))
    body, _, label = inner.partition("|")
    if body.startswith("!"):
        return Span(_text(label) or _text(body.partition("^")[0].lstrip("!")))
    url = _text(body)
    if is_safe_link(url):
        shown = _text(label) or url.removeprefix("mailto:").removeprefix("tel:")
        return Span(shown, link=url)
    return Span(_text(label) or url if label or ":" in url else f"<{url}>")


def _mention(inner: str) -> Mention | None:
    body, _, label = inner.partition("|")
    label = _text(label)
    if body.startswith(("@U", "@W", "@B")):
        return Mention(MentionKind.USER, body[1:], label)
    if body.startswith(("#C", "#G", "#D")):
        return Mention(MentionKind.CHANNEL, body[1:], label)
    if body.startswith("!subteam^"):
        return Mention(MentionKind.GROUP, body.removeprefix("!subteam^"), label)
    if body in {"!channel", "!here", "!everyone"}:
        return Mention(MentionKind.BROADCAST, body[1:], label)
    return None


def _plain(found: re.Match[str], names: Names) -> str:
    """An atom inside a code block, where nothing is formatted."""
    if found[1] is None:
        return found[0]
    span = _sequence(found[1], names)
    return span.text.replace("&", "&amp;")


def _text(text: str) -> str:
    """mrkdwn escapes exactly three characters; other entities come from people's typing."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
