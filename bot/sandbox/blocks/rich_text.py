"""rich_text: sections, lists, quotes, preformatted text, and what may stand in them."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.blocks.check import Check
from bot.sandbox.model import Json

_TEXT_STYLES = ("bold", "italic", "strike", "code", "underline")
_NAME_STYLES = ("bold", "italic", "strike", "highlight", "client_highlight", "unlink", "code")
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}")
_GROUP = re.compile(r"S[A-Z0-9]{2,20}")
_EMOJI = re.compile(r"[\w+'.-]{1,100}(?:::skin-tone-[2-6])?")
_MANY = 5000


def check_rich_text(check: Check, value: Json, pointer: str) -> None:
    """A rich_text block, a table cell, or an input's initial value."""
    check.keys(value, pointer, ("elements",), ("block_id",))
    elements = check.items(value.get("elements"), f"{pointer}/elements", _MANY)
    for index, element in enumerate(elements):
        _check_part(check, element, f"{pointer}/elements/{index}")


def _check_part(check: Check, part: Any, pointer: str) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "rich_text_section":
        check.keys(part, pointer, ("elements",))
        _check_inline(check, part.get("elements"), pointer)
    elif kind == "rich_text_list":
        _check_list(check, part, pointer)
    elif kind == "rich_text_quote":
        check.keys(part, pointer, ("elements",), ("border",))
        check.whole(part.get("border"), f"{pointer}/border", 0, 1)
        _check_inline(check, part.get("elements"), pointer)
    elif kind == "rich_text_preformatted":
        check.keys(part, pointer, ("elements",), ("border",))
        check.whole(part.get("border"), f"{pointer}/border", 0, 1)
        _check_inline(check, part.get("elements"), pointer, only=("text", "link"))
    else:
        check.add(f"unsupported type: {kind}", f"{pointer}/type")


def _check_list(check: Check, part: Json, pointer: str) -> None:
    check.keys(part, pointer, ("elements", "style"), ("indent", "offset", "border"))
    check.one_of(part.get("style"), f"{pointer}/style", ("bullet", "ordered"))
    check.whole(part.get("indent"), f"{pointer}/indent", 0, 8)
    check.whole(part.get("offset"), f"{pointer}/offset", 0, 1_000_000)
    check.whole(part.get("border"), f"{pointer}/border", 0, 1)
    items = check.items(part.get("elements"), f"{pointer}/elements", _MANY)
    for index, item in enumerate(items):
        at = f"{pointer}/elements/{index}"
        if not isinstance(item, dict) or item.get("type") != "rich_text_section":
            check.add("unsupported type: a list holds rich_text_section only", f"{at}/type")
        else:
            _check_part(check, item, at)


def _check_inline(
    check: Check, elements: Any, pointer: str, only: tuple[str, ...] | None = None
) -> None:
    for index, element in enumerate(check.items(elements, f"{pointer}/elements", _MANY, least=0)):
        at = f"{pointer}/elements/{index}"
        kind = element.get("type") if isinstance(element, dict) else None
        checker = _INLINE.get(str(kind))
        if checker is None or (only is not None and kind not in only):
            check.add(f"unsupported type: {kind}", f"{at}/type")
        else:
            checker(check, element, at)


def _style(check: Check, element: Json, pointer: str, allowed: tuple[str, ...]) -> None:
    style = element.get("style")
    if style is not None and check.keys(style, f"{pointer}/style", (), allowed):
        for name, value in style.items():
            check.flag(value, f"{pointer}/style/{name}")


def _text(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("text",), ("style",))
    check.string(element.get("text"), f"{at}/text", 100_000)
    _style(check, element, at, _TEXT_STYLES)


def _link(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("url",), ("text", "unsafe", "style"))
    check.url(element.get("url"), f"{at}/url")
    check.string(element.get("text"), f"{at}/text", 100_000, least=0)
    check.flag(element.get("unsafe"), f"{at}/unsafe")
    _style(check, element, at, _TEXT_STYLES)


def _emoji(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("name",), ("unicode", "skin_tone", "style", "display_url"))
    name = element.get("name")
    if isinstance(name, str) and not _EMOJI.fullmatch(name):
        check.add("invalid emoji name", f"{at}/name")
    check.whole(element.get("skin_tone"), f"{at}/skin_tone", 1, 6)
    _style(check, element, at, _NAME_STYLES)


def _id(check: Check, element: Json, at: str, name: str, pattern: re.Pattern[str]) -> None:
    check.keys(element, at, (name,), ("style",))
    value = element.get(name)
    if value is not None and (not isinstance(value, str) or not pattern.fullmatch(value)):
        check.add(f"invalid {name}", f"{at}/{name}")
    _style(check, element, at, _NAME_STYLES)


def _user(check: Check, element: Json, at: str) -> None:
    _id(check, element, at, "user_id", _USER)


def _channel(check: Check, element: Json, at: str) -> None:
    _id(check, element, at, "channel_id", _CHANNEL)


def _usergroup(check: Check, element: Json, at: str) -> None:
    _id(check, element, at, "usergroup_id", _GROUP)


def _broadcast(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("range",), ("style",))
    check.one_of(element.get("range"), f"{at}/range", ("here", "channel", "everyone"))


def _date(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("timestamp", "format"), ("url", "fallback", "style"))
    check.whole(element.get("timestamp"), f"{at}/timestamp", 0, 2**53)
    check.string(element.get("format"), f"{at}/format", 1000)
    check.url(element.get("url"), f"{at}/url")
    _style(check, element, at, _TEXT_STYLES)


def _color(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("value",), ("style",))
    value = element.get("value")
    if value is not None and not re.fullmatch(r"#[0-9a-fA-F]{3,8}", str(value)):
        check.add("invalid color", f"{at}/value")


_INLINE = {
    "text": _text,
    "link": _link,
    "emoji": _emoji,
    "user": _user,
    "channel": _channel,
    "usergroup": _usergroup,
    "broadcast": _broadcast,
    "date": _date,
    "color": _color,
}
