"""Addresses of the web and of people in plain text become links."""

from __future__ import annotations

import re
from dataclasses import replace

from mail.document import Block, Heading, ListItem, Paragraph, Quote, Span, Spans
from mail.html.links import clean_url

_LINK = re.compile(
    r"(?<![\w@/.-])(?:(?P<web>https?://[^\s<>\"“”]{1,2000})|(?P<www>www\.[^\s<>\"“”]{3,500})"
    r"|(?P<mail>(?:mailto:)?[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}))",
    re.IGNORECASE,
)
_CLOSING = {")": "(", "]": "[", "}": "{", "»": "«"}


def link_block(block: Block) -> Block:
    """The block with its bare links marked; code and tables stay as they are."""
    if isinstance(block, Paragraph | Heading | ListItem | Quote):
        spans = link_spans(block.spans)
        return block if spans is block.spans else replace(block, spans=spans)
    return block


def link_spans(spans: Spans) -> Spans:
    """Spans without a link are split where their text holds one."""
    out: list[Span] = []
    changed = False
    for span in spans:
        if span.link or span.code or not _may_link(span.text):
            out.append(span)
            continue
        pieces = _split(span)
        changed = changed or len(pieces) > 1 or pieces[0].link is not None
        out.extend(pieces)
    return tuple(out) if changed else spans


def _may_link(text: str) -> bool:
    return "://" in text or "@" in text or "www." in text.casefold()


def _split(span: Span) -> list[Span]:
    out: list[Span] = []
    position = 0
    for found in _LINK.finditer(span.text):
        text = _without_tail(found[0])
        href = text
        if found["www"]:
            href = "http://" + text
        elif found["mail"] and not text.casefold().startswith("mailto:"):
            href = "mailto:" + text
        url = clean_url(href)
        if url is None:
            continue
        if found.start() > position:
            out.append(replace(span, text=span.text[position : found.start()]))
        out.append(replace(span, text=text, link=url))
        position = found.start() + len(text)
    if position < len(span.text) or not out:
        out.append(replace(span, text=span.text[position:]))
    return out


def _without_tail(text: str) -> str:
    """Punctuation at the end belongs to the sentence; a bracket only if it opened outside."""
    while text:
        last = text[-1]
        opening = _CLOSING.get(last)
        if last in ".,;:!?'’*_|>、。，" or (opening and text.count(last) > text.count(opening)):
            text = text[:-1]
        else:
            break
    return text
