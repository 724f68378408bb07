"""Dates as mail clients print them for people, in many languages: "Montag, 2. März 2026 10:00".

Month names are known by their first letters; where a date could be read in two ways, day before
month is taken unless the clock is the American one. None when in doubt. Without a zone it is UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from mail.mime.dates import parse_date
from mail.quotes.words import lower, plain

_MONTHS: Final = (
    "jan|янв|січ|sty|led|oca|tammi|gen|ene|ιαν|яну|sij|ian|ינו|يناير|كانون الثاني|ม.ค",
    "feb|fév|fev|фев|лют|lut|úno|uno|şub|sub|helmi|φεβ|velj|פבר|فبراير|شباط|ก.พ|febr",
    "mar|mär|mrt|maa|març|мар|бер|bře|bre|mart|μαρ|ožu|ozu|מרץ|مارس|آذار|มี.ค|márc|marz",
    "apr|avr|abr|апр|кві|kwi|dub|nis|huhti|απρ|tra|אפר|أبريل|ابريل|نيسان|เม.ย|ápr",
    "may|mai|maj|mag|mei|мая|май|тра|kvě|kve|touko|μαϊ|μαΐ|svi|מאי|مايو|أيار|พ.ค|máj",
    "jun|jui|juin|giu|июн|чер|cze|čvn|červn|cvn|haz|kesä|ιουν|lip|יונ|يونيو|حزيران|มิ.ย|jún",
    "jul|juil|lug|июл|лип|lipc|čvc|červenc|cvc|tem|heinä|ιουλ|srp|יול|يوليو|تموز|ก.ค|júl",
    "aug|aoû|aou|ago|авг|серп|sie|srpn|ağu|agu|elo|αυγ|kol|אוג|أغسطس|آب|ส.ค",
    "sep|set|сен|вер|wrz|zář|zar|eyl|syys|σεπ|ruj|ספט|سبتمبر|أيلول|ก.ย|szept",
    "oct|okt|out|ott|окт|жов|paź|říj|rij|eki|loka|οκτ|lis|אוק|أكتوبر|تشرين الأول|ต.ค",
    "nov|ноя|лис|list|kas|marras|νοε|stu|נוב|نوفمبر|تشرين الثاني|พ.ย|ноем",
    "dec|déc|dez|dic|des|дек|гру|gru|pro|prosin|ara|joulu|δεκ|дец|דצמ|ديسمبر|كانون الأول|ธ.ค",
)
_CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})\s?[:.h時时시]\s?(\d{2})(?:\s?[:.分분]\s?(\d{2}))?(?![\d.])"
    r"\s{0,2}(am|pm|a\.m|p\.m)?"
)
_EAST_PM = re.compile(r"下午|晚上|午後|오후|pm|μ\.μ|م(?:\s|$)|chiều|tối")
_EAST_AM = re.compile(r"上午|午前|오전|凌晨|am|π\.μ|sáng")
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?[-./年년]\s?(\d{1,2})\s?[-./月월]\s?(\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})\s?([-./])\s?(\d{1,2})\s?[-./]\s?((?:19|20)?\d\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_DAY = re.compile(r"(?<![\d:.])(\d{1,2})(?![\d:]|\.\d)")
_WORD = re.compile(r"[^\W\d_][^\W\d_.]{1,20}")
_VIETNAMESE = re.compile(
    r"(?:tháng|thg)\s?(\d{1,2}|mười một|mười hai|mười|giêng|một|hai|ba|tư|năm|sáu|bảy|tám|chín)"
)
_VIETNAMESE_MONTHS: Final = {
    "giêng": 1,
    "một": 1,
    "hai": 2,
    "ba": 3,
    "tư": 4,
    "năm": 5,
    "sáu": 6,
    "bảy": 7,
    "tám": 8,
    "chín": 9,
    "mười": 10,
    "mười một": 11,
    "mười hai": 12,
}
_ZONE = re.compile(r"(?:gmt|utc)?\s?([+-])(\d{1,2}):?(\d{2})?(?!\d)")


def parse_client_date(text: str) -> datetime | None:
    """An aware datetime from a date written for people; None when it cannot be told surely."""
    words = plain(text[:300])
    if not words or not any(map(str.isdigit, words)):
        return None
    standard = parse_date(words) if re.search(r"[+-]\d{4}|GMT|UTC", words) else None
    if standard is not None:
        return standard
    lowered = lower(words)
    day = _find_day(lowered)
    if day is None:
        return None
    hour, minute, second = _find_clock(lowered)
    try:
        return datetime(*day, hour, minute, second, tzinfo=_find_zone(lowered))
    except (ValueError, OverflowError):
        return None


def _find_day(words: str) -> tuple[int, int, int] | None:
    iso = _ISO.search(words)
    if iso:
        return int(iso.group(1)), int(iso.group(2)), int(iso.group(3))
    numeric = _NUMERIC.search(words)
    if numeric:
        return _from_numbers(numeric, american="am" in words.split() or "pm" in words.split())
    year, month = _YEAR.search(words), _find_month(words)
    if year is None or month is None:
        return None
    rest = _CLOCK.sub(" ", words.replace(year.group(1), " ", 1))
    rest = _VIETNAMESE.sub(" ", rest)
    days = [int(found) for found in _DAY.findall(_ZONE.sub(" ", rest)) if 1 <= int(found) <= 31]
    return (
        (int(year.group(1)), month, days[-1 if _VIETNAMESE.search(words) else 0]) if days else None
    )


def _from_numbers(found: re.Match[str], *, american: bool) -> tuple[int, int, int]:
    first, second, year = int(found.group(1)), int(found.group(3)), int(found.group(4))
    year += 2000 if year < 100 else 0
    slashes = found.group(2) == "/"
    if second > 12 or (slashes and american and first <= 12):
        return year, first, second
    return year, second, first


def _find_month(words: str) -> int | None:
    vietnamese = _VIETNAMESE.search(words)
    if vietnamese:
        name = vietnamese.group(1)
        return int(name) if name.isdigit() else _VIETNAMESE_MONTHS[name]
    best: tuple[int, int] | None = None
    for word in _WORD.findall(words):
        for number, names in enumerate(_MONTHS, start=1):
            length = max((len(n) for n in names.split("|") if word.startswith(n)), default=0)
            if length and (best is None or length >= best[0]):
                best = (length, number)
    return best[1] if best else None


def _find_clock(words: str) -> tuple[int, int, int]:
    found = _CLOCK.search(_NUMERIC.sub(" ", _ISO.sub(" ", words)))
    if not found:
        return 0, 0, 0
    hour, minute = int(found.group(1)), int(found.group(2))
    second = int(found.group(3) or 0)
    if hour < 12 and _EAST_PM.search(words):
        hour += 12
    elif hour == 12 and _EAST_AM.search(words) and not _EAST_PM.search(words):
        hour = 0
    return hour, minute, second


def _find_zone(words: str) -> timezone:
    found = _ZONE.search(_NUMERIC.sub(" ", _ISO.sub(" ", words)))
    if not found:
        return UTC
    minutes = int(found.group(2)) * 60 + int(found.group(3) or 0)
    return (
        timezone(timedelta(minutes=minutes if found.group(1) == "+" else -minutes))
        if (minutes < 15 * 60)
        else UTC
    )
