"""Header fields written out: encoded (RFC 2047, 2231), folded (RFC 5322), safe from injection.

The standard library's writer is not used: it breaks long message ids into encoded words and
splits some names in two. Every value passes through `one_line`, so no field can hold a line break.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from mail.errors import AddressError, ComposeError
from mail.model import Address
from mail.sentences import say
from mail.writing.text import clean_text

_LINE = 76
_WORD = 75
"""The longest encoded word that RFC 2047 allows."""
_MAX_TEXT = 998
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LOCAL = re.compile(r"[^\x00-\x20\x7f-\xa0()<>\[\]:;@\\,\"\ud800-\udfff]{1,256}")
_QUOTED_LOCAL = re.compile(r'"(?:[^\x00-\x1f\x7f-\x9f"\\\ud800-\udfff]|\\[\x20-\x7e]){0,256}"')
_DOMAIN = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    r"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*"
)
_LITERAL = re.compile(r"\[[A-Za-z0-9.:]{2,60}\]")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>")
_FIELD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,70}")


def one_line(text: str) -> str:
    """The text without line breaks, control characters and bidi overrides, spaces at its ends."""
    text = re.sub("[\u202a-\u202e\u2066-\u2069]", "", clean_text(text))
    return re.sub(r"[\t\n\x85]+", " ", text).strip()


def ascii_domain(domain: str) -> str:
    """The domain as it goes over the wire: punycode for international names.

    Raises AddressError for what is no domain.
    """
    plain = domain.strip().rstrip(".")
    if not plain.isascii():
        import idna

        try:
            plain = idna.encode(plain, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise AddressError(
                say("“{domain}” is not a domain name.", domain=one_line(domain))
            ) from error
    if len(plain) > 253 or not (_DOMAIN.fullmatch(plain) or _LITERAL.fullmatch(plain)):
        raise AddressError(say("“{domain}” is not a domain name.", domain=one_line(domain)[:80]))
    return plain


def wire_address(address: str) -> str:
    """An addr-spec for the envelope and the headers: the domain in punycode, the rest as it is.

    The result is ASCII unless the part before the @ is not (then the wire needs SMTPUTF8).
    Raises AddressError.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not (_LOCAL.fullmatch(local) or _QUOTED_LOCAL.fullmatch(local)):
        raise AddressError(
            say("“{address}” is not an email address.", address=one_line(address)[:80])
        )
    return f"{local}@{ascii_domain(domain)}"


def text_field(name: str, text: str) -> str:
    """An unstructured field such as Subject. Text over 998 characters is cut."""
    text = one_line(text)
    if len(text) > _MAX_TEXT:
        text = text[: _MAX_TEXT - 1] + "…"
    plain = text.isascii() and "=?" not in text and max(map(len, text.split(" "))) <= _LINE
    words = re.split("(?<=[^ ]) (?=[^ ])", text) if plain else encoded_words(text)
    return field(name, words)


def address_field(name: str, addresses: Iterable[Address]) -> str:
    """An address list such as To. Raises AddressError."""
    items = [mailbox_words(address) for address in addresses]
    words = [
        word + ("," if index < len(items) - 1 and word is item[-1] else "")
        for index, item in enumerate(items)
        for word in item
    ]
    return field(name, words)


def mailbox_words(address: Address) -> list[str]:
    """The words of `Name <address>`; a line may be folded between any two of them."""
    spec = wire_address(address.address)
    name = one_line(address.name)[:200]
    if not name:
        return [spec]
    if not name.isascii() or "=?" in name:
        words = encoded_words(name)
    elif _ATOMS.fullmatch(name):
        words = name.split(" ")
    else:
        escaped = re.sub(r'(["\\])', r"\\\1", name)
        words = [f'"{escaped}"']
    return [*words, f"<{spec}>"]


def message_id(value: str) -> str:
    """A Message-ID of our own, checked. Raises ComposeError."""
    if not _MESSAGE_ID.fullmatch(value):
        raise ComposeError(say("“{value}” is not a Message-ID.", value=one_line(value)[:80]))
    return value


def valid_message_ids(values: Sequence[str]) -> list[str]:
    """The ids that may stand in References, each once, in their order; others are left out."""
    return list(dict.fromkeys(value for value in values if _MESSAGE_ID.fullmatch(value)))


def extra_field(name: str, value: str) -> str:
    """A further field of the caller's. Raises ComposeError for a name that is none."""
    if not _FIELD_NAME.fullmatch(name):
        raise ComposeError(
            say("“{name}” is not the name of a header field.", name=one_line(name)[:80])
        )
    return text_field(name, value)


def encoded_words(text: str) -> list[str]:
    """The text as encoded words of RFC 2047: whole characters, 75 columns each at most.

    Decoders drop the white space between neighbouring words, so nothing is added or lost.
    """
    shortest = min(_q_word(text), _b_word(text), key=len)
    if len(shortest) <= _WORD:
        return [shortest] if text else []
    encode = _b_word if shortest.startswith("=?utf-8?b") else _q_word
    words: list[str] = []
    start, end = 0, 0
    while end < len(text):
        end += 1
        if end - start > 1 and len(encode(text[start:end])) > _WORD:
            words.append(encode(text[start : end - 1]))
            start = end - 1
    if start < end:
        words.append(encode(text[start:end]))
    return words


def _b_word(text: str) -> str:
    return f"=?utf-8?b?{b64encode(text.encode()).decode()}?="


def _q_word(text: str) -> str:
    safe = re.compile(r"[A-Za-z0-9!*+/-]")
    encoded = "".join(
        chr(byte) if safe.match(chr(byte)) else "_" if byte == 0x20 else f"={byte:02X}"
        for byte in text.encode()
    )
    return f"=?utf-8?q?{encoded}?="


def field(name: str, words: Iterable[str]) -> str:
    """`Name: word word…` folded before the words that would pass the line's end; ends in CRLF."""
    lines: list[str] = []
    line = f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > _LINE and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def parameter(name: str, value: str) -> str:
    """`; name="value"` of a Content-* field on its own line; RFC 2231 when it is not plain."""
    value = one_line(value)
    if value.isascii() and len(value) <= 60:
        escaped = re.sub(r'(["\\])', r"\\\1", value)
        return f';\r\n {name}="{escaped}"'
    encoded = quote(value.encode(), safe="!#$&+-.^_`{}~")
    if len(encoded) <= 55:
        return f";\r\n {name}*=utf-8''{encoded}"
    pieces = _pieces(encoded, 55)
    pieces[0] = f"utf-8''{pieces[0]}"
    return "".join(f";\r\n {name}*{i}*={piece}" for i, piece in enumerate(pieces))


def _pieces(encoded: str, size: int) -> list[str]:
    """Percent-encoded text in pieces, never cut inside a `%XX`."""
    tokens = re.findall("%[0-9A-F]{2}|[^%]", encoded)
    pieces = [""]
    for token in tokens:
        if len(pieces[-1]) + len(token) > size:
            pieces.append("")
        pieces[-1] += token
    return pieces
