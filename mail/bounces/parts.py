"""The parts that a bounce is read from, gathered without trusting how the mail was put together.

Attached mails are never looked into here: a person who forwards a bounce is no bounce.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

from mail.bounces.rules.signs import RETURNED, TEXT
from mail.bounces.status import find_reply, status_of_words
from mail.mime.charsets import decode_text
from mail.mime.encoded_words import decode_words

_MOST_PARTS: Final = 60
_MOST_TEXT: Final = 100_000
_MOST_LINES: Final = 1_000
_STATUS_TYPES: Final = ("message/delivery-status", "message/global-delivery-status")
_ORIGINALS: Final = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "text/rfc822-header",
    "message/rfc822-headers",
    "message/global-headers",
    "message/partial",
)
_FIELD = re.compile(r"[ >]{0,4}(?P<name>[A-Za-z][A-Za-z0-9-]{1,60})[ \t]{0,4}:(?:[ \t]|$)")
_COMPLAINED = re.compile(r"(?im)^original-rcpt-to:[ \t]{0,20}(\S[^\r\n]{0,500})")
_HEAD_NAMES: Final = (
    "received return-path message-id from to date subject mime-version content-type x-mailer "
    "reply-to sender cc dkim-signature x-originating-ip in-reply-to references delivered-to"
)
_HEADS: Final = frozenset(_HEAD_NAMES.split())
_TELLING: Final = frozenset({"received", "return-path", "message-id", "mime-version"})
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d|p|div|tr|hr)\b[^<>]{0,500}>", re.IGNORECASE)

Fields = dict[str, str]


@dataclass(slots=True)
class BounceParts:
    explanation: str = ""
    """What the server wrote for people, above the copy of the mail."""
    returned: Message | None = None
    """The head of the mail that comes back, as far as it is there."""
    status: list[Fields] = field(default_factory=list)
    """Blocks of message/delivery-status: names in lower case, values unfolded."""
    has_report: bool = False
    has_feedback: bool = False
    has_disposition: bool = False
    disposition: Fields = field(default_factory=dict)
    """Of message/disposition-notification, by which some servers refuse a mail (RFC 5429)."""
    feedback: Fields = field(default_factory=dict)
    complained: list[str] = field(default_factory=list)
    """Every Original-Rcpt-To of the feedback: one complaint may be about many."""


def header(message: Message, name: str) -> str:
    """The first header of that name, unfolded and readable; "" when there is none."""
    wanted = name.lower()
    for key, value in message.raw_items():
        if key.lower() == wanted:
            text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            return decode_words(" ".join(text[:4000].split()))
    return ""


def gather_parts(message: Message, text: str) -> BounceParts:
    """All that a bounce may be read from. `text` stands in where no part is plain text."""
    parts = BounceParts()
    texts: list[str] = []
    html: list[str] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        if kind in _STATUS_TYPES:
            parts.has_report = True
            parts.status.extend(status_blocks(part))
        elif kind == "message/disposition-notification":
            parts.has_disposition = True
            parts.disposition = _merged(status_blocks(part))
        elif kind == "message/feedback-report":
            parts.has_feedback = True
            parts.feedback = _merged(status_blocks(part))
            parts.complained = _COMPLAINED.findall(part_text(part)[:_MOST_TEXT])
        elif kind in _ORIGINALS:
            parts.returned = parts.returned or _original(part)
        elif kind == "text/html":
            html.append(part_text(part))
        elif kind.startswith("text/") or not part.get("Content-Type"):
            texts.append(part_text(part))
    own = "\n".join(texts).strip() or text.strip() or strip_tags("\n".join(html))
    _split(parts, own[:_MOST_TEXT])
    return parts


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that are no multipart, in order, without entering attached mails."""
    waiting: list[Message] = [message]
    seen = 0
    while waiting and seen < _MOST_PARTS:
        part = waiting.pop()
        seen += 1
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(
                item for item in reversed(payload[:_MOST_PARTS]) if isinstance(item, Message)
            )
        else:
            yield part


