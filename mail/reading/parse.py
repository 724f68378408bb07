"""Reading a mail: bytes in, a `ParsedMail` out, whatever the bytes are.

`parse_mail` never raises and takes time linear in the size of the mail; everything that it had to
put up with is named in `defects`. The work is in the modules next to this one; here it is put in
order.
"""

from __future__ import annotations

from datetime import datetime
from email.message import Message

from mail.bounces.read import parse_bounce
from mail.errors import MailError
from mail.mime.addresses import parse_address_list
from mail.mime.dates import parse_date
from mail.mime.dedupe import dedupe_key
from mail.mime.headers import HeaderBlock, message_ids
from mail.mime.message_view import build_message
from mail.mime.parts import MimeTree, prepare, split_mime
from mail.mime.subjects import is_reply_subject
from mail.model import Address, Bounce, Forwarded, MailKind, ParsedMail
from mail.quotes.fold import visible_part
from mail.quotes.model import Visible
from mail.reading.attachments import find_file, part_bytes, signed_tree
from mail.reading.attempt import attempt
from mail.reading.contents import Contents, read_contents
from mail.reading.forwards import find_forwarded, is_forward
from mail.reading.kinds import classify
from mail.reading.language import detect_language
from mail.sentences import say

__all__ = ["dedupe_key", "parse_mail", "read_attachment"]

MAX_DEFECTS = 50
_PGP = "The mail is encrypted with PGP: only the owner of the key can read it."


def parse_mail(data: bytes) -> ParsedMail:
    """Everything that the mail says. Never raises; `defects` tells what was wrong with it."""
    defects: list[str] = []
    empty = ParsedMail(defects=(say("The mail could not be read."),))
    return attempt("mail", lambda: _parse(data, defects), empty, defects)


def read_attachment(data: bytes, index: int) -> bytes:
    """The bytes of the attachment with that `MailAttachment.index`. Raises MailError if none."""
    prepared, _ = prepare(data)
    file = find_file(split_mime(prepared), index)
    if file is None:
        raise MailError(say("The mail has no attachment number {index}.", index=index))
    return file.data


def _parse(data: bytes, defects: list[str]) -> ParsedMail:
    prepared, found = prepare(data)
    defects.extend(found)
    if not prepared.strip():
        return ParsedMail(defects=(say("The mail is empty."),))
    tree = split_mime(prepared)
    defects.extend(tree.defects)
    headers = tree.root.headers
    headers.charset = _header_charset(tree)
    contents = attempt("text", lambda: read_contents(tree), Contents(), defects)
    defects.extend(contents.defects)
    return _assemble(tree, contents, defects)


def _header_charset(tree: MimeTree) -> str | None:
    """Raw 8-bit headers are mostly in the charset of the text."""
    for part in tree.root.walk():
        if part.content_type.startswith("text/") and part.parameters.get("charset"):
            return part.parameters["charset"]
    return None


def _assemble(tree: MimeTree, contents: Contents, defects: list[str]) -> ParsedMail:
    headers = tree.root.headers
    subject = headers.words("Subject")[:2000]
    replied, referred = _ids(headers, "In-Reply-To"), _ids(headers, "References")
    is_reply = bool(replied or referred) or is_reply_subject(subject)
    visible = _visible(contents, subject, is_reply, defects)
    words = visible.text if is_reply else _own_words(contents, subject, defects)
    message = build_message(tree.root)
    text = contents.text
    bounce = attempt("bounce", lambda: parse_bounce(message, text), None, defects)
    forward, forwarded = _forward(message, subject, text, defects)
    return ParsedMail(
        message_id=_message_id(headers, defects),
        in_reply_to=replied,
        references=referred,
        from_=_sender(headers, defects),
        reply_to=_addresses(headers, "Reply-To"),
        to=_addresses(headers, "To"),
        cc=_addresses(headers, "Cc"),
        subject=subject,
        date=_date(headers, defects),
        kind=_kind(message, bounce, defects),
        document=contents.document,
        visible=visible.document,
        folded_lines=visible.folded_lines,
        text=text,
        visible_text=words,
        html_present=contents.html_present,
        attachments=contents.attachments,
        bounce=bounce,
        forwarded=forwarded,
        is_forward=forward,
        marker=contents.marker,
        list_id=_list_id(headers),
        language=_language(headers, words or text, defects),
        defects=tuple(dict.fromkeys([*defects, *_encrypted(tree, text)]))[:MAX_DEFECTS],
    )


