"""Lines and blocks put together as a browser would lay them out.

`soft` ends a line, `hard` leaves a blank one, `br` breaks where it stands; white space collapses
over element borders. What comes out are the blocks of a Document with their origin.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mail.document import Block, Code, Heading, ListItem, Paragraph, Quote, Span, Spans
from mail.mime.cleaning import clean_text
from mail.quotes.model import Origin, TaggedBlock

_WHITE = re.compile("[ \t\r\n\f]+")
_LINE_END = re.compile(r"[ \t]++\n")
_FILLER = re.compile(" {12,}")


class Frame(NamedTuple):
    """The block that text falls into: its kind, and what tells it from its neighbours."""

    kind: str = "p"
    """p, h, li, q or code."""
    level: int = 0
    """Heading level, list indent or quote depth."""
    item: int = 0
    """Counts list items, so that two items of one list are two blocks."""
    ordered: bool = False
    number: int | None = None


class Look(NamedTuple):
    """How a run of text looks and where it comes from."""

    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str | None = None
    keep_space: bool = False
    zero_font: bool = False
    origin: Origin = "body"


class _Run(NamedTuple):
    """Pieces of text that look the same."""

    texts: list[str]
    look: Look

    def span(self) -> Span:
        return Span("".join(self.texts), *self.look[:5])


class Blocks:
    """Collects text into blocks."""

    def __init__(self) -> None:
        self.done: list[TaggedBlock] = []
        self._runs: list[_Run] = []
        self._frame = Frame()
        self._origin: Origin = "body"
        self._pending = 0
        self._filled_line = False
        self._used_items: set[int] = set()

    def text(self, text: str, frame: Frame, look: Look) -> None:
        """Adds text; white space collapses unless `look` keeps it."""
        if look.keep_space:
            self._verbatim(text, frame, look)
            return
        text = _WHITE.sub(" ", text)
        if text == " " and (self._at_line_start() or self._pending):
            return
        only_hard = "\xa0" in text and not text.strip(" \xa0")
        text = clean_text(text)
        if not text:
            return
        if only_hard and (self._at_line_start() or self._pending):
            self._filled_line = True  # a line that holds nothing visible is still a line
            return
        if len(text) > 12:
            text = _FILLER.sub(" ", text)
        self._add(text, frame, look)

    def _verbatim(self, text: str, frame: Frame, look: Look) -> None:
        text = clean_text(text.replace("\r\n", "\n").replace("\r", "\n"))
        if frame.kind == "code":
            self._settle(frame, look.origin)
            self._append(text, look)
            return
        for index, line in enumerate(text.split("\n")):
            if index:
                self.br()
            if line.strip():
                self._add(line, frame, look)

    def _add(self, text: str, frame: Frame, look: Look) -> None:
        self._settle(frame, look.origin)
        if self._at_line_start():
            if not look.keep_space:
                text = text.lstrip(" ")
        elif text.startswith(" ") and self._runs[-1].texts[-1].endswith(" "):
            text = text[1:] if not look.keep_space else text
        if text:
            self._append(text, look)
            self._filled_line = True

    def _settle(self, frame: Frame, origin: Origin) -> None:
        """Starts a new line or a new block where the text before it asks for that."""
        if frame.kind == "li" and frame.item in self._used_items and frame != self._frame:
            frame = Frame()
        ended = self._pending >= 2 and frame.kind not in ("li", "code")
        if ended or frame != self._frame or origin != self._origin:
            self.flush()
            self._frame, self._origin = frame, origin
        elif self._pending and self._runs:
            self._append("\n", Look())
        self._pending = 0

    def _append(self, text: str, look: Look) -> None:
        runs = self._runs
        if runs and (text == "\n" or runs[-1].look[:5] == look[:5]):
            runs[-1].texts.append(text)
        else:
            runs.append(_Run([text], look))

    def _at_line_start(self) -> bool:
        return not self._runs or self._runs[-1].texts[-1].endswith("\n")

    def soft(self) -> None:
        """The border of a block without margins: the line ends, if there is one."""
        if self._filled_line:
            self._pending += 1
            self._filled_line = False
        elif self._runs:
            self._pending = max(self._pending, 1)

    def hard(self) -> None:
        """The border of a block with margins."""
        self._filled_line = False
        if self._runs:
            self._pending = max(self._pending, 2)

    def br(self) -> None:
        self._filled_line = False
        if self._runs:
            self._pending += 1

    def space(self) -> None:
        """Between two cells of a row."""
        if (
            not self._at_line_start()
            and not self._pending
            and not self._runs[-1].texts[-1].endswith(" ")
        ):
            self._append(" ", Look())

    def flush(self) -> None:
        """Ends the block."""
        spans = _trim([run.span() for run in self._runs])
        self._runs = []
        self._pending = 0
        self._filled_line = False
        if spans:
            if self._frame.kind == "li":
                self._used_items.add(self._frame.item)
            self.done.append(TaggedBlock(_block(self._frame, spans), self._origin))

    def put(self, block: Block, origin: Origin) -> None:
        """A block that is not text: a table, an image, a rule."""
        self.flush()
        self.done.append(TaggedBlock(block, origin))


def _block(frame: Frame, spans: Spans) -> Block:
    match frame.kind:
        case "h":
            return Heading(spans, frame.level)
        case "li":
            return ListItem(spans, frame.ordered, frame.level, frame.number)
        case "q":
            return Quote(spans, frame.level)
        case "code":
            return Code("".join(span.text for span in spans))
        case _:
            return Paragraph(spans)


def _trim(spans: list[Span]) -> Spans:
    """Without white space at the ends and before line breaks; "" spans are left out."""
    result: list[Span] = []
    for span in spans:
        text = _LINE_END.sub("\n", span.text) if " \n" in span.text else span.text
        if text:
            result.append(span if text is span.text else _with_text(span, text))
    while result and not result[-1].text.rstrip():
        result.pop()
    while result and not result[0].text.strip("\n"):
        result.pop(0)
    if result:
        result[-1] = _with_text(result[-1], result[-1].text.rstrip())
        result[0] = _with_text(result[0], result[0].text.lstrip("\n"))
    return tuple(result)


def _with_text(span: Span, text: str) -> Span:
    return Span(text, span.bold, span.italic, span.strike, span.code, span.link)
