"""MIME parts as bytes: content types, transfer encodings, multiparts with fixed boundaries.

Everything written here is 7-bit with short lines, so that no relay has a reason to rewrite it
(which would break a DKIM signature). Boundaries come from the Message-ID: composing the same
mail twice gives the same bytes.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from mail.writing.headers import one_line, parameter

_TYPE = re.compile(r"([\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80})((?:;[^\x00-\x1f\x7f]*)?)", re.ASCII)
_PARAMETER = re.compile(r"(?ai);\s*(method|charset|component)=\"?([\w.:+-]{1,40})\"?")


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file to send. With `content_id` (no angle brackets) the body may show it in its place."""

    filename: str
    content_type: str
    data: bytes
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A finished MIME part: its header fields (each ends in CRLF) and its body."""

    headers: str
    body: bytes

    def __bytes__(self) -> bytes:
        return self.headers.encode() + b"\r\n" + self.body


def text_part(text: str, subtype: str) -> Part:
    """A text part in UTF-8; plain ASCII with short lines stays as it is."""
    data = text.encode()
    content_type = f"Content-Type: text/{subtype}; charset="
    if _is_plain_text(data):
        encoding, body, charset = "7bit", data.replace(b"\n", b"\r\n") + b"\r\n", "us-ascii"
    else:
        charset = "utf-8"
        quoted = quoted_printable(data)
        packed = _base64(data.replace(b"\n", b"\r\n") + b"\r\n")
        encoding, body = (
            ("quoted-printable", quoted) if len(quoted) <= len(packed) * 1.2 else ("base64", packed)
        )
    return Part(
        f"{content_type}{charset}\r\nContent-Transfer-Encoding: {encoding}\r\n",
        body,
    )


def file_part(file: OutgoingFile, *, inline: bool) -> Part:
    """An attached file. A mail among the files stays a mail where it can travel unencoded."""
    content_type, parameters = clean_content_type(file.content_type)
    filename = clean_filename(file.filename)
    body, encoding = _base64(file.data), "base64"
    if content_type == "message/rfc822" and _is_7bit(file.data.replace(b"\r\n", b"\n"), 990):
        body = file.data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        encoding = "7bit"
    elif content_type.startswith(("message/", "multipart/")):
        content_type, parameters = "application/octet-stream", ""
    elif content_type.startswith("text/") and "charset=" not in parameters and _is_utf8(file.data):
        parameters += "; charset=utf-8"
    headers = (
        f"Content-Type: {content_type}{parameters}{parameter('name', filename)}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n"
        f"Content-Disposition: {'inline' if inline else 'attachment'}"
        f"{parameter('filename', filename)}\r\n"
    )
    if inline and file.content_id:
        headers += f"Content-ID: <{clean_content_id(file.content_id)}>\r\n"
    return Part(headers, body)


def multipart(subtype: str, parts: Sequence[Part], seed: str, parameters: str = "") -> Part:
    """A multipart whose boundary is made from the seed (and occurs in none of the parts)."""
    bodies = [bytes(part) for part in parts]
    number = 0
    while True:
        digest = sha256(f"{seed}/{subtype}/{number}".encode()).hexdigest()
        boundary = f"=_{digest[:32]}"
        if not any(boundary.encode() in body for body in bodies):
            break
        number += 1
    mark = boundary.encode()
    lines = b"".join(b"--" + mark + b"\r\n" + body + b"\r\n" for body in bodies)
    headers = f'Content-Type: multipart/{subtype}{parameters};\r\n boundary="{boundary}"\r\n'
    return Part(headers, lines + b"--" + mark + b"--\r\n")


def clean_content_type(value: str) -> tuple[str, str]:
    """`type/subtype` and the few parameters worth keeping; octet-stream for what is none."""
    found = _TYPE.fullmatch(value.strip())
    if not found:
        return "application/octet-stream", ""
    kept = (f"; {name.lower()}={text}" for name, text in _PARAMETER.findall(found[2]))
    return found[1].lower(), "".join(kept)


def clean_filename(name: str) -> str:
    """A name without path, control characters and bidi overrides; never empty, 200 at most."""
    name = re.split(r"[/\\]", one_line(name))[-1].strip(" .") or "file"
    if len(name) <= 200:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 20:
        return name[:200]
    return stem[: 199 - len(extension)] + "." + extension


def clean_content_id(value: str) -> str:
    """The id with every character that could end it replaced."""
    return re.sub(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]", "_", value)[:200] or "_"


def quoted_printable(data: bytes) -> bytes:
    """RFC 2045 6.7; lines that a mailbox file or SMTP would touch (`From `, `.`) are encoded."""
    encoded = binascii.b2a_qp(data, istext=True)
    encoded = re.sub(rb"(?m)^From ", b"=46rom ", encoded)
    return encoded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"


def _is_plain_text(data: bytes) -> bool:
    """Whether text may travel as it is: nothing in it that SMTP or a mailbox file would touch."""
    return _is_7bit(data, 78) and not re.search(rb"(?m)^From |^\.|[ \t]$", data)


def _is_7bit(data: bytes, longest: int) -> bool:
    return (
        data.isascii()
        and not re.search(rb"[\r\x00]", data)
        and all(len(line) <= longest for line in data.split(b"\n"))
    )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _base64(data: bytes) -> bytes:
    """Base64 in lines of 76, ended by CRLF."""
    encoded = b64encode(data)
    lines = (encoded[i : i + 76] for i in range(0, len(encoded), 76))
    return b"\r\n".join(lines) + b"\r\n"
