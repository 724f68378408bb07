"""Blocks: the list of a message, a modal or Home as a whole, and each kind of block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox.blocks.check import Check
from bot.sandbox.blocks.elements import (
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    ONLY_MODAL,
    check_element,
    check_image,
)
from bot.sandbox.blocks.rich_text import check_rich_text
from bot.sandbox.ids import new_secret
from bot.sandbox.model import Json

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MAX_CHARACTERS = 13_200
"""Over all blocks of a message. Not documented by Slack; measured at about this."""
MAX_MARKDOWN = 12_000
MAX_TABLE = 10_000


def check_blocks(check: Check, blocks: Any, pointer: str, surface: str) -> None:
    """`surface` is message, modal or home. Problems gather in `check`."""
    listed = check.items(blocks, pointer, MAX_BLOCKS[surface], least=0)
    seen: set[str] = set()
    for index, block in enumerate(listed):
        at = f"{pointer}/{index}"
        kind = block.get("type") if isinstance(block, dict) else None
        checker = _CHECKERS.get(str(kind))
        if checker is None or surface not in _WHERE.get(str(kind), tuple(MAX_BLOCKS)):
            check.add(f"unsupported type: {kind}", f"{at}/type")
            continue
        check.string(block.get("block_id"), f"{at}/block_id", 255)
        _check_unique(check, block, at, seen)
        checker(check, block, at)
        if surface != "modal" and _element_type(block) in ONLY_MODAL:
            check.add(f"unsupported type: {_element_type(block)}", f"{at}/element/type")
    _check_tables(check, listed, pointer)


def count_characters(value: Any) -> int:
    """What counts against the cap on a message: every text, and the URL of a link without text."""
    total, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            text = one.get("text")
            if isinstance(text, str):
                total += len(text)
            elif one.get("type") == "link":
                total += len(str(one.get("url", "")))
            waiting.extend(inner for inner in one.values() if isinstance(inner, list | dict))
    return total


def fill_ids(blocks: list[Json]) -> list[Json]:
    """A copy in which every block and element has the id that Slack would have made up."""
    return [
        _fill_elements({**block, "block_id": block.get("block_id") or new_secret(5)})
        for block in blocks
    ]


def elements_of(block: Json) -> Iterator[Json]:
    """The interactive elements and images of a block."""
    if block.get("type") in ("actions", "context_actions"):
        yield from (one for one in block.get("elements") or [] if isinstance(one, dict))
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            yield block[name]


def _fill_elements(block: Json) -> Json:
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            block[name] = _filled(block[name])
    if block.get("type") in ("actions", "context_actions"):
        block["elements"] = [_filled(element) for element in block["elements"]]
    return block


def _filled(element: Json) -> Json:
    if element.get("type") == "image" or "action_id" in element:
        return element
    return {**element, "action_id": new_secret(5)}


def _element_type(block: Json) -> str:
    element = block.get("element")
    return str(element.get("type")) if isinstance(element, dict) else ""


def _check_unique(check: Check, block: Json, at: str, seen: set[str]) -> None:
    block_id = block.get("block_id")
    if isinstance(block_id, str):
        if block_id in seen:
            check.add(f"block_id {block_id} is not unique", f"{at}/block_id")
        seen.add(block_id)
    action_ids = [element.get("action_id") for element in elements_of(block)]
    named = [one for one in action_ids if isinstance(one, str)]
    for double in sorted({one for one in named if named.count(one) > 1}):
        check.add(f"action_id {double} is not unique in its block", at)


def _check_tables(check: Check, blocks: list[Any], pointer: str) -> None:
    kinds = [block.get("type") for block in blocks if isinstance(block, dict)]
    if kinds.count("table") > 1:
        check.add("only_one_table_allowed", pointer)
    markdown = sum(
        count_characters(block)
        for block in blocks
        if isinstance(block, dict) and block.get("type") == "markdown"
    )
    if markdown > MAX_MARKDOWN:
        check.add(f"markdown blocks must be less than {MAX_MARKDOWN + 1} characters", pointer)


def _section(check: Check, block: Json, at: str) -> None:
    check.keys(block, at, (), ("block_id", "text", "fields", "accessory", "expand"))
    if block.get("text") is None and block.get("fields") is None:
        check.add("missing required field: text", at)
    check.text(block.get("text"), f"{at}/text", 3000)
    for index, field in enumerate(check.items(block.get("fields"), f"{at}/fields", 10)):
        check.text(field, f"{at}/fields/{index}", 2000)
    if block.get("accessory") is not None:
        check_element(check, block["accessory"], f"{at}/accessory", IN_SECTION)


def _divider(check: Check, block: Json, at: str) -> None:
    check.keys(block, at, (), ("block_id",))


def _header(check: Check, block: Json, at: str) -> None:
    check.keys(block, at, ("text",), ("block_id",))
    check.text(block.get("text"), f"{at}/text", 150, plain=True)


def _image(check: Check, block: Json, at: str) -> None:
    check.keys(block, at, ("alt_text",), ("block_id", "title", "image_url", "slack_file"))
    check.string(block.get("alt_text"), f"{at}/alt_text", 2000)
    check.text(block.get("title"), f"{at}/title", 2000, plain=True)
    check.image(block, at)


def _context(check: Check, block: Json, at: str) -> None:
    check.keys(block, at, ("elements",), ("block_id",))
    for index, element in enumerate(check.items(block.get("elements"), f"{at}/elements", 10)):
        place = f"{at}/elements/{index}"
        if isinstance(element, dict) and element.get("type") == "image":
            check_image(check, element, place)
        else:
            check.text(element if element is not None else "", place)


def _actions(check: Check, block: Json, at: str) -> None:
    check.keys(block, at, ("elements",), ("block_id",))
    for index, element in enumerate(check.items(block.get("elements"), f"{at}/elements", 25)):
        check_element(check, element, f"{at}/elements/{index}", IN_ACTIONS)


def _input(check: Check, block: Json, at: str) -> None:
    optional = ("block_id", "hint", "optional", "dispatch_action")
    check.keys(block, at, ("label", "element"), optional)
    check.text(block.get("label"), f"{at}/label", 2000, plain=True)
    check.text(block.get("hint"), f"{at}/hint", 2000, plain=True)
    check.flag(block.get("optional"), f"{at}/optional")
    check.flag(block.get("dispatch_action"), f"{at}/dispatch_action")
    if block.get("element") is not None:
        check_element(check, block["element"], f"{at}/element", IN_INPUT)


def _markdown(check: Check, block: Json, at: str) -> None:
    check.keys(block, at, ("text",), ("block_id",))
    check.string(block.get("text"), f"{at}/text", MAX_MARKDOWN)


def _table(check: Check, block: Json, at: str) -> None:
    check.keys(block, at, ("rows",), ("block_id", "column_settings"))
    for index, row in enumerate(check.items(block.get("rows"), f"{at}/rows", 100)):
        for number, cell in enumerate(check.items(row, f"{at}/rows/{index}", 20)):
            _cell(check, cell, f"{at}/rows/{index}/{number}")
    settings = check.items(block.get("column_settings"), f"{at}/column_settings", 20)
    for index, setting in enumerate(settings):
        place = f"{at}/column_settings/{index}"
        if setting is not None and check.keys(setting, place, (), ("align", "is_wrapped")):
            check.one_of(setting.get("align"), f"{place}/align", ("left", "center", "right"))
            check.flag(setting.get("is_wrapped"), f"{place}/is_wrapped")
    if count_characters(block.get("rows")) > MAX_TABLE:
        check.add(f"must be less than {MAX_TABLE + 1} characters", f"{at}/rows")


def _cell(check: Check, cell: Any, at: str) -> None:
    kind = cell.get("type") if isinstance(cell, dict) else None
    if kind == "raw_text":
        check.keys(cell, at, ("text",))
        check.string(cell.get("text"), f"{at}/text", MAX_TABLE)
    elif kind == "rich_text":
        check_rich_text(check, cell, at)
    else:
        check.add(f"unsupported type: {kind}", f"{at}/type")


_CHECKERS: dict[str, Callable[[Check, Json, str], None]] = {
    "section": _section,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "rich_text": check_rich_text,
    "markdown": _markdown,
    "table": _table,
}
_WHERE = {"markdown": ("message",), "table": ("message",)}
