"""A mail split into its MIME parts, in one pass and without recursion.

The parser of the standard library recurses into nested parts and asks every open boundary about
every line; this one looks each `--` line up in a table, so that ten thousand parts or a thousand
levels cost no more than their bytes. Parts are offsets into the mail; nothing is copied.
Attached mails (message/rfc822) are leaves here: read them by splitting them in turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.mime.headers import HeaderBlock, split_headers
from mail.mime.parameters import Parameterised, media_type, parse_parameters
from mail.sentences import say

MAX_PARTS = 1_000
MAX_DEPTH = 50

_MAX_BOUNDARY = 300
_GUESS = re.compile(rb"(?:\A|(?<=\n))--([^\s-][^\r\n]{0,200})\r?\n(?=[Cc]ontent-[A-Za-z-]{1,40}:)")


@dataclass(slots=True)
class Part:
    """A part: its headers, its type, and the bytes of its body as offsets."""

    index: int
    headers: HeaderBlock
    content_type: str
    parameters: dict[str, str]
    disposition: Parameterised
    data: bytes = field(repr=False)
    start: int = 0
    """Where the headers begin."""
    body_start: int = 0
    body_end: int = 0
    children: list[Part] = field(default_factory=list)
    declared: bool = True
    """Whether the part says its type itself."""

    @property
    def is_multipart(self) -> bool:
        return self.content_type.startswith("multipart/") and bool(self.children)

    @property
    def body(self) -> bytes:
        """The body as it came, still in its transfer encoding."""
        return self.data[self.body_start : self.body_end]

    @property
    def encoding(self) -> str:
        return self.headers.text("Content-Transfer-Encoding").partition(";")[0]

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the order of the mail."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


@dataclass(slots=True)
class _Open:
    """A multipart whose end was not seen yet."""

    part: Part
    boundary: bytes
    closed: bool = False
    current: Part | None = None


@dataclass(slots=True)
class MimeTree:
    root: Part
    defects: list[str]


def split_mime(data: bytes) -> MimeTree:
    """The parts of a mail. Never raises; what cannot be split is one part of text."""
    splitter = _Splitter(data)
    splitter.run()
    return MimeTree(splitter.root, list(dict.fromkeys(splitter.defects)))


class _Splitter:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.defects: list[str] = []
        self.count = 0
        self.stack: list[_Open] = []
        self.by_boundary: dict[bytes, int] = {}
        self.root = self._open(0, None)

    def run(self) -> None:
        if self.stack:
            self._scan(self.root.body_start)
        self._finish()
        if self.root.content_type.startswith("multipart/") and not self.root.children:
            self._rescue_root()

    def _scan(self, start: int) -> None:
        position = start
        while self.stack:
            found = self._find_delimiter(position)
            if found < 0:
                return
            end = self._line_end(found)
            position = end - 1
            line = self.data[found + 2 : min(end, found + _MAX_BOUNDARY)].rstrip()
            level = self.by_boundary.get(line)
            if level is not None:
                position = self._next_part(level, found, end)
            elif line.endswith(b"--"):
                level = self.by_boundary.get(line[:-2].rstrip(b" \t"))
                if level is not None:
                    self._close_to(level, found)
                    self.stack[level].closed = True
            if self.count >= MAX_PARTS:
                self.defects.append(
                    f"The mail has more than {MAX_PARTS} parts: the others stay in the original."
                )
                return

    def _find_delimiter(self, position: int) -> int:
        """The next line that begins with two hyphens; -1 when there is none."""
        if position == 0 and self.data.startswith(b"--"):
            return 0
        if position and self.data.startswith(b"--", position) and self.data[position - 1] == 10:
            return position
        found = self.data.find(b"\n--", position)
        return found + 1 if found >= 0 else -1

    def _line_end(self, position: int) -> int:
        end = self.data.find(b"\n", position)
        return len(self.data) if end < 0 else end + 1

    def _next_part(self, level: int, delimiter: int, start: int) -> int:
        """A delimiter line: a part ends, the next one begins. Returns where to go on."""
        self._close_to(level, delimiter)
        container = self.stack[level]
        if container.closed:
            self.defects.append("Parts follow the end of a multipart.")
            container.closed = False
        child = self._open(start, container)
        container.current = child
        # The delimiter line may be the first line of an empty body.
        return max(start, child.body_start) - (1 if child.body_start > start else 0)

    def _close_to(self, level: int, end: int) -> None:
        """Ends every open part above `level`, and the current part of that level."""
        while len(self.stack) > level + 1:
            inner = self.stack.pop()
            self._end_part(inner.current, end)
            inner.part.body_end = end
            if not inner.closed:
                self.defects.append("A multipart is not terminated.")
            if self.by_boundary.get(inner.boundary) == len(self.stack):
                del self.by_boundary[inner.boundary]
        self._end_part(self.stack[level].current, end)
        self.stack[level].current = None

    def _end_part(self, part: Part | None, end: int) -> None:
        """The line break before a delimiter belongs to the delimiter."""
        if part is None:
            return
        if end > part.body_start and self.data[end - 1 : end] == b"\n":
            end -= 1
            if end > part.body_start and self.data[end - 1 : end] == b"\r":
                end -= 1
        part.body_end = max(end, part.body_start)

    def _finish(self) -> None:
        if not self.stack:
            return
        end = len(self.data)
        unfinished = not self.stack[0].closed
        self._close_to(0, end)
        if unfinished and self.root.children:
            self.defects.append("A multipart is not terminated.")

    def _open(self, start: int, container: _Open | None) -> Part:
        data = self.data
        headers = split_headers(data, start)
        if container is not None and headers.defects:
            headers = self._part_without_headers(headers, start)
        self.defects.extend(headers.defects)
        raw_type = headers.text("Content-Type")
        if not raw_type and container is not None:
            digest = container.part.content_type == "multipart/digest"
            raw_type = "message/rfc822" if digest else ""
        content = media_type(raw_type)
        part = Part(
            index=self.count,
            headers=headers,
            content_type=content.value,
            parameters=content.parameters,
            disposition=parse_parameters(headers.text("Content-Disposition")),
            data=data,
            start=start,
            body_start=headers.body_offset,
            body_end=len(data),
            declared=bool(raw_type),
        )
        self.count += 1
        if container is not None:
            container.part.children.append(part)
        if part.content_type.startswith("multipart/"):
            self._push(part)
        return part

    def _part_without_headers(self, headers: HeaderBlock, start: int) -> HeaderBlock:
        """In a part, text right after the delimiter means that it has no headers at all."""
        if headers.fields:
            return headers
        return HeaderBlock(body_offset=start, defects=headers.defects)

    def _push(self, part: Part) -> None:
        boundary = part.parameters.get("boundary", "").strip().encode("utf-8", "replace")
        if len(self.stack) >= MAX_DEPTH:
            self.defects.append(f"Parts are nested more than {MAX_DEPTH} deep: they are one file.")
        elif not boundary:
            self.defects.append(say("A multipart has no boundary."))
        else:
            self.by_boundary[boundary] = len(self.stack)
            self.stack.append(_Open(part, boundary))

    def _rescue_root(self) -> None:
        """The boundary is missing or wrong: take the first line that looks like one."""
        root = self.root
        found = _GUESS.search(self.data, root.body_start)
        if found is None:
            root.content_type = "text/plain"
            root.parameters = {}
            self.defects.append(say("No part of the multipart was found: it was read as text."))
            return
        self.defects.append("The boundary of the multipart is wrong: it was guessed.")
        root.parameters["boundary"] = found[1].decode("latin-1").strip()
        boundary = found[1].rstrip(b" \t")
        self.by_boundary = {boundary: 0}
        self.stack = [_Open(root, boundary)]
        self._scan(root.body_start)
        self._finish()


def prepare(data: bytes) -> tuple[bytes, list[str]]:
    """A mail file without what surrounds the mail: byte order mark, blank lines, old line ends."""
    defects: list[str] = []
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
        defects.append("The file is UTF-16: it was converted.")
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        defects.append("A byte order mark stands before the headers.")
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
        defects.append("Lines end in a bare CR.")
    if data[:1] in (b"\n", b"\r") and data.strip():
        data = data.lstrip(b"\r\n")
        defects.append("Blank lines stand before the headers.")
    if data.startswith((b"From ", b">From ")):
        defects.append("An mbox From_ line stands before the headers.")
    return data, defects
