"""The small pieces of Slack's blocks: clean text, links that Slack takes, inline elements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from mail.document import Span, Spans, spans_text

Json = dict[str, Any]

ELLIPSIS = "…"
MAX_URL = 3000
_STRIPPED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
_STYLE = re.compile("[*_~`]")
_BROADCAST = re.compile("@(?=(?:channel|here|everyone)\\b)", re.IGNORECASE)


def escape_text(text: str) -> str:
    """Text for a message's fallback `text`: nothing in it is markup, a mention or a broadcast."""
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _BROADCAST.sub("@\u2060", text)


def plain_mrkdwn(text: str) -> str:
    """Text for a mrkdwn block in which nothing is bold, italic, struck or code either."""
    return _STYLE.sub("\u2060\\g<0>", escape_text(text))


def clean(text: str) -> str:
    """The text without control characters, bidi overrides and lone surrogates; "\\n" line ends."""
    text = re.sub("\r\n|[\r\u2028\u2029\x85]", "\n", text)
    return re.sub("[\ud800-\udfff]", "\ufffd", _STRIPPED.sub("", text))


def find_slack_url(url: str | None) -> str | None:
    """The URL when a Slack link element takes it: http, https or mailto, well-formed, not long."""
    if not url or len(url) > MAX_URL or re.search(r"[\s\x00-\x20\x7f-\xa0<>\ud800-\udfff]", url):
        return None
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    if parts.scheme in {"http", "https"}:
        return url if has_host else None
    return url if parts.scheme == "mailto" and "@" in parts.path else None


def span_element(span: Span, url: str | None) -> Json:
    """One text or link element; only styles that are on are named, as Slack asks."""
    styles = {name: True for name in ("bold", "italic", "strike", "code") if getattr(span, name)}
    element: Json = {"type": "link", "url": url} if url else {"type": "text"}
    if span.text and span.text != url:
        element["text"] = span.text
    if styles:
        element["style"] = styles
    return element


def append_elements(elements: list[Json], more: Iterable[Json]) -> None:
    """Add elements; text that goes on in the same style is one element."""
    for element in more:
        last = elements[-1] if elements else {}
        same = last.get("type") == element["type"] == "text"
        if same and last.get("style") == element.get("style"):
            elements[-1] = {**last, "text": last["text"] + element["text"]}
        else:
            elements.append(element)


def trimmed_spans(spans: Spans) -> Iterator[Span]:
    """Clean spans without the empty ones, without line breaks at the very ends."""
    cleaned = [replace(span, text=clean(span.text)) for span in spans]
    cleaned = [span for span in cleaned if span.text]
    if not any(span.text.strip() for span in cleaned):
        return
    while cleaned and not cleaned[0].text.strip("\n"):
        cleaned.pop(0)
    while cleaned and not cleaned[-1].text.strip("\n"):
        cleaned.pop()
    for index, span in enumerate(cleaned):
        text = span.text.lstrip("\n") if index == 0 else span.text
        text = text.rstrip("\n") if index == len(cleaned) - 1 else text
        yield replace(span, text=text)


def prefixed_spans(spans: Spans, marks: str) -> Spans:
    """A deeper quote shows its depth by `> ` before each line."""
    if not marks or not spans:
        return spans
    lined = (replace(span, text=clean(span.text).replace("\n", f"\n{marks}")) for span in spans)
    return (Span(marks), *lined)


def cut_text(text: str, room: int) -> str:
    """The text cut at a word, "…" at its end; at most `room` characters."""
    if room < 2:
        return ELLIPSIS if room == 1 else ""
    head = text[: room - 1]
    space = max(head.rfind(" "), head.rfind("\n"))
    return (head[:space] if space > room // 2 else head).rstrip() + ELLIPSIS


def cell_text(spans: Spans) -> str:
    return " ".join(clean(spans_text(spans)).split())
