"""The header block of a mail or of a part: found, split and unfolded, in linear time.

Works on bytes, because the charset of a raw 8-bit header is not known before the whole mail was
seen. `peek_headers` and `dedupe_key` are the quick look that intake takes before it commits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.mime.encoded_words import decode_words, raw_to_text
from mail.sentences import say

PEEK_BYTES = 262_144
MAX_HEADER_BYTES = 1_048_576
"""A header block that is longer is cut here."""
MAX_ID = 998
MAX_IDS = 300

_FIELD = re.compile(rb"([!-9;-~]{1,200}+)[ \t]*+:")
_KNOWN = re.compile(
    rb"(?:x-[a-z0-9-]++|from|to|cc|bcc|subject|date|message-id|mime-version|content-[a-z-]++|received"
    rb"|return-path|reply-to|sender|references|in-reply-to|dkim-signature|list-[a-z-]++|user-agent"
    rb"|delivered-to|arc-[a-z-]++|authentication-results|importance|thread-[a-z]++)[ \t]*+:",
    re.IGNORECASE,
)
_FOLD = re.compile(rb"[\r\n]+[ \t]*")
_PEEK = re.compile(
    rb"^(message-id|from|date|delivered-to|x-original-to|envelope-to|return-path|subject"
    rb"|auto-submitted)[ \t]*+:((?:[^\n]*+)(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_ANGLED = re.compile(r"<([^<>]{1,4000})>")


@dataclass(slots=True)
class HeaderBlock:
    """Header fields in order (name as written, value still folded), and where the body starts."""

    fields: list[tuple[str, bytes]] = field(default_factory=list)
    body_offset: int = 0
    defects: list[str] = field(default_factory=list)
    charset: str | None = None
    """Hint for raw 8-bit values."""

    def raw(self, name: str) -> bytes | None:
        """The first value of that name, folded as it came."""
        return next(self.raw_all(name), None)

    def raw_all(self, name: str) -> Iterator[bytes]:
        """Every value of that name, in order; names ignore case."""
        wanted = name.casefold()
        return (value for key, value in self.fields if key.casefold() == wanted)

    def text(self, name: str) -> str:
        """The first value, unfolded, not decoded; "" when there is none."""
        value = self.raw(name)
        return "" if value is None else raw_to_text(unfold(value), self.charset)

    def text_all(self, name: str) -> list[str]:
        return [raw_to_text(unfold(value), self.charset) for value in self.raw_all(name)]

    def words(self, name: str) -> str:
        """The first value as a person reads it."""
        return decode_words(self.text(name))


def unfold(value: bytes) -> bytes:
    """RFC 5322 2.2.3: folding is one space."""
    value = value.strip(b" \t\r\n\x00")
    return (
        _FOLD.sub(b" ", value).replace(b"\x00", b"") if b"\n" in value or b"\r" in value else value
    )


def split_headers(data: bytes, start: int = 0, end: int | None = None) -> HeaderBlock:
    """The header block that begins at `start`. Junk lines in it are passed over, with a defect.

    A line that is no header ends the block (the separating line is missing) unless a well-known
    header follows directly.
    """
    end = len(data) if end is None else end
    block = HeaderBlock()
    limit = min(end, start + MAX_HEADER_BYTES)
    position = start
    name, value_start = "", 0
    while position < limit:
        line_end = data.find(b"\n", position, end)
        line_end = end if line_end < 0 else line_end + 1
        first = data[position : position + 1]
        if first in (b"\n", b"") or (first == b"\r" and not data[position:line_end].strip(b"\r\n")):
            _close(block, data, name, value_start, position)
            block.body_offset = line_end
            return block
        if first not in (b" ", b"\t") or not name:
            found = _FIELD.match(data, position, line_end)
            if found is not None:
                _close(block, data, name, value_start, position)
                name, value_start = found[1].decode("ascii"), found.end()
            elif not _is_junk(data, position, line_end, end, block, bool(name)):
                _close(block, data, name, value_start, position)
                block.body_offset = position
                block.defects.append("The line between headers and text is missing.")
                return block
            else:
                _close(block, data, name, value_start, position)
                name = ""
        position = line_end
    _close(block, data, name, value_start, min(position, limit))
    block.body_offset = min(position, end)
    if position < end:
        block.defects.append(
            say("The headers are longer than 1 MB: the rest was not read as headers.")
        )
    return block


def _close(block: HeaderBlock, data: bytes, name: str, start: int, end: int) -> None:
    if name:
        block.fields.append((name, data[start:end].rstrip(b"\r\n")))


def _is_junk(
    data: bytes, position: int, line_end: int, end: int, block: HeaderBlock, inside: bool
) -> bool:
    """A From_ line of mbox at the top, or a line that a broken gateway put among the headers."""
    if data.startswith((b"From ", b">From "), position):
        return True
    if block.fields or inside or position == 0:
        next_line = data[line_end : min(end, line_end + 300)]
        if _KNOWN.match(next_line) and line_end - position < 2000:
            block.defects.append("A line among the headers is no header: it was passed over.")
            return True
    return False


def message_ids(text: str) -> tuple[str, ...]:
    """Every Message-ID in a header value, in angle brackets, in order, none twice.

    Folding inside an id, missing brackets and words around ids (`Your message of Monday <id@x>`)
    are understood. An id is cut at 998 characters, a list at 300 ids (the first and the last).
    """
    if "=?" in text:
        text = decode_words(text)
    text = text[:PEEK_BYTES]
    found = [_one_id(item) for item in _ANGLED.findall(text)]
    if not any(found):
        found = [_one_id(word) for word in re.split(r"[\s,;]+", text) if "@" in word]
    if not any(found) and len(text.split()) == 1:
        found = [_one_id(text)]
    ids = list(dict.fromkeys(item for item in found if item))
    if len(ids) > MAX_IDS:
        ids = [ids[0], *ids[-(MAX_IDS - 1) :]]
    return tuple(ids)


def _one_id(text: str) -> str:
    inner = "".join(char for char in text if not char.isspace() and char.isprintable())
    inner = inner.strip("<>\"',;")
    return f"<{inner[: MAX_ID - 2]}>" if inner else ""


@dataclass(frozen=True, slots=True)
class PeekedHeaders:
    """What a quick look at the first 256 kB says; raw values, unfolded, not decoded."""

    message_id: bytes | None = None
    from_raw: bytes | None = None
    date_raw: bytes | None = None
    subject_raw: bytes | None = None
    return_path: bytes | None = None
    auto_submitted: bytes | None = None
    delivered_to: tuple[bytes, ...] = ()
    """Delivered-To, X-Original-To and Envelope-To, in order."""
    body_offset: int = 0


def peek_headers(data: bytes) -> PeekedHeaders:
    """A quick look at a mail's headers, without MIME and without decoding."""
    head_end = _head_end(data)
    first: dict[bytes, bytes] = {}
    delivered: list[bytes] = []
    for found in _PEEK.finditer(data, 0, head_end):
        key = found[1].lower()
        value = b" ".join(found[2].split())
        if key in (b"delivered-to", b"x-original-to", b"envelope-to"):
            delivered.append(value)
        else:
            first.setdefault(key, value)
    return PeekedHeaders(
        message_id=first.get(b"message-id") or None,
        from_raw=first.get(b"from") or None,
        date_raw=first.get(b"date") or None,
        subject_raw=first.get(b"subject"),
        return_path=first.get(b"return-path"),
        auto_submitted=first.get(b"auto-submitted"),
        delivered_to=tuple(delivered[:50]),
        body_offset=head_end,
    )


def _head_end(data: bytes) -> int:
    start = 0
    while data[start : start + 1] in (b"\r", b"\n"):
        start += 1
    unix = data.find(b"\n\n", start, PEEK_BYTES)
    dos = data.find(b"\n\r\n", start, PEEK_BYTES if unix < 0 else unix)
    ends = [at for at in (unix, dos) if at >= 0]
    return min(ends) + 1 if ends else min(len(data), PEEK_BYTES)


def dedupe_key(data: bytes) -> str:
    """What two arrivals of one mail share: SHA-256 over Message-ID, From and Date.

    Relays add headers, so the bytes differ; these three do not. When Message-ID or Date is missing
    the body counts as well, so that two different mails never become one.
    """
    peeked = peek_headers(data)
    digest = hashlib.sha256()
    for value in (peeked.message_id, peeked.from_raw, peeked.date_raw):
        digest.update(value or b"")
        digest.update(b"\x00")
    if peeked.message_id is None or peeked.date_raw is None:
        digest.update(peeked.subject_raw or b"")
        digest.update(b"\x00" + hashlib.sha256(data[peeked.body_offset :].strip()).digest())
    return digest.hexdigest()
