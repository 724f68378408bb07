"""What inline styles and style sheets of a mail say about its text: hidden, bold, preformatted.

Only what changes the words or their weight is read. `mso-hide:all` hides in Outlook alone (the
"bulletproof button" shows everywhere else), so it hides nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SPACE = re.compile(r"\s+")
_AROUND = re.compile(r" ?([:;,]) ?")
_DECLARATION = re.compile(r"([a-z-]{2,40}):([^;]{0,300})")
_LENGTH = re.compile(r"^(-?\d*\.?\d+)")
_CSS_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_CSS_RULE = re.compile(r"([^{}]*+)([{}])")
_SIMPLE_SELECTOR = re.compile(r"^[a-z0-9]*([.#][\w-]+)$")
_WORD_LEVEL = re.compile(r"\blevel([1-9])\b")
_BOLD = frozenset({"bold", "bolder", "600", "700", "800", "900"})
_NOT_BOLD = frozenset({"normal", "lighter", "100", "200", "300", "400", "500"})
MAX_CSS = 200_000


@dataclass(frozen=True, slots=True)
class Style:
    """None means: as the element around it."""

    hidden: bool = False
    zero_font: bool | None = None
    bold: bool | None = None
    italic: bool | None = None
    strike: bool | None = None
    keep_space: bool | None = None
    tight_top: bool = False
    tight_bottom: bool = False
    """No margin there: the next line follows directly."""
    no_border: bool = False
    word_list: int = 0
    """The level of a list item of Word, 0 for anything else."""


PLAIN = Style()


def read_style(text: str) -> Style:
    """A `style` attribute."""
    text = _AROUND.sub(r"\1", _SPACE.sub(" ", text[:5000].lower()).strip())
    values = dict(_DECLARATION.findall(text))
    if not values:
        return PLAIN
    values = {key: value.removesuffix("!important").strip() for key, value in values.items()}
    top, bottom = _tight(values)
    return Style(
        hidden=_is_hidden(values),
        zero_font=_zero_font(values),
        bold=_either(values.get("font-weight", ""), _BOLD, _NOT_BOLD),
        italic=_either(values.get("font-style", ""), {"italic", "oblique"}, {"normal"}),
        strike=True if "line-through" in values.get("text-decoration", "") else None,
        keep_space=_keep_space(values),
        tight_top=top,
        tight_bottom=bottom,
        word_list=_word_level(values.get("mso-list", "")),
        no_border="none" in values.get("border", ""),
    )


def _either(
    value: str, yes: frozenset[str] | set[str], no: frozenset[str] | set[str]
) -> bool | None:
    return True if value in yes else False if value in no else None


def _keep_space(values: Mapping[str, str]) -> bool | None:
    value = values.get("white-space", "")
    return _either(value, {"pre", "pre-wrap", "pre-line", "break-spaces"}, {"normal", "nowrap"})


def _is_zero(value: str | None) -> bool:
    found = _LENGTH.match(value or "")
    return found is not None and float(found[1]) == 0


def _is_hidden(values: Mapping[str, str]) -> bool:
    if values.get("mso-list") == "ignore":
        return True  # the bullet that Word writes as text
    if values.get("display") == "none" or values.get("visibility") in ("hidden", "collapse"):
        return True
    if _is_zero(values.get("opacity")):
        return True
    clipped = values.get("overflow", "") == "hidden" or "overflow" not in values
    flat = _is_zero(values.get("max-height")) or _is_zero(values.get("max-width"))
    if flat and clipped:
        return True
    none = _is_zero(values.get("height")) or _is_zero(values.get("width"))
    return none and values.get("overflow") == "hidden"


def _zero_font(values: Mapping[str, str]) -> bool | None:
    size = values.get("font-size")
    if size is None:
        return None
    found = _LENGTH.match(size)
    if found is None:
        return None if size in ("inherit", "") else False
    if float(found[1]) == 0:
        return True
    # One pixel is as good as none, but 1em is the ordinary size.
    return float(found[1]) <= 1 and size.endswith(("px", "pt"))


def _word_level(value: str) -> int:
    found = _WORD_LEVEL.search(value)
    return int(found[1]) if found else 0


def _tight(values: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether the margins above and below are expressly zero."""
    margins = values.get("margin", "").split()
    top = values.get("margin-top", margins[0] if margins else None)
    bottom = values.get("margin-bottom", margins[2 if len(margins) > 2 else 0] if margins else None)
    return _is_zero(top), _is_zero(bottom)


def hidden_selectors(sheets: list[str]) -> frozenset[str]:
    """`.class` and `#id` that a style sheet hides everywhere, not only on some screens."""
    hidden: set[str] = set()
    budget = MAX_CSS
    for sheet in sheets:
        text = _CSS_COMMENT.sub(" ", sheet[:budget].lower())
        budget -= len(text)
        if "display" in text:
            hidden.update(_hidden_in(text))
        if budget <= 0:
            break
    return frozenset(hidden)


def _hidden_in(text: str) -> set[str]:
    hidden: set[str] = set()
    depth, media, selector = 0, 0, ""
    for found in _CSS_RULE.finditer(text):
        content, brace = found[1], found[2]
        if brace == "{":
            depth += 1
            selector = content.strip()
            if selector.startswith("@") and not media:
                media = depth
            continue
        if not media and "display:none" in _SPACE.sub("", content):
            for item in selector.split(","):
                simple = _SIMPLE_SELECTOR.match(item.strip())
                if simple:
                    hidden.add(simple[1])
        if media == depth:
            media = 0
        depth = max(0, depth - 1)
    return hidden
