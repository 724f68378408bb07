"""A reply written out as a mail: pure, from an OutgoingMail to the bytes that leave.

multipart/alternative with plain text and HTML, inside multipart/related with the images that the
body shows and multipart/mixed with the files. The order of the words: body, signature, footer,
quote. Nothing in the mail tells of Slack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from mail.document import Document, Image
from mail.errors import ComposeError
from mail.mime.subjects import strip_prefixes
from mail.model import Address
from mail.writing import headers
from mail.writing.attributions import attribution
from mail.writing.forward import ForwardedMail, forward_html, forward_text
from mail.writing.html import FONT, direction, render_html
from mail.writing.mime import (
    OutgoingFile,
    Part,
    clean_content_id,
    file_part,
    multipart,
    text_part,
)
from mail.writing.text import quoted_text, render_text

__all__ = [
    "ForwardedMail",
    "OutgoingFile",
    "OutgoingMail",
    "QuotedMail",
    "build_message_id",
    "compose",
    "forward_subject",
    "marker_text",
    "reply_subject",
]

_MARKER = re.compile(r"[ \t]*\[#canal-[A-Za-z0-9._-]{8,80}\]")
_TOKEN = re.compile(r"canal-[A-Za-z0-9._-]{8,80}")
_FIRST_REFERENCES, _LAST_REFERENCES = 1, 20
_MUTED = "color:#808080;font-size:12px"
_HIDDEN = (
    "display:none;font-size:0;line-height:0;max-height:0;overflow:hidden;opacity:0;mso-hide:all"
)
_QUOTE = "margin:6px 0 12px .8ex;border-left:1px solid #ccc;padding-left:1ex"
"""Gmail's own style; with its class names every client folds the quote."""


@dataclass(frozen=True, slots=True)
class QuotedMail:
    """A mail that is quoted below the reply."""

    author: Address
    document: Document
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """Everything that a mail of ours says. Message-IDs are in angle brackets.

    `bcc` belongs to the envelope only. `marker` is a token such as `canal-12.x7k2…` that finds the
    ticket again when a relay has rewritten the Message-ID.
    """

    message_id: str
    from_: Address
    to: tuple[Address, ...]
    subject: str
    body: Document
    date: datetime
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    signature: Document | None = None
    footer: Document | None = None
    quote: tuple[QuotedMail, ...] = ()
    forwarded: tuple[ForwardedMail, ...] = ()
    """Mails that are passed on, below everything else."""
    quote_language: str = "en"
    """Of the lines above quotes and forwarded mails."""
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    """The whole chain, oldest first, the answered mail last."""
    auto_submitted: bool = False
    marker: str | None = None
    attachments: tuple[OutgoingFile, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=())

    @property
    def recipients(self) -> tuple[str, ...]:
        """Addresses of the envelope: To, Cc and Bcc, each once."""
        everyone = {a.key: a.address for a in reversed((*self.to, *self.cc, *self.bcc))}
        return tuple(reversed(everyone.values()))


def compose(draft: OutgoingMail) -> bytes:
    """The mail in its final form, lines ended by CRLF, 7-bit.

    Only header fields hold other bytes, and only where an address has them before its @ (SMTPUTF8).
    The same draft gives the same bytes. Raises AddressError for an address that cannot be written,
    ComposeError for a Message-ID or a field name that cannot.
    """
    body = _body(draft)
    return _header_block(draft).encode() + bytes(body)


