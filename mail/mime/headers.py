"""The header block of a mail or of a part: found, split and unfolded, in linear time.

Works on bytes, because the charset of a raw 8-bit header is not known before the whole mail was
seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.mime.encoded_words import decode_words, raw_to_text
from mail.sentences import say

MAX_HEADER_BYTES = 1_048_576
"""A header block that is longer is cut here."""
MAX_IDS_TEXT = 262_144
"""Ids are looked for in this much of a header."""
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
    text = text[:MAX_IDS_TEXT]
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
