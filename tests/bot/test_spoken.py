"""What the layers below Slack say to people can be said in another language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from bot.slack.i18n import DOMAIN, LOCALE_FOLDER

ROOT = Path(__file__).parents[2]


def spoken_calls() -> Iterator[tuple[str, ast.Call]]:
    """Where a layer below Slack makes something that a person in Slack reads."""
    told = {"Step", "Finding", *named_errors("handlers/errors.py"), *named_errors("mail/errors.py")}
    for folder in ("handlers", "mail", "bot/wires"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in told:
                    yield name, node


def named_errors(name: str) -> set[str]:
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


ON_THE_COMMAND_LINE = frozenset(
    {
        "handlers/channels/dkim_keys.py",
        "handlers/upkeep/forget.py",
        "mail/writing/compose.py",
        "mail/writing/dkim_sign.py",
    }
)
"""What these say never reaches Slack: there is no way to them but `canal`."""


def test_what_the_layers_below_say_can_be_said_in_another_language() -> None:
    """Words with values filled in at once, or that no catalog knows, would stay English."""
    with (LOCALE_FOLDER / f"{DOMAIN}.pot").open("rb") as opened:
        known = {one.id for one in read_po(opened)}
    english = [
        f"{name}:{argument.lineno}"
        for name, call in spoken_calls()
        if name not in ON_THE_COMMAND_LINE
        for argument in [*call.args, *(one.value for one in call.keywords)]
        if words_in(argument) and words_in(argument) not in known
    ]
    assert english == []


def words_in(argument: ast.expr) -> str:
    """The words of a literal sentence, with or without values; "" where it has no two words."""
    pieces = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
    words = "".join(str(one.value) for one in pieces if isinstance(one, ast.Constant))
    return words if re.search(r"[a-z]{2}\s[a-z]{2}", words) else ""
