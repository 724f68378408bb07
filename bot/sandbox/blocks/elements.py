"""Block elements: buttons, menus, pickers and inputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.blocks.check import Check
from bot.sandbox.blocks.rich_text import check_rich_text
from bot.sandbox.model import Json

_MENU = ("action_id", "confirm", "placeholder", "focus_on_load")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{2}:\d{2}")

_SELECTS = {
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
}
_PICKERS = {"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"}
IN_SECTION = _SELECTS | _PICKERS | {"button", "image", "overflow", "workflow_button"}
IN_SECTION -= {"datetimepicker"}
IN_ACTIONS = _SELECTS | _PICKERS | {"button", "overflow", "workflow_button", "rich_text_input"}
IN_INPUT = _SELECTS | _PICKERS | {"plain_text_input", "rich_text_input", "email_text_input"}
IN_INPUT |= {"url_text_input", "number_input", "file_input"}
ONLY_MODAL = {"file_input"}


def check_element(check: Check, element: Any, pointer: str, allowed: set[str]) -> None:
    """One element, where only `allowed` types may stand."""
    kind = element.get("type") if isinstance(element, dict) else None
    checker = _CHECKERS.get(str(kind))
    if checker is None or kind not in allowed:
        check.add(f"unsupported type: {kind}", f"{pointer}/type")
        return
    check.string(element.get("action_id"), f"{pointer}/action_id", 255)
    check.text(element.get("placeholder"), f"{pointer}/placeholder", 150, plain=True)
    check.flag(element.get("focus_on_load"), f"{pointer}/focus_on_load")
    if element.get("confirm") is not None:
        _confirm(check, element["confirm"], f"{pointer}/confirm")
    checker(check, element, pointer)


def _confirm(check: Check, confirm: Any, at: str) -> None:
    if check.keys(confirm, at, ("title", "text", "confirm", "deny"), ("style",)):
        check.text(confirm.get("title"), f"{at}/title", 100, plain=True)
        check.text(confirm.get("text"), f"{at}/text", 300)
        check.text(confirm.get("confirm"), f"{at}/confirm", 30, plain=True)
        check.text(confirm.get("deny"), f"{at}/deny", 30, plain=True)
        check.one_of(confirm.get("style"), f"{at}/style", ("primary", "danger"))


def _button(check: Check, element: Json, at: str) -> None:
    optional = ("action_id", "url", "value", "style", "confirm", "accessibility_label")
    check.keys(element, at, ("text",), optional)
    check.text(element.get("text"), f"{at}/text", 75, plain=True)
    check.string(element.get("value"), f"{at}/value", 2000)
    check.string(element.get("accessibility_label"), f"{at}/accessibility_label", 75)
    check.one_of(element.get("style"), f"{at}/style", ("primary", "danger"))
    if element.get("url") is not None:
        check.url(element["url"], f"{at}/url")


def check_image(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("alt_text",), ("image_url", "slack_file"))
    check.string(element.get("alt_text"), f"{at}/alt_text", 2000)
    check.image(element, at)


def _option(check: Check, option: Any, at: str, *, plain: bool = True, url: bool = False) -> None:
    extra = ("description", "url") if url else ("description",)
    if check.keys(option, at, ("text", "value"), extra):
        check.text(option.get("text"), f"{at}/text", 75, plain=plain)
        check.string(option.get("value"), f"{at}/value", 150)
        check.text(option.get("description"), f"{at}/description", 75, plain=plain)
        if url and option.get("url") is not None:
            check.url(option["url"], f"{at}/url")


def _options(
    check: Check, element: Json, at: str, most: int, *, plain: bool = True, url: bool = False
) -> list[Any]:
    options = check.items(element.get("options"), f"{at}/options", most)
    for index, option in enumerate(options):
        _option(check, option, f"{at}/options/{index}", plain=plain, url=url)
    return options


def _initial(check: Check, element: Json, at: str, options: list[Any]) -> None:
    """Initial options must be among the options, word for word."""
    one, several = element.get("initial_option"), element.get("initial_options")
    chosen = ([one] if one is not None else []) + (several if isinstance(several, list) else [])
    known = {_option_key(option) for option in options}
    if several is not None:
        check.items(several, f"{at}/initial_options", 100)
    for option in chosen:
        if _option_key(option) not in known:
            name = "initial_option" if one is not None else "initial_options"
            check.add("must exactly match one of the provided options", f"{at}/{name}")


def _option_key(option: Any) -> tuple[str, str]:
    if not isinstance(option, dict) or not isinstance(option.get("text"), dict):
        return ("", "")
    return (str(option.get("value")), str(option["text"].get("text")))


def _static(check: Check, element: Json, at: str) -> None:
    many = str(element["type"]).startswith("multi_")
    own = ("initial_options", "max_selected_items") if many else ("initial_option",)
    check.keys(element, at, (), (*_MENU, "options", "option_groups", *own))
    groups = element.get("option_groups")
    if (element.get("options") is None) == (groups is None):
        check.add("must provide either options or option_groups", at)
    options = _options(check, element, at, 100)
    for index, group in enumerate(check.items(groups, f"{at}/option_groups", 100)):
        place = f"{at}/option_groups/{index}"
        if check.keys(group, place, ("label", "options")):
            check.text(group.get("label"), f"{place}/label", 75, plain=True)
            options = options + _options(check, group, place, 100)
    _initial(check, element, at, options)
    check.whole(element.get("max_selected_items"), f"{at}/max_selected_items", 1, 100)


def _dynamic(check: Check, element: Json, at: str) -> None:
    """users, conversations, channels and external selects."""
    many = str(element["type"]).startswith("multi_")
    kind = str(element["type"]).removeprefix("multi_").removesuffix("_select")
    single = {"users": "user", "conversations": "conversation", "channels": "channel"}
    initial = f"initial_{single.get(kind, 'option')}" + ("s" if many else "")
    optional = {*_MENU, initial} | ({"max_selected_items"} if many else set())
    if kind == "external":
        optional.add("min_query_length")
    if kind == "conversations":
        optional |= {"default_to_current_conversation", "filter"}
    if kind in ("conversations", "channels") and not many:
        optional.add("response_url_enabled")
    check.keys(element, at, (), optional)
    check.whole(element.get("min_query_length"), f"{at}/min_query_length", 0, 3000)
    check.whole(element.get("max_selected_items"), f"{at}/max_selected_items", 1, 100)
    if many and element.get(initial) is not None:
        check.items(element[initial], f"{at}/{initial}", 100, least=0)
    elif kind in single and not many:
        check.string(element.get(initial), f"{at}/{initial}", 30)


def _overflow(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("options",), ("action_id", "confirm"))
    _options(check, element, at, 5, url=True)


def _boxes(check: Check, element: Json, at: str) -> None:
    initial = "initial_options" if element["type"] == "checkboxes" else "initial_option"
    check.keys(element, at, ("options",), ("action_id", "confirm", "focus_on_load", initial))
    _initial(check, element, at, _options(check, element, at, 10, plain=False))


def _picker(check: Check, element: Json, at: str) -> None:
    kind = str(element["type"])
    initial = {"datepicker": "initial_date", "timepicker": "initial_time"}.get(kind)
    if initial is None:
        check.keys(element, at, (), ("action_id", "confirm", "focus_on_load", "initial_date_time"))
        check.whole(element.get("initial_date_time"), f"{at}/initial_date_time", 10**9, 10**10 - 1)
        return
    check.keys(element, at, (), (*_MENU, initial, *(("timezone",) if kind == "timepicker" else ())))
    value, pattern = element.get(initial), _DATE if kind == "datepicker" else _TIME
    if value is not None and (not isinstance(value, str) or not pattern.fullmatch(value)):
        check.add("invalid format", f"{at}/{initial}")


_INPUT = ("action_id", "initial_value", "dispatch_action_config", "focus_on_load", "placeholder")


def _plain_input(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, (), (*_INPUT, "multiline", "min_length", "max_length"))
    check.string(element.get("initial_value"), f"{at}/initial_value", 3000, least=0)
    check.flag(element.get("multiline"), f"{at}/multiline")
    check.whole(element.get("min_length"), f"{at}/min_length", 0, 3000)
    check.whole(element.get("max_length"), f"{at}/max_length", 1, 3000)


def _short_input(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, (), _INPUT)
    check.string(element.get("initial_value"), f"{at}/initial_value", 3000, least=0)


def _number_input(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("is_decimal_allowed",), (*_INPUT, "min_value", "max_value"))
    check.flag(element.get("is_decimal_allowed"), f"{at}/is_decimal_allowed")
    for name in ("initial_value", "min_value", "max_value"):
        check.string(element.get(name), f"{at}/{name}", 30)


def _rich_input(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, (), _INPUT)
    if element.get("initial_value") is not None:
        check_rich_text(check, element["initial_value"], f"{at}/initial_value")


def _file_input(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, (), ("action_id", "filetypes", "max_files"))
    check.items(element.get("filetypes"), f"{at}/filetypes", 100)
    check.whole(element.get("max_files"), f"{at}/max_files", 1, 10)


def _workflow_button(check: Check, element: Json, at: str) -> None:
    check.keys(element, at, ("text", "workflow"), ("action_id", "style", "accessibility_label"))
    check.text(element.get("text"), f"{at}/text", 75, plain=True)


_CHECKERS: dict[str, Callable[[Check, Json, str], None]] = {
    "button": _button,
    "image": check_image,
    "static_select": _static,
    "multi_static_select": _static,
    "overflow": _overflow,
    "checkboxes": _boxes,
    "radio_buttons": _boxes,
    "datepicker": _picker,
    "timepicker": _picker,
    "datetimepicker": _picker,
    "plain_text_input": _plain_input,
    "email_text_input": _short_input,
    "url_text_input": _short_input,
    "number_input": _number_input,
    "rich_text_input": _rich_input,
    "file_input": _file_input,
    "workflow_button": _workflow_button,
    **dict.fromkeys(_SELECTS - {"static_select", "multi_static_select"}, _dynamic),
}
