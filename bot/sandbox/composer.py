"""What Slack's composer makes of typed text: rich_text blocks, and the mrkdwn `text` beside them.

Line by line: code blocks, quotes, lists, then text with its inline marks (`inline.py`). All of it
takes time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.sandbox.ids import new_secret
from bot.sandbox.inline import Names, inline_elements, inline_mrkdwn
from bot.sandbox.model import Json

_BULLET = re.compile(r"( {0,16})(?:[-*•]) +(?=\S)")
_NUMBER = re.compile(r"( {0,16})(\d{1,4})[.)] +(?=\S)")
_FENCE = "```"


def compose(text: str, names: Names) -> tuple[str, list[Json]]:
    """Typed text to (mrkdwn text, blocks); blocks are empty when nothing was typed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        return "", []
    elements = [element for part in _split_code(text) for element in _part_elements(part, names)]
    if not elements:  # nothing but empty code fences
        elements = [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]
    elements = _merge_lists(elements)
    block = {"type": "rich_text", "block_id": new_secret(5), "elements": elements}
    return to_mrkdwn(elements), [block]


def _split_code(text: str) -> Iterable[tuple[bool, str]]:
    """Pieces of (is code block, text); a fence that is never closed is text."""
    pieces = text.split(_FENCE)
    if len(pieces) % 2 == 0:
        pieces[-2:] = [pieces[-2] + _FENCE + pieces[-1]]
    for index, piece in enumerate(pieces):
        if piece.strip("\n"):
            yield index % 2 == 1, piece.strip("\n")


def _part_elements(part: tuple[bool, str], names: Names) -> list[Json]:
    is_code, text = part
    if is_code:
        code = [{"type": "text", "text": text}]
        return [{"type": "rich_text_preformatted", "elements": code, "border": 0}]
    return _line_elements(text.split("\n"), names)


def _line_elements(lines: list[str], names: Names) -> list[Json]:
    """Groups neighbouring lines of one kind, and makes an element of each group."""
    found: list[Json] = []
    plain: list[str] = []
    quoted: list[str] = []

    def close() -> None:
        if plain:
            found.append(_text_element("rich_text_section", plain, names))
        if quoted:
            found.append(_text_element("rich_text_quote", quoted, names))
        plain.clear()
        quoted.clear()

    for line in lines:
        item = _list_item(line, names)
        if item is not None:
            close()
            found.append(item)
        elif line.startswith((">", "&gt;")):
            if plain:
                close()
            quoted.append(line.removeprefix("&gt;").removeprefix(">").removeprefix(" "))
        else:
            if quoted:
                close()
            plain.append(line)
    close()
    return found


def _text_element(kind: str, lines: list[str], names: Names) -> Json:
    return {"type": kind, "elements": inline_elements("\n".join(lines), names)}


def _list_item(line: str, names: Names) -> Json | None:
    """A list of one item; `_merge_lists` joins those that belong together."""
    match, style = _BULLET.match(line), "bullet"
    if match is None:
        match, style = _NUMBER.match(line), "ordered"
    if match is None:
        return None
    section = _text_element("rich_text_section", [line[match.end() :]], names)
    element: Json = {
        "type": "rich_text_list",
        "elements": [section],
        "style": style,
        "indent": min(len(match[1]) // 2, 8),
        "border": 0,
    }
    if style == "ordered" and int(match[2]) > 1:
        element["offset"] = int(match[2]) - 1
    return element


def _merge_lists(elements: list[Json]) -> list[Json]:
    merged: list[Json] = []
    for element in elements:
        last = merged[-1] if merged else None
        if (
            last is not None
            and element["type"] == last["type"] == "rich_text_list"
            and element["style"] == last["style"]
            and element["indent"] == last["indent"]
        ):
            last["elements"] += element["elements"]
        else:
            merged.append(element)
    return merged


def to_mrkdwn(elements: list[Json]) -> str:
    """The `text` that Slack keeps beside rich_text."""
    return "\n".join(_element_mrkdwn(element) for element in elements)


def _element_mrkdwn(element: Json) -> str:
    kind = element["type"]
    if kind == "rich_text_preformatted":
        return f"{_FENCE}{inline_mrkdwn(element['elements'])}{_FENCE}"
    if kind == "rich_text_quote":
        lines = inline_mrkdwn(element["elements"]).split("\n")
        return "\n".join(f"&gt; {line}" for line in lines)
    if kind == "rich_text_list":
        return "\n".join(_items_mrkdwn(element))
    return inline_mrkdwn(element["elements"])


def _items_mrkdwn(element: Json) -> Iterable[str]:
    indent = "    " * element["indent"]
    for number, item in enumerate(element["elements"], 1 + element.get("offset", 0)):
        mark = "•" if element["style"] == "bullet" else f"{number}."
        yield f"{indent}{mark} {inline_mrkdwn(item['elements'])}"
