"""Attribution lines: "On Monday, Jo <jo@x.example> wrote:", in every language and wrapped too.

An attribution ends in a colon. Looking back from there over at most three lines, it is recognised
by what such lines are made of (a verb of writing, a date, a time, an address), not by one pattern
a client. Every look is at a bounded number of characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mail.quotes.rules.wrote import QUOTING, STARTS, VERB_AT_END, VERB_INSIDE
from mail.quotes.words import LONGEST_LINE, has_address, has_date, has_time, lower, plain

_MOST_LINES: Final = 4
_LONGEST: Final = 400
_LONGEST_WITHOUT_ADDRESS: Final = 160
_ENDS_IN_ADDRESS = re.compile(r"[<(\[]\s?\S{1,64}@[^\s@<>]{2,100}\s?[>\])][\s>\])\"']{0,6}$")
_DATE_START = re.compile(r"[\"'(\[]?(?:[^\W\d]{1,16}[.,]{0,2}\s?){0,3}[,(]?\s?\d")
_MOMENT = re.compile(r"20\d\d-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d \w[^:]{1,80}$")
_DATED_PERSON = re.compile(
    r"(?:20\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]20\d\d)[^<>@]{1,80}"
    r"<[^\s@<>]{1,64}@[^\s@<>]{2,100}>$"
)
_FULL_DATE = re.compile(r"\d{1,4}\D{1,24}\d{1,4}")
"""A day beside a year, not a year alone."""
_NAME_START = re.compile(r"[\"'<(\[]?[^\W\d]")
_SENTENCE = re.compile(r"[.!?…。!?]\s+[A-ZА-ЯÀ-Þ]")
_ENCLOSED = re.compile(r"-{2,20}\s?(?P<words>\S.*\S)\s?-{2,20}:?$")


@dataclass(frozen=True, slots=True)
class Attribution:
    """Lines `start` up to `end` (not included). `sure`: history follows even without `>` marks."""

    start: int
    end: int
    sure: bool


def find_attribution(lines: Sequence[str], last: int, *, quote_follows: bool) -> Attribution | None:
    """The attribution whose last line is `lines[last]`.

    `quote_follows`: the next line with words is quoted, which makes weaker evidence enough.
    """
    ending = plain(lines[last])
    if not ending or len(ending) > LONGEST_LINE:
        return None
    if not ending.endswith((":", "--")):
        return _without_colon(lines, last, ending, quote_follows=quote_follows)
    window = _window(lines, last)
    for start in range(last, last - len(window), -1):
        joined = " ".join(window[start - last - 1 :])
        if len(joined) > _LONGEST:
            break
        if _starts_well(window[start - last - 1]) and _is_sure(joined):
            return Attribution(_extended(window, start, last), last + 1, sure=True)
    if quote_follows and _is_likely(ending):
        return Attribution(_extended(window, last, last), last + 1, sure=False)
    return None


def may_end_attribution(line: str) -> bool:
    """Whether a line that ends in a letter may be one: in a verb of writing, or as Gmail did."""
    return VERB_AT_END.search(lower(line[-60:])) is not None or _MOMENT.match(line) is not None


def _without_colon(
    lines: Sequence[str], last: int, ending: str, *, quote_follows: bool
) -> Attribution | None:
    """Some clients write none: "On …, Jo <jo@x.example> wrote", "2013/10/2 Jo <jo@x.example>"."""
    words = lower(ending)
    if len(ending) > _LONGEST_WITHOUT_ADDRESS:
        return None
    verb = _first_word(words) in STARTS and VERB_AT_END.search(words) is not None
    if verb and (has_address(words) or (has_date(words) and has_time(words))):
        return Attribution(last, last + 1, sure=True)
    alone = last == 0 or not plain(lines[last - 1])
    if alone and (_MOMENT.match(ending) or (quote_follows and _DATED_PERSON.match(ending))):
        return Attribution(last, last + 1, sure=True)
    return None


def _window(lines: Sequence[str], last: int) -> list[str]:
    """Up to four neighbouring lines with words, the last one at the end."""
    window: list[str] = []
    for index in range(last, max(last - _MOST_LINES, -1), -1):
        text = plain(lines[index])
        if not text or len(text) > LONGEST_LINE:
            break
        if index < last and text.endswith((":", "!", "?")):
            break
        window.insert(0, text)
    return window


def _extended(window: list[str], start: int, last: int) -> int:
    """An earlier start when the attribution's first words were wrapped away from the rest."""
    best = start
    dated = has_date(" ".join(window[start - last - 1 :]))
    for earlier in range(start - 1, last - len(window), -1):
        text = lower(window[earlier - last - 1])
        if (
            (window[earlier - last].startswith(("<", "(<", "[mailto")) and best == earlier + 1)
            or (_first_word(text) in STARTS and (len(text) <= 30 or any(map(str.isdigit, text))))
            or (not dated and _DATE_START.match(text) and has_date(text))
        ):
            best = earlier
        elif text.endswith((".", ";")):
            break
    return best


def _first_word(text: str) -> str:
    return text.lstrip("-*_ ").split(" ", 1)[0].rstrip(",")


def _starts_well(line: str) -> bool:
    lowered = lower(line).lstrip("-*_ ")
    if _first_word(lowered) in STARTS or _DATE_START.match(lowered) or lowered.startswith(QUOTING):
        return True
    return _NAME_START.match(line.lstrip("-*_ ")) is not None


def _is_sure(joined: str) -> bool:
    """`joined` ends in a colon, or stands between dashes as Zoho and Lotus Notes write it."""
    enclosed = _ENCLOSED.match(joined)
    if not (joined.endswith(":") or enclosed):
        return False
    words = lower((enclosed["words"] if enclosed else joined).strip(":- "))
    address, date, time = has_address(words), has_date(words), has_time(words)
    if not address and (len(words) > _LONGEST_WITHOUT_ADDRESS or _SENTENCE.search(joined)):
        return False
    if _SENTENCE.search(joined[:60]) and not date:
        return False
    if VERB_AT_END.search(words):
        begun = date and _FULL_DATE.search(words) is not None and _begins(words)
        return address or (date and time) or begun or enclosed is not None
    if words.startswith(QUOTING):
        return address
    if VERB_INSIDE.search(words):
        return date and (time or address)
    return date and address and _ENDS_IN_ADDRESS.search(words) is not None


def _begins(words: str) -> bool:
    return _first_word(words) in STARTS or _DATE_START.match(words) is not None


def _is_likely(line: str) -> bool:
    """Enough when a quote follows: a verb at the end, or an address or a moment and a colon."""
    words = lower(line.rstrip(":- "))
    if len(words) > _LONGEST_WITHOUT_ADDRESS:
        return False
    if VERB_AT_END.search(words) or words.startswith(QUOTING):
        return True
    return has_address(words) or (has_date(words) and (has_time(words) or _has_verb(words)))


def _has_verb(words: str) -> bool:
    return VERB_INSIDE.search(words) is not None
