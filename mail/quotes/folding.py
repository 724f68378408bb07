"""Which lines of a mail to fold. When in doubt none: an answer that is hidden is worse than a
quote that is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from mail.quotes.regions import Line, Region, RegionFinder
from mail.quotes.rules.inline import POINTS_BELOW
from mail.quotes.signature import find_signature, pgp_frames
from mail.quotes.words import has_words, lower, plain

_SHORT_NOTE = 12
"""A note that points at answers further down is short."""


def fold(lines: Sequence[Line], *, from_html: bool, may_point: bool = False) -> list[bool]:
    """For each line whether it is folded; none when the mail should be seen whole.

    `may_point`: own words that end in a colon may point at what follows ("you wrote me:").
    """
    finder = RegionFinder(lines)
    found = finder.find()
    nothing = [False] * len(lines)
    if found.forward or (may_point and _ends_in_colon(lines, found.regions)):
        return nothing
    lines = finder.lines
    regions = [region for region in found.regions if region.kind != "bare" or not from_html]
    signed = _signatures(lines, regions)
    history = list(nothing)
    for region in _foldable(lines, regions, signed):
        history[region.start : region.end] = [True] * (region.end - region.start)
    both = [one or other for one, other in zip(history, signed, strict=True)]
    if _words_left(lines, both):
        return both
    return history if _words_left(lines, history) else nothing


def _ends_in_colon(lines: Sequence[Line], regions: Sequence[Region]) -> bool:
    """Whether the last own words above the first history end in a colon."""
    if not regions:
        return False
    own = [line.text for line in lines[: regions[0].start] if not line.blank]
    return bool(own) and plain(own[-1][-200:]).endswith(":")


def _signatures(lines: Sequence[Line], regions: Sequence[Region]) -> list[bool]:
    """Marked signatures, PGP's frames, and what ends the words above and below the last quote."""
    signed = [line.origin == "signature" for line in lines]
    for start, stop in pgp_frames([line.text for line in lines]):
        signed[start:stop] = [True] * (stop - start)
    for number in {max(len(regions) - 1, 0), len(regions)}:
        start, end = _gap(lines, regions, number)
        while end > start and (signed[end - 1] or lines[end - 1].blank):
            end -= 1
        texts = [line.text for line in lines[start:end]]
        position = find_signature(texts, may_be_all=start > 0)
        if position is not None:
            signed[start + position : end] = [True] * (end - start - position)
    return signed


def _gap(lines: Sequence[Line], regions: Sequence[Region], number: int) -> tuple[int, int]:
    """The lines before region `number` and after the one before it."""
    start = regions[number - 1].end if number else 0
    return start, regions[number].start if number < len(regions) else len(lines)


def _foldable(
    lines: Sequence[Line], regions: Sequence[Region], signed: Sequence[bool]
) -> list[Region]:
    """The regions that are surely nothing but history."""
    if not regions:
        return []
    gaps = [_gap_words(lines, regions, number, signed) for number in range(len(regions) + 1)]
    last = regions[-1]
    if last.kind == "cut" and _points_below(lines, regions):
        return []
    if any(gaps[1:-1]):
        # Answers stand between the quotes: these stay; what nobody answered below them goes.
        return [] if gaps[-1] else [last]
    if not gaps[-1]:
        return list(regions)
    if last.kind == "attributed" or (last.kind == "marked" and not gaps[0]):
        return list(regions)
    return []


def _gap_words(
    lines: Sequence[Line], regions: Sequence[Region], number: int, signed: Sequence[bool]
) -> bool:
    """Whether own words stand in a gap, other than a signature."""
    start, end = _gap(lines, regions, number)
    return any(
        not signed[index] and not lines[index].blank and has_words(lines[index].text)
        for index in range(start, end)
    )


def _points_below(lines: Sequence[Line], regions: Sequence[Region]) -> bool:
    """Whether a short note says that the answers stand inside the mail below ("in red")."""
    start, end = _gap(lines, regions, len(regions) - 1)
    own = [plain(line.text) for line in lines[start:end] if not line.blank]
    if len(own) > _SHORT_NOTE:
        return False
    words = lower(" ".join(own))[:2000]
    return POINTS_BELOW.search(words) is not None


def _words_left(lines: Sequence[Line], folded: Sequence[bool]) -> bool:
    return any(
        not gone and not line.blank and not line.quoted and has_words(line.text)
        for line, gone in zip(lines, folded, strict=True)
    )
