"""Where the quoted history of a mail is: from its mark-up, its `>` marks, and the words around it.

One pass over the lines; what each line may cost is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from mail.quotes.attribution import Attribution, find_attribution, may_end_attribution
from mail.quotes.header_blocks import find_header_block, header_line
from mail.quotes.model import Origin
from mail.quotes.rules.separators import ABOVE_THIS_LINE, FORWARD, FORWARD_BEGIN, ORIGINAL
from mail.quotes.words import LONGEST_LINE, lower, plain

RegionKind = Literal["attributed", "cut", "marked", "bare"]
Separator = Literal["original", "forward", "above", "rule", "unknown"]

_RULE: Final = re.compile(r"[-_=*~]{3,}$|(?:- ){5,}-?$")
_ENCLOSED: Final = re.compile(
    r"[-_=~*#>< +|]{2,80}(?P<words>[^-_=~*#>< +|].{2,120}?)[-_=~*#>< +|:]{1,80}$"
)
_DASHED: Final = re.compile(r"[-_=]{3,80} ?[^-_=].{0,60}?[^-_=] ?[-_=]{3,80}$")
_ABOVE: Final = re.compile("|".join(map(re.escape, ABOVE_THIS_LINE)))
_BY: Final = tuple(
    word for word in FORWARD if word.endswith((" by", " par", " por", " von", " av"))
)
_INITIALS: Final = re.compile(r"\s?[^\W\d_]{1,4}>")
_OPEN_LINK: Final = re.compile(r"[(<]https?://[^\s()<>]{1,400}$")
"""A link that goes on in the next line."""
_BLANKS_BEFORE_QUOTE: Final = 4
_MOST_LOOKS: Final = 3000
_WRAPPED: Final = 60
_LINES: Final = ("rule", "unknown")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a mail; `quoted` when a `>` mark or the mark-up says that it is history."""

    text: str
    quoted: bool = False
    origin: Origin = "body"
    block: int = 0
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """History in the lines `start` up to `end` (not included).

    attributed: introduced by an attribution. cut: it and all below. marked: the mark-up says so,
    or a line that is probably an attribution. bare: lines with `>` and nothing above them that
    says whose.
    """

    start: int
    end: int
    kind: RegionKind


@dataclass(frozen=True, slots=True)
class Regions:
    regions: tuple[Region, ...] = ()
    forward: bool = False
    """A forwarded mail begins in the writer's own words: it belongs to what is being said."""


def separator_kind(line: str) -> Separator | None:
    """What a line between two mails says, such as "-----Original Message-----"."""
    if len(line) > LONGEST_LINE:
        return None
    text = plain(line)
    if not text:
        return None
    if _RULE.match(text):
        return "rule"
    lowered = lower(text)
    bare = lowered.strip("*_ ").rstrip(":").strip()
    if bare.startswith(FORWARD_BEGIN) and len(bare) < 60:
        return "forward"
    if lowered == "forwarded message:":
        return "forward"
    if _ABOVE.search(lowered):
        return "above"
    enclosed = _ENCLOSED.match(lowered)
    if not enclosed:
        return None
    words = enclosed["words"].strip(" :*")
    if words in ORIGINAL:
        return "original"
    if words in FORWARD or words.startswith(_BY):
        return "forward"
    return "unknown" if _DASHED.match(lowered) else None


