"""text/enriched and text/richtext (RFC 1896, RFC 1341) to plain text."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"<<|<(/?)([A-Za-z0-9-]{1,60})>|\n+")


def enriched_text(text: str) -> str:
    """The words. One line break is a space and n are n-1, except inside <nofill>."""
    out: list[str] = []
    position = 0
    skip = nofill = 0
    for found in _TOKEN.finditer(text):
        if not skip:
            out.append(text[position : found.start()])
        position = found.end()
        mark, name = found[0], (found[2] or "").casefold()
        if mark == "<<":
            out.append("" if skip else "<")
        elif name == "param":
            skip = max(0, skip + (-1 if found[1] else 1))
        elif name == "nofill":
            nofill = max(0, nofill + (-1 if found[1] else 1))
        elif name in ("nl", "paragraph", "np") and not skip:
            out.append("\n")
        elif mark[0] == "\n" and not skip:
            out.append(mark if nofill else mark[1:] or " ")
    if not skip:
        out.append(text[position:])
    return "".join(out)
