"""Signatures and the legal footer: light markup in, a Document out, placeholders filled.

A channel has a signature, an agent may have one that takes its place, and the footer that the law
or the company asks for stands last whatever the agent does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mail.document import (
    Block,
    Document,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    Span,
    Spans,
    Table,
)
from mail.writing.text import clean_text, is_safe_link, render_text

PLACEHOLDERS = ("agent.name", "agent.title", "agent.email", "channel.name", "channel.email")
_PLACEHOLDER = re.compile(r"\{[ ]?([a-z]{1,20}\.[a-z_]{1,20})[ ]?\}")
_LOOSE = " ,;:|/·•–—-"
_MARKUP = re.compile(
    r"\[(?P<label>[^\[\]\n]{1,300})\]\((?P<url>[^()\s]{1,1000})\)"
    r"|\*\*(?P<strong>[^*\n]{1,500})\*\*"
    r"|(?<![\w*])\*(?P<bold>[^*\s](?:[^*\n]{0,500}[^*\s])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^_\s](?:[^_\n]{0,500}[^_\s])?)_(?![\w_])"
    r"|(?P<bare>https?://[^\s<>\"]{1,1000})"
    r"|(?<![\w.+@-])(?P<mail>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})(?![\w@-])",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ChosenSignature:
    """What is put below a reply: the signature may be nobody's, the footer is locked."""

    signature: Document | None = None
    footer: Document | None = None


def signature_from_text(text: str) -> Document:
    r"""A signature as people type it: `**bold**` or `*bold*`, `_italic_`, `[text](url)`, links.

    A line that holds only "--" or nothing at the top is dropped: the delimiter is written by
    compose. `\n` typed as two characters (on a command line) is a line break.
    """
    lines = clean_text(text.replace("\\n", "\n")).split("\n")
    while lines and lines[0].strip() in {"", "--", "—"}:
        lines.pop(0)
    paragraphs = "\n".join(line.rstrip() for line in lines).strip("\n")
    return Document(
        tuple(
            Paragraph(_inline(part.strip("\n")))
            for part in re.split(r"\n{2,}", paragraphs)
            if part.strip()
        )
    )


def fill_placeholders(document: Document, values: Mapping[str, str]) -> Document:
    """The document with `{agent.name}` and its like filled in.

    A placeholder without a value disappears, and so does a line that held nothing else. A brace
    that is no placeholder of ours stays. Values are text: nothing in them becomes markup.
    """
    blocks = (_filled_block(block, values) for block in document.blocks)
    return Document(tuple(block for block in blocks if block is not None))


def choose_signature(
    channel: Document | None, agent: Document | None, footer: Document | None
) -> ChosenSignature:
    """The agent's signature takes the place of the channel's; the footer stays in any case."""
    return ChosenSignature(agent or channel or None, footer or None)


def is_signed(body: Document, signature: Document | None) -> bool:
    """Whether the agent typed this signature already, at the end of the reply."""
    wanted = _squeezed(signature) if signature else ""
    return bool(wanted) and _squeezed(body).endswith(wanted)


def sign(body: Document, chosen: ChosenSignature) -> ChosenSignature:
    """The signature and footer still to be added below this body: none of them twice."""
    footer = None if is_signed(body, chosen.footer) else chosen.footer
    signed = is_signed(body, chosen.signature) or (
        chosen.footer is not None
        and chosen.signature is not None
        and _squeezed(body).endswith(_squeezed(chosen.signature) + _squeezed(chosen.footer))
    )
    return ChosenSignature(None if signed else chosen.signature, footer)


def _squeezed(document: Document) -> str:
    """The words alone, for comparing: no white space, no delimiter, no case."""
    text = re.sub(r"(?m)^\s*--\s*$", "", render_text(document))
    return re.sub(r"\s+", "", text).casefold()


def _inline(text: str) -> Spans:
    """Light markup in one paragraph."""
    spans: list[Span] = []
    end = 0
    for found in _MARKUP.finditer(text):
        spans.append(Span(text[end : found.start()]))
        spans.append(_markup_span(found))
        end = found.end()
    spans.append(Span(text[end:]))
    return tuple(span for span in spans if span.text)


def _markup_span(found: re.Match[str]) -> Span:
    kind, text = str(found.lastgroup), found[0]
    match kind:
        case "url":
            url = found["url"] if "://" in found["url"] else _with_scheme(found["url"])
            safe = is_safe_link(_PLACEHOLDER.sub("x", url))
            return Span(found["label"], link=url) if safe else Span(text)
        case "strong" | "bold":
            return Span(found[kind], bold=True)
        case "italic":
            return Span(found[kind], italic=True)
        case "bare":
            return Span(text, link=text) if is_safe_link(text) else Span(text)
        case _:
            return Span(text, link=f"mailto:{text}")


def _with_scheme(url: str) -> str:
    """`www.x.example` and `jo@x.example` as people write them in a link."""
    if url.lower().startswith(("mailto:", "tel:")):
        return url
    return f"mailto:{url}" if "@" in url and "/" not in url else f"https://{url}"


def _filled_block(block: Block, values: Mapping[str, str]) -> Block | None:
    match block:
        case Paragraph(spans) | Heading(spans) | ListItem(spans) | Quote(spans):
            filled = _filled(spans, values)
            return replace(block, spans=filled) if filled or not spans else None
        case Table(rows):
            cells = tuple(tuple(_filled(cell, values) for cell in row) for row in rows)
            return replace(block, rows=cells)
        case Image(alt):
            return replace(block, alt=_fill(alt, values))
        case _:
            return block


def _filled(spans: Spans, values: Mapping[str, str]) -> Spans:
    """Spans with their placeholders filled, without the lines that became empty by it."""
    lines: list[list[Span]] = [[]]
    for span in spans:
        for index, text in enumerate(span.text.split("\n")):
            if index:
                lines.append([])
            lines[-1].append(replace(span, text=text))
    kept: list[Span] = []
    for line in lines:
        filled = [
            replace(s, text=_fill(s.text, values), link=_fill(s.link, values) if s.link else None)
            for s in line
        ]
        was_empty = not any(span.text.strip() for span in line)
        filled = filled if was_empty else _without_loose_ends(line, filled)
        if was_empty or any(span.text.strip() for span in filled):
            kept += [Span("\n")] * bool(kept) + filled
    return tuple(span for span in kept if span.text)


def _without_loose_ends(before: list[Span], after: list[Span]) -> list[Span]:
    """`Ana — ` when the title is empty: the dash at that end of the line goes with it."""
    if after and after[-1].text != before[-1].text and before[-1].text.endswith("}"):
        text = after[-1].text
        after[-1] = replace(after[-1], text=text.rstrip(_LOOSE) if _ends(text) else text)
    if after and after[0].text != before[0].text and before[0].text.startswith("{"):
        text = after[0].text
        after[0] = replace(after[0], text=text.lstrip(_LOOSE) if _ends(text[::-1]) else text)
    return after


def _ends(text: str) -> bool:
    return bool(text.rstrip()) and text.rstrip()[-1] in _LOOSE


def _fill(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in PLACEHOLDERS and name not in values:
            return found[0]
        return " ".join(clean_text(values.get(name) or "").split())

    return _PLACEHOLDER.sub(value, text)
