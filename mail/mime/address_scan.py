"""A tolerant scanner for address headers: names and literal addresses, nothing decoded.

One pass over the characters. A quote, comment or angle bracket that never closes is an ordinary
character, because the header goes on after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_SPEC = re.compile(r"(?:\"[^\"\r\n]{1,64}\"|[^\s<>()\",;:]{1,320})@[^\s<>()\",;@]{1,255}")
_SPACED = re.compile(r"[^\s@]{1,320}\s{0,3}@\s{0,3}[^\s@]{1,255}")
_SCHEME = re.compile(r"\[?(?:mailto|smtp):\s{0,9}\]?", re.IGNORECASE)
_BREAK = re.compile(r"[,;<]")
_MAX_ANGLE = _MAX_ENTRY = 2_000
_PLAIN = re.compile(r'[^"(<\[,;:>\\)]+')


@dataclass(frozen=True, slots=True)
class Mailbox:
    name: str
    address: str


@dataclass(slots=True)
class _Entry:
    """What stands between two commas."""

    words: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angle: str | None = None
    quoted: bool = False
    words_before: int = 0
    """How many of the words stood before the angle brackets."""

    def name(self) -> str:
        return " ".join("".join(self.words).split())

    def is_empty(self) -> bool:
        return self.angle is None and not self.name() and not self.comments


def scan_mailboxes(value: str) -> list[Mailbox]:
    """The mailboxes of a header value, in order, and names without an address left out."""
    found: list[Mailbox] = []
    held = ""
    for entry in _entries(value):
        name = entry.name()
        if entry.angle is None and "@" not in name:
            # `Smith, Jo <jo@x>`: a comma in a name that nobody quoted
            held = f"{held}, {name}" if held and name else held or name
            continue
        boxes = list(_mailboxes(entry, name))
        if held and boxes and entry.angle is not None and boxes[0].name and not entry.quoted:
            boxes[0] = Mailbox(f"{held}, {boxes[0].name}", boxes[0].address)
        held = ""
        found.extend(boxes)
    return found


def _mailboxes(entry: _Entry, name: str) -> Iterator[Mailbox]:
    comment = " ".join(entry.comments)
    if entry.angle is not None:
        address = _angle_address(entry.angle)
        if address:
            yield Mailbox(name or comment, address)
            return
        name = name or entry.angle
    name = name[:_MAX_ENTRY]
    specs = list(_SPEC.finditer(name))
    if entry.quoted and not specs:
        return
    for found in specs:
        rest = name[: found.start()] + name[found.end() :] if len(specs) == 1 else ""
        rest = _SCHEME.sub("", rest).strip(" []'\"")
        yield Mailbox(rest or comment, found[0].strip("[]'"))


def _angle_address(text: str) -> str:
    """`@a,@b:jo@x` is a source route; spaces and quotes are strays; no `@`, no address."""
    text = text.strip().strip("<>").strip()
    if text.startswith("@"):
        text = text.rpartition(":")[2]
    if text.startswith('"') and text.endswith('"') and "@" in text:
        text = text.strip('"')
    if "=?" in text:
        return ""  # an encoded word is never an address
    if text[:7].casefold() == "mailto:":
        text = text[7:]
    if not text.startswith('"') and (found := _SPACED.search(text)):
        text = "".join(found[0].split())
    return text if "@" in text.strip("@") else ""


def _entries(value: str) -> Iterator[_Entry]:
    entry = _Entry()
    position = 0
    lost: set[str] = set()
    while position < len(value):
        char = value[position]
        plain = _PLAIN.match(value, position)
        if plain is not None:
            entry.words.append(plain[0])
            position = plain.end()
            continue
        position += 1
        if char in ",;":
            yield entry
            entry = _Entry()
        elif char == ":":
            position = _colon(value, position, entry)
        elif char == '"' and '"' not in lost:
            position = _quoted(value, position, entry, lost)
        elif char == "(" and "(" not in lost:
            position = _comment(value, position, entry, lost)
        elif char == "<":
            if entry.angle is not None and "@" in entry.angle:  # a comma was forgotten
                rest = entry.words[entry.words_before :]
                del entry.words[entry.words_before :]
                yield entry
                entry = _Entry(words=rest)
            position = _angle(value, position, entry)
        elif char == "\\":
            entry.words.append(value[position : position + 1])
            position += 1
        elif char not in '">':
            entry.words.append(char)
    yield entry


def _colon(value: str, position: int, entry: _Entry) -> int:
    """`Group name: a@b, c@d;` drops the name; `mailto:` and `[IPv6:…]` keep the colon."""
    words = "".join(entry.words)
    if entry.angle is None and "@" not in words and "mailto" not in words.casefold():
        entry.words.clear()
        entry.quoted = False
    else:
        entry.words.append(":")
    return position


def _quoted(value: str, position: int, entry: _Entry, lost: set[str]) -> int:
    out: list[str] = []
    start = position
    while position < len(value):
        char = value[position]
        if char == "\\" and position + 1 < len(value):
            out.append(value[position + 1])
            position += 2
            continue
        if char == '"':
            if value[position + 1 : position + 2] == "@":  # "jo smith"@example.org
                entry.words.append('"' + "".join(out) + '"')
            else:
                entry.words.append("".join(out))
            entry.quoted = True
            return position + 1
        out.append(char)
        position += 1
    lost.add('"')
    return start


def _comment(value: str, position: int, entry: _Entry, lost: set[str]) -> int:
    depth, start = 1, position
    out: list[str] = []
    while position < len(value):
        char = value[position]
        if char == "\\" and position + 1 < len(value):
            out.append(value[position + 1])
            position += 2
            continue
        depth += (char == "(") - (char == ")")
        position += 1
        if depth == 0:
            entry.comments.append("".join(out).strip())
            return position
        out.append(char)
    lost.add("(")
    return start


def _angle(value: str, position: int, entry: _Entry) -> int:
    while value[position : position + 1] == "<":
        position += 1
    closing = value.find(">", position, position + _MAX_ANGLE)
    comma = _BREAK.search(value, position)
    stop = comma.start() if comma else len(value)
    if value[position : position + 1] in ("@", '"') and closing >= 0:
        stop = max(stop, closing)  # a source route and a quoted local part may hold commas
    if closing < 0 or closing > stop:
        closing, after = stop, stop
    else:
        after = closing + 1
    text = value[position:closing]
    if entry.angle is None or "@" in text:
        entry.angle = text
        entry.words_before = len(entry.words)
    return after
