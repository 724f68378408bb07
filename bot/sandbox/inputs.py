"""The values of inputs, menus and buttons, as Slack's payloads spell them."""

from __future__ import annotations

from typing import Any

from bot.sandbox.blocks.blocks import elements_of
from bot.sandbox.errors import SandboxError
from bot.sandbox.model import Json

_FIELDS = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "overflow": ("selected_option", ""),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", ""),
}


def find_element(
    blocks: list[Json], action_id: str, block_id: str | None = None
) -> tuple[Json, Json]:
    """(block, element) with this action_id. Raises SandboxError naming those that are there."""
    known: list[str] = []
    for block in blocks:
        for element in elements_of(block):
            if element.get("action_id") == action_id and block_id in (None, block["block_id"]):
                return block, element
            known.append(str(element.get("action_id")))
    raise SandboxError(f"Nothing here has the action_id {action_id}; there is {known}.")


def build_action(block: Json, element: Json, given: Any = None) -> Json:
    """What `actions` of a block_actions payload holds (without action_ts)."""
    kind = element["type"]
    action: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
    }
    if kind in ("button", "workflow_button"):
        action["text"] = element["text"]
        value = element.get("value") if given is None else given
        return action | ({"value": value} if value is not None else {})
    if element.get("placeholder"):
        action["placeholder"] = element["placeholder"]
    return action | build_value(element, given)


def build_value(element: Json, given: Any) -> Json:
    """{type, value | selected_…} of an input. `given` may be simple, such as an option's value."""
    kind = str(element["type"])
    if isinstance(given, dict) and given.get("type") == kind:
        return given  # spelled out by whoever gave it
    if kind not in _FIELDS:
        raise SandboxError(f"The sandbox knows no value for {kind}.")
    name = _FIELDS[kind][0]
    if name == "selected_option" and given is not None:
        given = get_option(element, given)
    elif name == "selected_options":
        given = [get_option(element, one) for one in given or []]
    elif name.endswith("s") or name == "files":
        given = list(given or [])
    elif name == "value" and given is not None:
        given = str(given)
    return {"type": kind, name: given}


def get_option(element: Json, given: Any) -> Json:
    """The whole option for its value. Raises SandboxError when the menu has no such option."""
    wanted = given.get("value") if isinstance(given, dict) else str(given)
    if "external" in str(element["type"]):
        text = {"type": "plain_text", "text": str(wanted), "emoji": True}
        return given if isinstance(given, dict) else {"text": text, "value": wanted}
    options = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        options += group["options"]
    for option in options:
        if option.get("value") == wanted:
            return dict(option)
    raise SandboxError(f"{wanted!r} is not among the options of {element.get('action_id')}.")


def initial_state(blocks: list[Json]) -> Json:
    """{block_id: {action_id: value}} before anybody touches anything."""
    state: Json = {}
    for block in blocks:
        for element in elements_of(block):
            fields = _FIELDS.get(str(element.get("type")))
            if fields is None or element["type"] == "overflow":
                continue
            value = build_value(element, element.get(fields[1]) if fields[1] else None)
            state.setdefault(block["block_id"], {})[element["action_id"]] = value
    return state


def fill_state(blocks: list[Json], values: Json) -> Json:
    """The state after somebody typed `values`.

    `values` is {block_id: {action_id: value}}, or shorter {action_id: value}; a value is simple
    ("text", an option's value, a user id) or spelled out as in Slack's `state.values`.
    """
    state = initial_state(blocks)
    block_ids = {block["block_id"] for block in blocks}
    for key, value in values.items():
        if key in block_ids and isinstance(value, dict):
            for action_id, inner in value.items():
                _, element = find_element(blocks, action_id, key)
                state.setdefault(key, {})[action_id] = build_value(element, inner)
        else:
            block, element = find_element(blocks, key)
            state.setdefault(block["block_id"], {})[key] = build_value(element, value)
    return state


def find_problems(blocks: list[Json], state: Json) -> dict[str, str]:
    """{block_id: sentence} for inputs that Slack's client would not submit."""
    problems: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        entered = state.get(block["block_id"], {}).get(element["action_id"], {})
        problem = _problem(block, element, entered.get(_FIELDS[element["type"]][0]))
        if problem is not None:
            problems[block["block_id"]] = problem
    return problems


def _problem(block: Json, element: Json, value: Any) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional") else "Please complete this required field."
    kind = element["type"]
    if kind == "email_text_input" and ("@" not in value or " " in value):
        return "Please enter a valid email address."
    if kind == "url_text_input" and "://" not in value:
        return "Please enter a valid URL."
    if kind == "number_input":
        return _number_problem(element, str(value))
    if kind == "plain_text_input":
        least, most = element.get("min_length") or 0, element.get("max_length") or 3000
        if not least <= len(value) <= most:
            return f"Please enter between {least} and {most} characters."
    return None


def _number_problem(element: Json, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "Please enter a number."
    if not element.get("is_decimal_allowed") and not number.is_integer():
        return "Please enter a whole number."
    low, high = element.get("min_value"), element.get("max_value")
    if (low is not None and number < float(low)) or (high is not None and number > float(high)):
        return f"Please enter a number from {low} to {high}."
    return None
