"""Every part with bytes that is not the text: as a file with a clean name and a line about it.

The index of a file is the number of its part; for a file inside a part (winmail.dat, uuencode) the
number of the file times 100,000 is added. So an index finds the same file for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mail.mime.dates import parse_date
from mail.mime.filenames import clean_filename, default_filename, sniff_type
from mail.mime.headers import HeaderBlock, split_headers
from mail.mime.parts import MimeTree, Part, split_mime
from mail.mime.transfer import decode_transfer, decode_uu, find_uu_files
from mail.model import MailAttachment
from mail.reading.body import has_name
from mail.reading.calendars import MAX_LENGTH, calendar_summary
from mail.reading.cms import find_signed_content
from mail.reading.tnef import Tnef, is_tnef, read_tnef
from mail.sentences import say, together

SUB_FILE = 100_000
MAX_TNEF = 40_000_000

_NOTES = {
    "application/pkcs7-signature": "S/MIME signature",
    "application/x-pkcs7-signature": "S/MIME signature",
    "application/pgp-signature": "PGP signature",
    "application/pgp-encrypted": "PGP version",
    "application/pgp-keys": "PGP key",
    "message/external-body": "A file that is kept elsewhere",
    "message/partial": "One piece of a mail that was sent in pieces",
}
_MAILS = frozenset({"message/rfc822", "message/global"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


@dataclass(frozen=True, slots=True)
class File:
    """A file of a mail with its bytes."""

    index: int
    name: str
    content_type: str
    data: bytes
    content_id: str | None = None
    disposition: str = ""
    summary: str = ""


def content_id(part: Part) -> str | None:
    value = part.headers.text("Content-ID").strip().strip("<>").strip()
    return value[:500] or None


def part_bytes(part: Part) -> bytes:
    """The decoded bytes of a part."""
    return decode_transfer(part.body, part.encoding).data


def part_file(part: Part) -> File:
    """The part as a file."""
    data = part_bytes(part)
    raw_name = has_name(part)
    content_type = sniff_type(data, part.content_type, raw_name)
    if content_type in _MAILS:
        name, summary = _mail_name(part, data, raw_name)
    else:
        name = (
            clean_filename(raw_name, content_type) if raw_name else default_filename(content_type)
        )
        summary = _summary(part, content_type, name, data)
    return File(
        part.index, name, content_type, data, content_id(part), part.disposition.value, summary
    )


def _summary(part: Part, content_type: str, name: str, data: bytes) -> str:
    if content_type == "text/calendar" or name.lower().endswith(".ics"):
        return calendar_summary(data, part.parameters.get("charset"))
    if content_type in _SMIME:
        signed = part.parameters.get("smime-type", "").startswith("signed")
        if signed or find_signed_content(data) is not None:
            return "S/MIME signed mail"
        return "S/MIME encrypted mail"
    if content_type == "application/octet-stream" and name == "encrypted.asc":
        return "PGP encrypted mail"
    return _NOTES.get(content_type, "")


def _mail_name(part: Part, data: bytes, raw_name: str) -> tuple[str, str]:
    """An attached mail is named after its subject and described by its sender and date."""
    headers = split_headers(data.lstrip(b"\r\n")[:300_000])
    subject = headers.words("Subject")[:150]
    name = clean_filename(raw_name or subject or "message.eml", part.content_type)
    if not name.lower().endswith(".eml"):
        name = name[:190] + ".eml"
    return name, mail_summary(headers)


def mail_summary(headers: HeaderBlock) -> str:
    """`From Jo Smith <jo@x> · Subject · 2026-03-01 10:00`."""
    sender = headers.words("From")
    moment = parse_date(headers.text("Date"))
    pieces = [say("From {sender}", sender=sender) if sender else "", headers.words("Subject")]
    pieces.append(moment.strftime("%Y-%m-%d %H:%M") if moment else "")
    whole = together((piece for piece in pieces if piece), between=" · ")
    return whole if len(whole) <= MAX_LENGTH else whole[:MAX_LENGTH]


def tnef_files(part: Part, tnef: Tnef) -> Iterator[File]:
    for number, item in enumerate(tnef.files):
        content_type = item.content_type or "application/octet-stream"
        name = clean_filename(item.name, content_type)
        content_type = sniff_type(item.data, content_type, name)
        yield File(
            (number + 1) * SUB_FILE + part.index,
            name,
            content_type,
            item.data,
            item.content_id or None,
        )


def signed_tree(part: Part, data: bytes) -> MimeTree | None:
    """The mail inside an smime.p7m that is signed but not encrypted."""
    if part.content_type not in _SMIME:
        return None
    content = find_signed_content(data)
    return split_mime(content) if content else None


def signed_files(part: Part, inner: Iterable[Part]) -> Iterator[File]:
    """Files of the mail inside, numbered by their part in there."""
    for item in inner:
        file = part_file(item)
        yield replace(file, index=(item.index + 1) * SUB_FILE + part.index)


def read_part_tnef(part: Part, data: bytes) -> Tnef | None:
    """The unpacked winmail.dat; None when the part is none."""
    named = has_name(part).lower() in ("winmail.dat", "win.dat")
    typed = part.content_type in ("application/ms-tnef", "application/vnd.ms-tnef")
    if (named or typed) and is_tnef(data) and len(data) <= MAX_TNEF:
        return read_tnef(data)
    return None


def uu_files(part: Part) -> Iterator[File]:
    """Uuencoded files in the text of a part."""
    data = part_bytes(part)
    for number, found in enumerate(find_uu_files(data)):
        name = clean_filename(found.name.decode("utf-8", "replace"))
        content = decode_uu(data[found.body_start : found.end])
        content_type = sniff_type(content, "application/octet-stream", name)
        yield File((number + 1) * SUB_FILE + part.index, name, content_type, content)


def as_attachment(file: File, *, inline: bool) -> MailAttachment:
    return MailAttachment(
        index=file.index,
        filename=file.name,
        content_type=file.content_type,
        size=len(file.data),
        inline=inline,
        content_id=file.content_id,
        sha256=hashlib.sha256(file.data).hexdigest(),
        summary=file.summary,
    )


def find_file(tree: MimeTree, index: int) -> File | None:
    """The file of an index; None when the mail has no such file."""
    number, ordinal = divmod(index, SUB_FILE)
    part = next((item for item in tree.root.walk() if item.index == ordinal), None)
    if part is None or index < 0:
        return None
    if number == 0:
        return part_file(part)
    data = part_bytes(part)
    signed = signed_tree(part, data)
    if signed is not None:
        inner = signed_files(part, signed.root.walk())
        return next((file for file in inner if file.index == index), None)
    tnef = read_part_tnef(part, data)
    files = tnef_files(part, tnef) if tnef is not None else uu_files(part)
    return next((file for file in files if file.index == index), None)
