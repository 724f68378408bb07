"""An invitation (.ics) as one line for people: what, when, where, who."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from mail.mime.charsets import decode_text
from mail.mime.cleaning import clean_line
from mail.sentences import say, together

MAX_BYTES = 300_000
"""icalendar takes a second or two for these, where they were made to be slow."""
MAX_LENGTH = 500
_EVENTS = ("VEVENT", "VTODO")
_ENDS = re.compile(r"^END:VCALENDAR\b", re.IGNORECASE | re.MULTILINE)
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What icalendar raises over calendars that are none."""
_ZONE = re.compile(r""";TZID=(?:"[^"]*"|[^;:"]*)""", re.IGNORECASE)


def calendar_summary(data: bytes, charset: str | None = None) -> str:
    """`Invitation: Review · 2026-03-01 10:00-11:00 (Europe/Berlin) · Room 1 · from Jo <jo@x>`.

    "" when the data is no calendar or has no event.
    """
    text = decode_text(data[:MAX_BYTES], charset or "utf-8").text
    found = _first_event(text)
    if found is None:
        return ""
    method, event = found
    kind = method.strip().upper()
    pieces = [_title(kind, _plain(event, "SUMMARY") or say("(no title)"))]
    if when := _when(event):
        pieces.append(when)
    if place := _plain(event, "LOCATION"):
        pieces.append(place)
    if organizer := _person(_first(event, "ORGANIZER")):
        pieces.append(say("from {person}", person=organizer))
    if kind == "REPLY" and (answer := _answer(_first(event, "ATTENDEE"))):
        pieces.append(answer)
    if "RRULE" in event:
        pieces.append(say("repeats"))
    whole = together(pieces, between=" · ")
    return whole if len(whole) <= MAX_LENGTH else whole[:MAX_LENGTH]


def _title(kind: str, title: str) -> str:
    """What kind of calendar mail it is (the method of RFC 5546), and of what."""
    match kind:
        case "REQUEST":
            return say("Invitation: {title}", title=title)
        case "CANCEL":
            return say("Cancelled: {title}", title=title)
        case "REPLY":
            return say("Answer to an invitation: {title}", title=title)
        case "COUNTER":
            return say("Counter-proposal: {title}", title=title)
        case _:
            return say("Event: {title}", title=title)


def _first_event(text: str) -> tuple[str, Any] | None:
    """The method and the first event or task of the calendars in the text."""
    from icalendar import Calendar

    if "BEGIN:VCALENDAR" not in text.upper():
        return None
    if not _ENDS.search(text):
        text += "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"  # it was cut off, by us or on the way
    text = _without_rules(text)
    try:
        try:
            calendars = Calendar.from_ical(text, multiple=True)
        except OSError:  # zoneinfo looks for a file of the zone's name, whatever that is
            calendars = Calendar.from_ical(_ZONE.sub("", text), multiple=True)
        for calendar in calendars:
            for event in calendar.walk():
                if event.name in _EVENTS:
                    return str(calendar.get("METHOD", "")), event
    except (*_BROKEN, OSError):
        return None
    return None


def _without_rules(text: str) -> str:
    """Broken rules of a zone would cost the whole invitation, and only its name is shown."""
    kept, inside = [], False
    for line in text.splitlines():
        word = line[:40].strip().upper()
        inside = inside or word == "BEGIN:VTIMEZONE"
        if not inside:
            kept.append(line)
        inside = inside and word != "END:VTIMEZONE"
    return "\r\n".join(kept)


def _first(event: Any, name: str) -> Any:
    """A property's value; the first one where it stands there several times."""
    value = event.get(name)
    return value[0] if isinstance(value, list) and value else value


def _plain(event: Any, name: str) -> str:
    value = _first(event, name)
    return clean_line(" ".join(str(value)[:2000].split()))[:200] if value is not None else ""


def _parameter(value: Any, name: str) -> str:
    return clean_line(str(getattr(value, "params", {}).get(name, ""))[:500])


def _person(value: Any) -> str:
    if value is None:
        return ""
    address = clean_line(str(value)[:500])
    if address[:7].casefold() == "mailto:":
        address = address[7:]
    name = _parameter(value, "CN")
    return f"{name} <{address}>" if name and name != address else address


def _answer(value: Any) -> str:
    match _parameter(value, "PARTSTAT").upper():
        case "ACCEPTED":
            return say("{person}: accepted", person=_person(value))
        case "DECLINED":
            return say("{person}: declined", person=_person(value))
        case "TENTATIVE":
            return say("{person}: tentative", person=_person(value))
        case _:
            return ""


def _when(event: Any) -> str:
    start = _moment(_first(event, "DTSTART") or _first(event, "DUE"))
    if start is None:
        return ""
    end = _moment(_first(event, "DTEND"))
    text = start[0]
    if end is not None and end[0] != start[0]:
        same_day = end[0][:10] == start[0][:10] and len(end[0]) > 10
        text += f"-{end[0][11:]}" if same_day else f" - {end[0]}"
    return f"{text} ({start[1]})" if start[1] else text


def _moment(value: Any) -> tuple[str, str] | None:
    """(`2026-03-01 10:00`, zone); the zone is as written, because its rules are the sender's."""
    try:
        moment = getattr(value, "dt", None)
    except ValueError:  # a property that icalendar could not read
        return None
    if isinstance(moment, datetime):
        utc = moment.tzinfo is not None and not moment.utcoffset()
        return moment.strftime("%Y-%m-%d %H:%M"), _parameter(value, "TZID") or "UTC" * utc
    if isinstance(moment, date):
        return moment.strftime("%Y-%m-%d"), ""
    return None
