"""ISO-2022-JP as Japanese mailers really write it.

The codec of the standard library knows the standard; mails hold NEC and IBM characters (①, ㈱, 髙),
half-width katakana and escape sequences that were cut by a mail gateway.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb"\x1b(\$[@B]|\$\([DQ]|\([BJIH])|[\x0e\x0f]")


def decode_iso2022_jp(data: bytes) -> str:
    """The text; pairs that no table knows become U+FFFD."""
    for codec in ("iso2022_jp", "iso2022_jp_2"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return _decode_by_hand(data)


def _decode_by_hand(data: bytes) -> str:
    out: list[str] = []
    mode = b"(B"
    position = 0
    for found in _ESCAPE.finditer(data):
        out.append(_decode_run(data[position : found.start()], mode))
        mode = found.group(1) or (b"(I" if found[0] == b"\x0e" else b"(B")
        position = found.end()
    out.append(_decode_run(data[position:], mode))
    return "".join(out)


def _decode_run(run: bytes, mode: bytes) -> str:
    if mode in (b"$@", b"$B"):
        return "".join(_decode_line(line) for line in run.splitlines(keepends=True))
    if mode == b"$(D":
        pairs = bytes(b | 0x80 for b in run)
        return b"".join(b"\x8f" + pairs[i : i + 2] for i in range(0, len(pairs) - 1, 2)).decode(
            "euc_jp", "replace"
        )
    if mode == b"(I":
        return bytes(b | 0x80 if 0x21 <= b <= 0x5F else b for b in run).decode("cp932", "replace")
    return run.decode("ascii", "replace")


def _decode_line(line: bytes) -> str:
    """JIS pairs to Shift_JIS pairs, because only that codec has the vendors' rows."""
    body = line.rstrip(b"\r\n")
    out = bytearray()
    for index in range(0, len(body) - 1, 2):
        high, low = body[index] & 0x7F, body[index + 1] & 0x7F
        if not (0x21 <= high <= 0x7E and 0x21 <= low <= 0x7E):
            out += b"?"
            continue
        lead = (high + 1) // 2 + (0x70 if high < 0x5F else 0xB0)
        if high % 2:
            trail = low + (0x20 if low > 0x5F else 0x1F)
        else:
            trail = low + 0x7E
        out += bytes((lead, trail))
    return out.decode("cp932", "replace") + line[len(body) :].decode("ascii", "replace")