def _kind(message: Message, bounce: Bounce | None, defects: list[str]) -> MailKind:
    if bounce is not None:
        return MailKind.FEEDBACK if bounce.complaint else MailKind.BOUNCE
    return attempt("kind", lambda: classify(message), MailKind.MESSAGE, defects)


def _language(headers: HeaderBlock, text: str, defects: list[str]) -> str | None:
    declared = headers.text("Content-Language")
    return attempt("language", lambda: detect_language(text, declared), None, defects)


def _forward(
    message: Message, subject: str, text: str, defects: list[str]
) -> tuple[bool, Forwarded | None]:
    """Whether it is one, and the mail inside."""
    forward = attempt("forward", lambda: is_forward(message, subject, text), False, defects)
    inside = attempt(
        "forward", lambda: find_forwarded(message, text, forward=forward), None, defects
    )
    return forward, inside


def _visible(contents: Contents, subject: str, is_reply: bool, defects: list[str]) -> Visible:
    whole = Visible(contents.document, contents.text)

    def fold() -> Visible:
        return visible_part(
            contents.blocks, subject=subject, is_reply=is_reply, from_html=contents.from_html
        )

    return attempt("quoted part", fold, whole, defects)


def _own_words(contents: Contents, subject: str, defects: list[str]) -> str:
    """The own words of a mail that says nowhere that it answers one: some clients drop that. A
    ticket that it opens shows it whole all the same."""

    def fold() -> str:
        return visible_part(
            contents.blocks, subject=subject, is_reply=None, from_html=contents.from_html
        ).text

    return attempt("quoted part", fold, contents.text, defects)


def _ids(headers: HeaderBlock, name: str) -> tuple[str, ...]:
    return message_ids(" ".join(headers.text_all(name)))


def _message_id(headers: HeaderBlock, defects: list[str]) -> str | None:
    raw = headers.text("Message-ID")
    ids = message_ids(raw)
    if not ids:
        defects.append("The Message-ID is missing." if not raw else "The Message-ID is unreadable.")
        return None
    if len(ids) > 1 or len(list(headers.raw_all("Message-ID"))) > 1:
        defects.append("There are several Message-IDs: the first one counts.")
    elif ids[0] != raw.strip():
        defects.append("The Message-ID is malformed: it was mended.")
    return ids[0]


def _sender(headers: HeaderBlock, defects: list[str]) -> Address | None:
    """The first address of From; Sender where From has none."""
    values = headers.text_all("From")
    found = [address for value in values for address in parse_address_list(value)]
    if len(values) > 1:
        defects.append(say("There are several From headers: the first one counts."))
    elif len(found) > 1:
        defects.append(say("From names several people: the first one counts."))
    if found:
        return found[0]
    defects.append(say("From is missing.") if not values else say("From holds no address."))
    sender = _addresses(headers, "Sender")
    return sender[0] if sender else None


def _addresses(headers: HeaderBlock, name: str) -> tuple[Address, ...]:
    return parse_address_list(", ".join(headers.text_all(name)))


def _date(headers: HeaderBlock, defects: list[str]) -> datetime | None:
    raw = headers.text("Date")
    found = parse_date(raw)
    if found is None:
        defects.append("The Date is missing." if not raw.strip() else "The Date is no date.")
    return found


def _list_id(headers: HeaderBlock) -> str | None:
    """RFC 2919: what stands in the angle brackets."""
    value = headers.words("List-Id")
    inner = value.rpartition("<")[2].partition(">")[0].strip() if "<" in value else value
    return inner[:300] or None


def _encrypted(tree: MimeTree, text: str) -> list[str]:
    """Mails that nobody but the holder of a key can read say so."""
    if "-----BEGIN PGP MESSAGE-----" in text:
        return [_PGP]
    for part in tree.root.walk():
        if part.content_type == "multipart/encrypted":
            return [_PGP]
        if part.content_type not in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
            continue
        if signed_tree(part, part_bytes(part)) is None:
            return ["The mail is encrypted with S/MIME: only the owner of the key can read it."]
    return []
