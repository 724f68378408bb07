"""Content-Type and Content-Disposition with their parameters (RFC 2045, RFC 2231), tolerantly."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from mail.mime.charsets import decode_text
from mail.mime.encoded_words import decode_words

MAX_LENGTH = 20_000
_MAX_PARAMETERS = 200
_TYPE = re.compile(r"[a-z0-9!#$&^_.+\-]{1,100}/[a-z0-9!#$&^_.+\-]{1,100}")
_CONTINUED = re.compile(r"^([^*]+)(?:\*(\d{1,4}))?(\*)?$")


@dataclass(frozen=True, slots=True)
class Parameterised:
    """`value` in lower case, and the parameters by their name in lower case."""

    value: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def parse_parameters(text: str) -> Parameterised:
    """`attachment; filename*0*=utf-8''a%20; filename*1=b` to its value and parameters."""
    text = text[:MAX_LENGTH]
    pieces = _split(text)
    value = pieces[0].strip().strip('"').casefold() if pieces else ""
    pairs: list[tuple[str, str]] = []
    for index, piece in enumerate(pieces[:_MAX_PARAMETERS]):
        name, equals, content = piece.partition("=")
        if not equals:
            continue
        if index == 0:  # "attachment filename=x": the semicolon was forgotten
            value, _, name = name.strip().casefold().rpartition(" ")
            value = value.strip()
        pairs.append((name.strip().strip('"').casefold(), content.strip()))
    return Parameterised(value, _join(pairs))


def media_type(text: str) -> Parameterised:
    """A Content-Type. What is no type at all is `text/plain` when empty, else octet-stream."""
    parsed = parse_parameters(text)
    value = "".join(parsed.value.split())
    found = _TYPE.match(value)
    if found is not None:
        return Parameterised(found[0], parsed.parameters)
    if value in ("", "text"):
        return Parameterised("text/plain", parsed.parameters)
    if value in ("html", "multipart", "plain"):
        guess = {"html": "text/html", "plain": "text/plain", "multipart": "multipart/mixed"}
        return Parameterised(guess[value], parsed.parameters)
    return Parameterised("application/octet-stream", parsed.parameters)


def _split(text: str) -> list[str]:
    """At semicolons outside quotes; a quote that never closes is an ordinary character."""
    pieces: list[str] = []
    start = position = 0
    quote_lost = False
    while position < len(text):
        char = text[position]
        if char == ";":
            pieces.append(text[start:position])
            start = position + 1
        elif char == '"' and not quote_lost:
            closing = _closing_quote(text, position + 1)
            if closing < 0:
                quote_lost = True
            else:
                position = closing
        position += 1
    pieces.append(text[start:])
    return pieces


def _closing_quote(text: str, position: int) -> int:
    while True:
        closing = text.find('"', position)
        if closing < 0:
            return -1
        slashes = 0
        while closing - slashes - 1 >= position and text[closing - slashes - 1] == "\\":
            slashes += 1
        if slashes % 2 == 0:
            return closing
        position = closing + 1


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == '"' and value[-1] == '"':
        value = value[1:-1]
        # Windows mailers write paths without escaping: a backslash counts only before " and \
        return value.replace('\\"', '"').replace("\\\\", "\\")
    return value.strip('"')


def _join(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Plain values, RFC 2231 ones (which win), and encoded words where they do not belong."""
    plain: dict[str, str] = {}
    parts: dict[str, list[tuple[int, bool, str]]] = {}
    for raw_name, raw in pairs:
        found = _CONTINUED.match(raw_name)
        if found is None:
            continue
        name, number, star = found[1].strip(), found[2], bool(found[3])
        content = _unquote(raw)
        if number is None and not star:
            plain.setdefault(name, content)
        else:
            parts.setdefault(name, []).append((int(number or 0), star, content))
    result = {name: _decode_plain(value) for name, value in plain.items()}
    for name, pieces in parts.items():
        decoded = _decode_pieces(pieces)
        if decoded or name not in result:
            result[name] = decoded
    return result


def _decode_plain(value: str) -> str:
    if "=?" in value:
        return decode_words(value)
    # Some mailers write an RFC 2231 value without the star.
    if re.match(r"(?:utf-8|iso-8859-\d+)''", value, re.IGNORECASE):
        return _decode_pieces([(0, True, value)])
    return value


def _decode_pieces(pieces: list[tuple[int, bool, str]]) -> str:
    """The continuations in order of their numbers; a charset may stand in the first only."""
    pieces.sort(key=lambda piece: piece[0])
    charset = ""
    data = bytearray()
    for index, (_, star, content) in enumerate(pieces):
        if index == 0 and star and content.count("'") >= 2:
            charset, _, content = content.split("'", 2)
        data += unquote_to_bytes(content) if star else content.encode("utf-8", "surrogatepass")
    return decode_text(bytes(data), charset or "utf-8").text