def part_text(part: Message) -> str:
    """A part's characters, however it is encoded."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return "\n".join(_block_text(item) for item in payload[:200] if isinstance(item, Message))
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        data = None
    if not isinstance(data, bytes):
        data = str(payload or "").encode("utf-8", "surrogateescape")
    charset = part.get_param("charset")
    decoded = decode_text(data[: 2 * _MOST_TEXT], charset if isinstance(charset, str) else None)
    return decoded.text.replace("\r\n", "\n").replace("\r", "\n")


def _block_text(block: Message) -> str:
    lines = [f"{name}: {' '.join(str(value).split())}" for name, value in block.raw_items()]
    payload = block.get_payload()
    tail = payload if isinstance(payload, str) else ""
    return "\n".join([*lines, "", tail])


def status_blocks(part: Message) -> list[Fields]:
    """The header blocks of a delivery-status part, whatever its parser made of it."""
    return parse_status(part_text(part))


def parse_status(text: str) -> list[Fields]:
    """Blocks of `Name: value` lines; a repeated Final-Recipient starts a block of its own."""
    blocks: list[Fields] = [{}]
    name = ""
    for line in text[:_MOST_TEXT].split("\n")[: 5 * _MOST_LINES]:
        found = _FIELD.match(line)
        if not line.strip():
            name = ""
            if blocks[-1]:
                blocks.append({})
        elif found:
            name = found["name"].lower()
            if name == "final-recipient" and name in blocks[-1]:
                blocks.append({})
            blocks[-1].setdefault(name, line[found.end() :].strip())
        elif name and name in blocks[-1] and len(blocks[-1][name]) < 4000:
            blocks[-1][name] = f"{blocks[-1][name]} {line.strip()}".strip()
    return [block for block in blocks if block]


def _merged(blocks: list[Fields]) -> Fields:
    result: Fields = {}
    for block in blocks:
        for name, value in block.items():
            result.setdefault(name, value)
    return result


def _original(part: Message) -> Message | None:
    payload = part.get_payload()
    if isinstance(payload, list):
        return next((item for item in payload if isinstance(item, Message)), None)
    return head_of(part_text(part))


def head_of(text: str) -> Message:
    """The header fields at the start of a text, as a Message without a body."""
    result = Message()
    name = ""
    values: dict[str, list[str]] = {}
    order: list[str] = []
    for line in text.lstrip("\n").split("\n")[:300]:
        found = _FIELD.match(line)
        if line[:1] in (" ", "\t") and name and not (found and found["name"].lower() in _HEADS):
            values[name].append(line.strip())
        elif found:
            name = f"{found['name']}\n{len(order)}"
            order.append(name)
            values[name] = [line[found.end() :].strip()]
        elif order and not line.startswith((">From ", "From ")):
            break
    for key in order:
        result.set_raw(key.partition("\n")[0], " ".join(values[key])[:4000])
    return result


def _split(parts: BounceParts, text: str) -> None:
    """Cut the explanation off above the copy of the mail, and read that copy's head."""
    lines = text.split("\n")[:_MOST_LINES]
    cut = _copy_starts(lines)
    said = _said_below(lines, cut)
    if said is not None:
        cut = _copy_starts(lines, said + 1)
    parts.explanation = "\n".join(lines[:cut]).strip()
    if cut < len(lines) and parts.returned is None:
        start = next((i for i in range(cut, len(lines)) if _is_head(lines[i])), None)
        if start is not None:
            parts.returned = head_of("\n".join(line.strip(">|") for line in lines[start:]))
    if not parts.status and "final-recipient" in text.lower():
        parts.status = [block for block in parse_status(text) if "final-recipient" in block]


def _said_below(lines: list[str], cut: int) -> int | None:
    """The line that says what failed where nothing above does: what looked like the copy of our
    mail is only its head, named first ("Your message To: … Subject: … did not reach …")."""
    if cut >= len(lines) or _says_failed("\n".join(lines[:cut])):
        return None
    below = range(cut, min(len(lines), cut + 20))
    return next((index for index in below if TEXT.search(lines[index][:400])), None)


def _says_failed(text: str) -> bool:
    return bool(TEXT.search(text) or find_reply(text) or status_of_words(text))


def _copy_starts(lines: list[str], first: int = 0) -> int:
    """The first line of the copy: below a line that announces it, or where headers begin."""
    for index, line in enumerate(lines[first:], first):
        if RETURNED.match(line[:200]) and _head_below(lines, index + 1, 25, 3):
            return index
        if _is_head(line) and _head_below(lines, index, 14, 4):
            return index
    return len(lines)


def _head_below(lines: list[str], start: int, count: int, enough: int) -> bool:
    """Whether the head of a mail stands in the next lines: enough fields, or telling ones."""
    found = (_FIELD.match(line) for line in lines[start : start + count])
    names = {item["name"].lower() for item in found if item} & _HEADS
    return len(names) >= enough or (len(names) >= 2 and not names.isdisjoint(_TELLING))


def _is_head(line: str) -> bool:
    found = _FIELD.match(line)
    return found is not None and found["name"].lower() in _HEADS


def strip_tags(html: str) -> str:
    """The words of an HTML part, roughly: bounces are simple."""
    import html as entities

    return entities.unescape(_TAG.sub(" ", _BREAK.sub("\n", html[:_MOST_TEXT])))
