"""An invitation (.ics) as one line for people: what, when, where, who.

The few properties that matter are read by hand, in linear time; a calendar library would expand
and validate what nobody asked for.
"""

from __future__ import annotations

import re
from datetime import datetime

from mail.mime.charsets import decode_text
from mail.mime.cleaning import clean_line

MAX_BYTES = 500_000
_METHODS = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Counter-proposal",
    "PUBLISH": "Event",
}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}
_PROPERTY = re.compile(r"([A-Za-z-]{1,40})((?:;[^:\";]*(?:\"[^\"]*\"[^:\";]*)*)*):(.*)")
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?")
_ESCAPE = re.compile(r"\\([nN,;\\])")


def calendar_summary(data: bytes, charset: str | None = None) -> str:
    """`Invitation: Review · 2026-03-01 10:00-11:00 (Europe/Berlin) · Room 1 · from Jo <jo@x>`.

    "" when the data is no calendar or has no event.
    """
    text = decode_text(data[:MAX_BYTES], charset or "utf-8").text
    found = _first_event(text)
    if not found:
        return ""
    kind = _METHODS.get(found.get("METHOD", ("", ""))[1].strip().upper(), "Event")
    title = _plain(found.get("SUMMARY")) or "(no title)"
    pieces = [f"{kind}: {title}"]
    if when := _when(found):
        pieces.append(when)
    if place := _plain(found.get("LOCATION")):
        pieces.append(place)
    if organizer := _person(found.get("ORGANIZER")):
        pieces.append(f"from {organizer}")
    if kind == "Answer to an invitation" and (answer := _answer(found.get("ATTENDEE"))):
        pieces.append(answer)
    if "RRULE" in found:
        pieces.append("repeats")
    return " · ".join(pieces)[:500]


def _first_event(text: str) -> dict[str, tuple[str, str]]:
    """(parameters, value) by name, of the calendar and its first event."""
    if "BEGIN:" not in text.upper():
        return {}
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    found: dict[str, tuple[str, str]] = {}
    inside: list[str] = []
    seen = False
    for line in unfolded.splitlines()[:20_000]:
        parsed = _PROPERTY.match(line[:5000])
        if parsed is None:
            continue
        name, value = parsed[1].upper(), parsed[3]
        if name == "BEGIN":
            inside.append(value.strip().upper())
            seen = seen or inside[-1] in ("VEVENT", "VTODO")
        elif name == "END":
            if inside and inside.pop() in ("VEVENT", "VTODO"):
                break
        elif inside[-1:] in (["VCALENDAR"], ["VEVENT"], ["VTODO"]):
            found.setdefault(name, (parsed[2], value))
    return found if seen else {}


def _plain(item: tuple[str, str] | None) -> str:
    if item is None:
        return ""
    text = _ESCAPE.sub(lambda hit: " " if hit[1] in "nN" else hit[1], item[1])
    return clean_line(text)[:200]


def _parameter(parameters: str, name: str) -> str:
    found = re.search(rf";{name}=(?:\"([^\"]*)\"|([^;:]*))", parameters, re.IGNORECASE)
    return clean_line(found[1] or found[2] or "") if found else ""


def _person(item: tuple[str, str] | None) -> str:
    if item is None:
        return ""
    address = clean_line(item[1])
    if address[:7].casefold() == "mailto:":
        address = address[7:]
    name = _parameter(item[0], "CN")
    return f"{name} <{address}>" if name and name != address else address


def _answer(item: tuple[str, str] | None) -> str:
    if item is None:
        return ""
    answer = _ANSWERS.get(_parameter(item[0], "PARTSTAT").upper(), "")
    return f"{_person(item)}: {answer}" if answer else ""


def _when(found: dict[str, tuple[str, str]]) -> str:
    start = _stamp(found.get("DTSTART") or found.get("DUE"))
    if start is None:
        return ""
    end = _stamp(found.get("DTEND"))
    text = start[0]
    if end is not None and end[0] != start[0]:
        same_day = end[0][:10] == start[0][:10] and len(end[0]) > 10
        text += f"-{end[0][11:]}" if same_day else f" - {end[0]}"
    return f"{text} ({start[1]})" if start[1] else text


def _stamp(item: tuple[str, str] | None) -> tuple[str, str] | None:
    """(`2026-03-01 10:00`, zone); the zone is as written, because its rules are the sender's."""
    found = _STAMP.match(item[1].strip()) if item else None
    if found is None or item is None:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    try:
        moment = datetime(year, month, day, int(found[4] or 0), int(found[5] or 0))
    except ValueError:
        return None
    if found[4] is None:
        return moment.strftime("%Y-%m-%d"), ""
    zone = "UTC" if found[7] else _parameter(item[0], "TZID")
    return moment.strftime("%Y-%m-%d %H:%M"), zone