class RegionFinder:
    """Walks over the lines once and collects regions until the first cut or forward."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = list(lines)
        self._texts = [line.text for line in lines]
        self._regions: list[Region] = []
        self._looks = 0

    @property
    def lines(self) -> Sequence[Line]:
        """The lines as understood: those that quote with initials ("JM> ") are quoted too."""
        return self._lines

    def find(self) -> Regions:
        position, count = 0, len(self._lines)
        while position < count:
            line = self._lines[position]
            if line.quoted:
                position = self._quoted(position)
            elif line.blank:
                position += 1
            else:
                if separator_kind(line.text) == "forward" and not self._is_history(position):
                    return Regions(tuple(self._regions), forward=True)
                position = self._own(position)
        return Regions(tuple(self._regions))

    def _is_history(self, position: int) -> bool:
        return bool(self._regions) and self._regions[-1].end > position

    def _quoted(self, start: int) -> int:
        end = self._run_end(start)
        marked = any(self._lines[index].origin == "quoted" for index in range(start, end))
        if marked and self._only_an_attribution(start, end):
            return self._cut(start)
        self._regions.append(Region(start, end, "marked" if marked else "bare"))
        return end

    def _only_an_attribution(self, start: int, end: int) -> bool:
        """Gmail marks the attribution apart; where its quote is unmarked, all follows."""
        if end - start > 8 or end == len(self._lines):
            return False
        filled = [index for index in range(start, end) if not self._lines[index].blank]
        found = find_attribution(self._texts[start:end], filled[-1] - start, quote_follows=False)
        return found is not None and found.sure

    def _own(self, position: int) -> int:
        """A line that nothing marks: does it introduce history?"""
        kind = separator_kind(self._texts[position])
        if kind in ("original", "above"):
            return self._introduced(position, position + 1)
        block_end = self._header_block_end(position, below_a_line=kind in _LINES)
        if block_end:
            return self._introduced(position, block_end)
        found = self._attribution(position)
        if found:
            return self._introduced(found.start, found.end, sure=found.sure)
        return position + 1

    def _attribution(self, position: int) -> Attribution | None:
        text = self._texts[position].rstrip()
        if not text or len(text) > LONGEST_LINE or self._looks > _MOST_LOOKS:
            return None
        if text[-1].isalpha() and not may_end_attribution(text):
            return None
        self._looks += 1
        follows = self._quote_starts(position + 1) is not None
        floor = self._regions[-1].end if self._regions else 0
        window = max(floor, position - 4)
        found = find_attribution(
            self._texts[window : position + 1], position - window, quote_follows=follows
        )
        if found is None:
            return None
        return Attribution(found.start + window, found.end + window, found.sure)

    def _header_block_end(self, position: int, *, below_a_line: bool) -> int | None:
        """The end of the header block that starts here, or directly below a drawn line here."""
        start = self._next_filled(position + 1) if below_a_line else position
        if start is None or self._looks > _MOST_LOOKS or not header_line(self._texts[start]):
            return None
        self._looks += 1
        block = find_header_block(self._texts, start)
        if block and (block.is_mail or (below_a_line and block.is_mail_below_a_line)):
            return block.end
        return None

    def _introduced(self, start: int, end: int, *, sure: bool = True) -> int:
        """History introduced by the lines `start` to `end`: a quote, or else all that follows."""
        start = self._with_rule_above(start)
        head_end = self._skip_heads(end)
        self._mark_initials(head_end)
        quote = self._quote_starts(head_end)
        if quote is None:
            return self._cut(start)
        run_end = self._run_end(quote)
        self._regions.append(Region(start, run_end, "attributed" if sure else "marked"))
        return run_end

    def _mark_initials(self, position: int) -> None:
        """The Bat! quotes with the writer's initials: "JM> "."""
        first = self._next_filled(position)
        found = _INITIALS.match(self._texts[first]) if first is not None else None
        if first is None or found is None:
            return
        prefix = found.group(0).strip()
        for index in range(first, len(self._lines)):
            if self._texts[index].lstrip().startswith(prefix):
                self._lines[index] = replace(self._lines[index], quoted=True)

    def _skip_heads(self, position: int) -> int:
        """Past a header block or an attribution that directly follows the first separator."""
        following = self._next_filled(position)
        if following is None or self._lines[following].quoted:
            return position
        block = find_header_block(self._texts, following)
        return block.end if block and block.is_mail_below_a_line else position

    def _with_rule_above(self, start: int) -> int:
        above = start - 1
        while above >= 0 and self._lines[above].blank:
            above -= 1
        floor = self._regions[-1].end if self._regions else 0
        if above < floor or self._lines[above].quoted:
            return start
        return above if separator_kind(self._texts[above]) in _LINES else start

    def _cut(self, start: int) -> int:
        self._regions.append(Region(start, len(self._lines), "cut"))
        return len(self._lines)

    def _next_filled(self, position: int) -> int | None:
        for index in range(position, min(position + 50, len(self._lines))):
            if not self._lines[index].blank:
                return index
        return None

    def _quote_starts(self, position: int) -> int | None:
        """The first quoted line at or below, with nothing but a few blank lines above it."""
        for index in range(position, min(position + _BLANKS_BEFORE_QUOTE, len(self._lines))):
            if self._lines[index].quoted:
                return index
            if not self._lines[index].blank:
                return None
        return None

    def _run_end(self, start: int) -> int:
        """The end of a run of quoted lines: over blank lines, and over lines wrapped out of it."""
        end = position = start
        while position < len(self._lines):
            line = self._lines[position]
            if line.quoted or self._goes_on(position):
                end = position + 1
            elif not line.blank and not self._is_wrapped(position):
                break
            position += 1
        return end

    def _goes_on(self, position: int) -> bool:
        """The rest of a link that began in the quoted line above."""
        if position == 0 or self._lines[position].blank or not self._lines[position - 1].quoted:
            return False
        above = self._texts[position - 1][-LONGEST_LINE:]
        return _OPEN_LINK.search(above) is not None and " " not in plain(self._texts[position])

    def _is_wrapped(self, position: int) -> bool:
        """The rest of a long quoted line that a mail program broke: no `>`, in between quotes."""
        if position + 1 >= len(self._lines) or position == 0:
            return False
        above, below = self._lines[position - 1], self._lines[position + 1]
        if not (above.quoted and below.quoted and above.origin == "body"):
            return False
        return len(above.text) >= _WRAPPED and len(self._texts[position]) < len(above.text)