def build_message_id(token: str, domain: str) -> str:
    """`<token@domain>`. Raises ComposeError or AddressError when that is no Message-ID."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}", token):
        raise ComposeError("The token has characters that no Message-ID may have.")
    return headers.message_id(f"<{token}@{headers.ascii_domain(domain)}>")


def reply_subject(subject: str) -> str:
    """`Re: …` with exactly one prefix, whatever prefixes the subject came with."""
    return f"Re: {strip_prefixes(headers.one_line(subject))}".rstrip()


def forward_subject(subject: str) -> str:
    """`Fwd: …` with exactly one prefix, whatever prefixes the subject came with."""
    return f"Fwd: {strip_prefixes(headers.one_line(subject))}".rstrip()


def marker_text(token: str) -> str:
    """The marker as it stands in the text. Raises ComposeError for a token that no reader finds."""
    if not _TOKEN.fullmatch(token):
        raise ComposeError("A marker is canal- and 8 to 80 letters, digits, dots or dashes.")
    return f"[#{token}]"


def _header_block(draft: OutgoingMail) -> str:
    date = draft.date if draft.date.tzinfo else draft.date.replace(tzinfo=UTC)
    lines = [
        headers.field("Date", [format_datetime(date)]),
        headers.field("Message-ID", [headers.message_id(draft.message_id)]),
        headers.address_field("From", [draft.from_]),
    ]
    if draft.reply_to:
        lines.append(headers.address_field("Reply-To", draft.reply_to))
    if draft.to:
        lines.append(headers.address_field("To", draft.to))
    elif not draft.cc:
        lines.append("To: undisclosed-recipients:;\r\n")
    if draft.cc:
        lines.append(headers.address_field("Cc", draft.cc))
    lines.append(headers.text_field("Subject", draft.subject))
    lines.extend(_thread_fields(draft))
    if draft.auto_submitted:
        lines.append("Auto-Submitted: auto-replied\r\n")
        lines.append("X-Auto-Response-Suppress: All\r\n")
    lines.extend(headers.extra_field(name, value) for name, value in draft.headers)
    lines.append("MIME-Version: 1.0\r\n")
    return "".join(lines)


def _thread_fields(draft: OutgoingMail) -> list[str]:
    """In-Reply-To and References; a huge chain keeps its first id and its last twenty."""
    answered = headers.valid_message_ids([draft.in_reply_to] if draft.in_reply_to else [])
    chain = headers.valid_message_ids(draft.references)
    if answered:
        chain = [one for one in chain if one != answered[0]] + answered
    if len(chain) > _FIRST_REFERENCES + _LAST_REFERENCES:
        chain = chain[:_FIRST_REFERENCES] + chain[-_LAST_REFERENCES:]
    result = [headers.field("In-Reply-To", answered)] if answered else []
    return [*result, headers.field("References", chain)] if chain else result


def _body(draft: OutgoingMail) -> Part:
    """The tree of parts, no deeper than the mail needs."""
    seed = draft.message_id
    shown = _shown_content_ids(draft)
    images = [f for f in draft.attachments if f.content_id and f.content_id in shown]
    files = [f for f in draft.attachments if f not in images]
    part = multipart(
        "alternative",
        [text_part(_text(draft), "plain"), text_part(_html(draft, shown), "html")],
        seed,
    )
    if images:
        related = [part, *(file_part(image, inline=True) for image in images)]
        part = multipart("related", related, seed, '; type="multipart/alternative"')
    if files:
        mixed = [part, *(file_part(file, inline=False) for file in files)]
        part = multipart("mixed", mixed, seed)
    return part


def _shown_content_ids(draft: OutgoingMail) -> dict[str, str]:
    """Content-IDs that the mail both has and shows, as they are written in it."""
    owned = {f.content_id for f in draft.attachments if f.content_id}
    documents = [draft.body, draft.signature, draft.footer]
    documents += [one.document for one in draft.quote]
    documents += [one.document for one in draft.forwarded]
    blocks = [block for document in documents if document for block in document.blocks]
    used = {block.content_id for block in blocks if isinstance(block, Image)}
    return {one: clean_content_id(one) for one in owned & used if one}


def _text(draft: OutgoingMail) -> str:
    parts = [_unmarked(render_text(draft.body))]
    if draft.signature:
        parts.append(f"-- \n{_unmarked(render_text(draft.signature))}")
    if draft.footer:
        parts.append(_unmarked(render_text(draft.footer)))
    for quoted in draft.quote:
        line = attribution(headers.one_line(str(quoted.author)), quoted.date, draft.quote_language)
        text = quoted_text(_unmarked(render_text(quoted.document)))
        parts.append(f"{line}\n\n{text}" if text.strip("> \n") else line)
    for passed_on in draft.forwarded:
        body = _unmarked(render_text(passed_on.document))
        parts.append(forward_text(passed_on, draft.quote_language, body))
    if draft.marker:
        parts.append(marker_text(draft.marker))
    return "\n\n".join(part for part in parts if part)


def _html(draft: OutgoingMail, shown: dict[str, str]) -> str:
    parts = [_unmarked(render_html(draft.body, shown))]
    if draft.signature:
        signature = _unmarked(render_html(draft.signature, shown))
        rtl = direction(render_text(draft.signature))
        parts.append(f'<div class="gmail_signature"{rtl}>-- <br>\n{signature}</div>\n')
    if draft.footer:
        footer = _unmarked(render_html(draft.footer, shown))
        parts.append(f'<div style="{_MUTED}">{footer}</div>\n')
    if draft.quote:
        quotes = "".join(_quote_html(q, draft.quote_language, shown) for q in draft.quote)
        parts.append(f'<div class="gmail_quote">{quotes}</div>\n')
    rtl = direction(attribution("", None, draft.quote_language))
    for passed_on in draft.forwarded:
        body = _unmarked(render_html(passed_on.document, shown))
        parts.append(forward_html(passed_on, draft.quote_language, body, rtl))
    opening = f'<div style="{FONT}">'
    if draft.marker:
        marker = marker_text(draft.marker)
        opening = f'<div data-canal="{draft.marker}" style="{FONT}">'
        parts.append(f'<div aria-hidden="true" style="{_HIDDEN}">{marker}</div>\n')
    return (
        '<!DOCTYPE html>\n<html><head><meta http-equiv="Content-Type" '
        'content="text/html; charset=utf-8">'
        '<meta name="color-scheme" content="light dark"></head>\n'
        f"<body>\n{opening}\n{''.join(parts)}</div>\n</body></html>"
    )


def _quote_html(quoted: QuotedMail, language: str, shown: dict[str, str]) -> str:
    name = escape(headers.one_line(quoted.author.name))
    address = escape(headers.one_line(quoted.author.address))
    link = f'<a href="mailto:{address}">{address}</a>'
    author = f"{name} &lt;{link}&gt;" if name else link
    rtl = direction(attribution("", None, language))
    if rtl:
        author = f'<span dir="ltr">{author}</span>'
    line = attribution(author, quoted.date, language)
    body = _unmarked(render_html(quoted.document, shown))
    return (
        f'<div class="gmail_attr"{rtl}>{line}<br></div>\n'
        f'<blockquote class="gmail_quote" type="cite" style="{_QUOTE}">\n{body}</blockquote>\n'
    )


def _unmarked(text: str) -> str:
    """The text without markers of other mails: a quote must not tie this mail to their ticket."""
    return _MARKER.sub("", text)
