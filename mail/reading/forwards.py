"""Mails that somebody forwarded by hand: whose mail it was before.

The original is told by the attached mail, by headers that forwarding leaves behind, or by the
block of header lines that every mail client puts above the forwarded text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import Message
from typing import Final

from mail.bounces.parts import header
from mail.mime.addresses import parse_address_list
from mail.mime.dates import parse_date
from mail.mime.subjects import is_forward_subject, is_reply_subject
from mail.model import Address, Forwarded
from mail.quotes.attribution import find_attribution
from mail.quotes.header_blocks import HeaderBlock, find_header_block, header_line
from mail.quotes.regions import separator_kind
from mail.quotes.words import plain, unquoted
from mail.reading.forward_dates import parse_client_date

_MOST_LINES: Final = 3_000
_MOST_BLOCKS: Final = 300
_BELOW_SEPARATOR: Final = 8
_ORIGINAL_HEADERS: Final = ("X-Original-Sender", "X-Original-From", "X-Forwarded-From")
_BEFORE_NAME = re.compile(
    r"[,:;\d]|\s(?:schrieb|schreef|heeft|skrev|from|от|пользователь|používateľ|időpontban)\s"
)
"""What ends before the name in an attribution line."""
_MAILTO = re.compile(r"[\[<(]\s?mailto:\s?([^\s\[\]<>()]{3,320})\s?[\])>]", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']{1,64}@[^\s<>()\[\],;:\"']{2,255}")
_ON_BEHALF = re.compile(
    r"\s(?:on behalf of|im auftrag von|de la part de|en nombre de|em nome de)\s"
)


def is_forward(message: Message, subject: str, text: str) -> bool:
    """Whether a person forwarded this mail: by its subject, or by a forward block in its words.

    An answer to a forwarded mail is none, nor is a mail that only attaches another one.
    """
    if is_forward_subject(subject):
        return True
    if is_reply_subject(subject):
        return False
    lines = _lines(text)
    return _forward_line(lines) is not None or (
        not header(message, "In-Reply-To") and _leading_block(lines) is not None
    )


def find_forwarded(message: Message, text: str, *, forward: bool | None = None) -> Forwarded | None:
    """The mail inside a forward: its writer, date and subject as far as they can be told.

    `forward` is what `is_forward` said, for a caller that knows it already.

    Headers first (a list or a filter that forwarded on its own), then the text's forward block,
    then the one attached mail. None where no writer is named.
    """
    by_header = _from_headers(message)
    if by_header is not None:
        return by_header
    if forward is None:
        forward = is_forward(message, header(message, "Subject"), text)
    found = _from_text(_lines(text)) if forward else None
    return found or _from_attached(message, forward=forward)


def _lines(text: str) -> list[str]:
    return text[:400_000].split("\n")[:_MOST_LINES]


def _from_headers(message: Message) -> Forwarded | None:
    """X-Original-Sender and the like, where they name another than From does."""
    own = {address.key for address in parse_address_list(header(message, "From"))}
    for name in _ORIGINAL_HEADERS:
        found = parse_address_list(header(message, name))
        if found and found[0].key not in own:
            date = parse_date(header(message, "X-Original-Date") or header(message, "Date"))
            return Forwarded(found[0], date, header(message, "X-Original-Subject") or None)
    return None


def _from_text(lines: Sequence[str]) -> Forwarded | None:
    start = _forward_line(lines)
    if start is not None:
        return _below(lines, start)
    block = _leading_block(lines)
    if block is not None:
        return _from_block(block)
    return _from_attribution(lines)


def _forward_line(lines: Sequence[str]) -> int | None:
    """The first "---------- Forwarded message ----------" that has a header block below it."""
    for index, line in enumerate(lines):
        depth, bare = unquoted(line)
        if depth > 1 or not bare.strip() or separator_kind(bare) != "forward":
            continue
        if _block_below(lines, index + 1) or _attribution_below(lines, index + 1):
            return index
    return None


def _below(lines: Sequence[str], start: int) -> Forwarded | None:
    block = _block_below(lines, start + 1)
    if block is not None:
        return _from_block(block)
    return _from_attribution(lines[start + 1 : start + 1 + _BELOW_SEPARATOR])


def _block_below(lines: Sequence[str], start: int) -> HeaderBlock | None:
    for index in range(start, min(start + _BELOW_SEPARATOR, len(lines))):
        if header_line(lines[index]):
            block = find_header_block(lines, index)
            if block is not None and "from" in block.values:
                return block
    return None


def _attribution_below(lines: Sequence[str], start: int) -> bool:
    return _from_attribution(lines[start : start + _BELOW_SEPARATOR]) is not None


def _leading_block(lines: Sequence[str]) -> HeaderBlock | None:
    """Outlook forwards with nothing but a header block, below a separator or without one."""
    looks = 0
    for index, line in enumerate(lines):
        if not header_line(line):
            continue
        looks += 1
        if looks > _MOST_BLOCKS:
            return None
        block = find_header_block(lines, index)
        if block is None:
            continue
        below = index > 0 and _separator_above(lines, index)
        if block.is_mail or (below and block.is_mail_below_a_line):
            return block
    return None


def _separator_above(lines: Sequence[str], index: int) -> bool:
    above = next((line for line in reversed(lines[max(0, index - 3) : index]) if line.strip()), "")
    return separator_kind(unquoted(above)[1]) is not None


def _from_block(block: HeaderBlock) -> Forwarded | None:
    writer = parse_person(block.values.get("from", ""))
    if writer is None:
        return None
    subject = block.values.get("subject", "").strip()
    return Forwarded(writer, parse_client_date(block.values.get("date", "")), subject or None)


def parse_person(value: str) -> Address | None:
    """Name and address as clients print them: `Jo <a@b>`, `Jo [mailto:a@b]`, `a@b`, `<a@b> Jo`.

    None where there is no address: a name alone cannot be answered.
    """
    text = plain(value[:1000]).replace("*", "")
    text = _MAILTO.sub(r"<\1>", text).replace("[", "<").replace("]", ">").strip(" ;,")
    text = _ON_BEHALF.split(text)[-1]
    found = _ADDRESS.search(text)
    if found is None:
        return None
    address = found.group(0).removeprefix("mailto:").strip(".'")
    around = (text[: found.start()], text[found.end() :])
    names = (re.sub(r"[<>()\"|]|mailto:", " ", part).strip(" ,;:-'") for part in around)
    name = next((" ".join(item.split()) for item in names if item), "")
    return Address(address, "" if _ADDRESS.fullmatch(name) else name[:200])


def _from_attribution(lines: Sequence[str]) -> Forwarded | None:
    """Some clients write "On Monday Jo <jo@x> wrote:" above a forwarded mail as well."""
    for index, line in enumerate(lines[:400]):
        if not line.rstrip().endswith((":", "：", "-")):
            continue
        found = find_attribution(
            lines[max(0, index - 4) : index + 1], min(index, 4), quote_follows=False
        )
        if found is None or not found.sure:
            continue
        start = max(0, index - 4) + found.start
        words = " ".join(plain(unquoted(item)[1]) for item in lines[start : index + 1])
        person = _person_in(words)
        if person is not None:
            return Forwarded(person, parse_client_date(words))
    return None


def _person_in(words: str) -> Address | None:
    """The writer in an attribution: the address, and the name right before it."""
    found = _ADDRESS.search(words)
    if found is None:
        return None
    before = words[: found.start()].rstrip("<([ \"'")
    name = _BEFORE_NAME.split(before)[-1]
    return Address(found.group(0).strip(".'"), " ".join(name.strip(" \"'.«»„“”").split())[:200])


def _from_attached(message: Message, *, forward: bool) -> Forwarded | None:
    """The one attached mail, in a mail that says that it forwards or says nothing else."""
    attached: list[Message] = []
    words = False
    waiting = [message]
    while waiting and len(attached) < 2:
        part = waiting.pop()
        payload = part.get_payload()
        if part.get_content_type() in ("message/rfc822", "message/global"):
            attached.extend(item for item in _messages(payload))
        elif part.get_content_maintype() == "multipart":
            waiting.extend(_messages(payload))
        elif isinstance(payload, str) and len(payload.strip()) > 300:
            words = True
    if len(attached) != 1 or (words and not forward):
        return None
    original = attached[0]
    senders = parse_address_list(header(original, "From"))
    if not senders:
        return None
    subject = header(original, "Subject")
    return Forwarded(senders[0], parse_date(header(original, "Date")), subject or None)


def _messages(payload: object) -> list[Message]:
    if not isinstance(payload, list):
        return []
    return [item for item in payload[:50] if isinstance(item, Message)]
