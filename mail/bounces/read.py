"""Bounces: mails by which a server says that a mail of ours did not arrive.

A standard report (RFC 3464) is believed as it is. Everything else needs evidence of three kinds
before it counts: a machine sent it, it looks like a bounce, and it says that something failed. A
customer who writes about a bounce, forwards one or is on holiday is none.
"""

from __future__ import annotations

import re
from email.message import Message
from typing import Final

from mail.bounces.dsn import address_in, recipients_of
from mail.bounces.parts import BounceParts, gather_parts, header
from mail.bounces.reasons import BounceReason, explain_bounce
from mail.bounces.recipients import choose, diagnostics_for, find_candidates
from mail.bounces.rules.signs import DAEMON, REPORT, SERVER, SUBJECT, TEXT
from mail.bounces.ses import read_ses
from mail.bounces.status import find_enhanced, find_reply, find_status, is_delay, status_of_words
from mail.mime.addresses import parse_address_list
from mail.mime.automatic import is_auto_reply_subject
from mail.mime.headers import message_ids
from mail.mime.subjects import is_forward_subject, is_reply_subject
from mail.model import Bounce, BounceAction, BounceRecipient

__all__ = ["BounceReason", "explain_bounce", "parse_bounce"]

_MOST_RECIPIENTS: Final = 200
_FAILED_HEADERS: Final = ("X-Failed-Recipients", "X-Failed-Recipient", "X-Bounced-Address")
_NULL_PATH = re.compile(r"^\s*<?\s*(?:mailer-daemon(?:@\S{0,255})?)?\s*>?\s*$", re.IGNORECASE)
_LOOK: Final = 6_000


def parse_bounce(message: Message, text: str, *, wrapped: bool = False) -> Bounce | None:
    """The bounce that the mail is; None when it is anything else.

    `text` is the mail's plain text, used where its own parts have none. A complaint of RFC 5965
    yields a Bounce whose recipients were delivered to; its kind is feedback (`mail.kinds`).
    `wrapped`: the mail was inside another server's, and nothing inside it is looked for.
    """
    notified = read_ses(message, text)
    if notified is not None:
        return notified
    parts = gather_parts(message, text)
    if parts.has_feedback:
        return _complaint(message, parts)
    if parts.has_disposition and not parts.has_report:
        return _refusal(message, parts)
    inner = parts.returned
    if inner is not None and not (wrapped or parts.status) and _is_wrapped(message, inner):
        return parse_bounce(inner, "", wrapped=True)
    originals = _original_recipients(parts)
    recipients: list[BounceRecipient] = []
    if parts.status and (_is_report(message, parts) or _from_machine(message)):
        recipients = recipients_of(parts.status, parts.explanation, originals)
    if not recipients and (_is_report(message, parts) or _is_told(message, parts)):
        recipients = _told_recipients(message, parts, originals)
        if not recipients and not _is_plain(message, parts):
            return None
    elif not recipients:
        return None
    return Bounce(tuple(recipients[:_MOST_RECIPIENTS]), _original_id(message, parts))


def _is_wrapped(message: Message, inner: Message) -> bool:
    """A virus scanner handed on a server's report under a cover of its own."""
    inside = inner.get_content_type() == "multipart/report" and inner.is_multipart()
    return inside and _from_server(message) and _from_server(inner) and not _is_answer(message)


def _refusal(message: Message, parts: BounceParts) -> Bounce | None:
    """RFC 5429: a filter refuses a mail in the form of a notice that it was "deleted". A person's
    own notice, read or deleted, says nothing of a refusal."""
    fields = parts.disposition
    kind = fields.get("disposition", "").lower()
    refused = "automatic" in kind and any(word in kind for word in ("deleted", "denied", "failed"))
    if not refused or status_of_words(parts.explanation[:_LOOK]) is None:
        return None
    originals = _original_recipients(parts)
    recipients = recipients_of([{**fields, "action": "failed"}], parts.explanation, originals)
    return Bounce(tuple(recipients), _original_id(message, parts)) if recipients else None


def _is_plain(message: Message, parts: BounceParts) -> bool:
    """Whether it is a bounce beyond doubt, also when it names nobody."""
    if _is_answer(message) or SUBJECT.search(header(message, "Subject")[:500]) is None:
        return False
    says = TEXT.search(parts.explanation[:_LOOK]) is not None
    report = message.get_content_type() == "multipart/report"
    return _from_server(message) and (says or report)


def _is_report(message: Message, parts: BounceParts) -> bool:
    """Whether the mail itself, not something attached to it, is a delivery report."""
    report_type = str(message.get_param("report-type") or "").lower()
    if message.get_content_type() == "multipart/report":
        return report_type == "delivery-status" or parts.has_report
    if message.get_content_maintype() != "multipart":
        return parts.has_report and message.get_content_maintype() == "message"
    return parts.has_report and not _by_a_person(message)


def _by_a_person(message: Message) -> bool:
    subject = header(message, "Subject")
    return is_reply_subject(subject) or is_forward_subject(subject) or not _from_machine(message)


def _from_machine(message: Message) -> bool:
    """The sender is a mail server: by its name, by a null return path, by what it names."""
    if any(header(message, name) for name in _FAILED_HEADERS) or _has_null_path(message):
        return True
    sender = header(message, "From") or header(message, "Sender")
    return DAEMON.search(sender[:300].lower()) is not None or _has_null_sender(message)


def _has_null_sender(message: Message) -> bool:
    """An empty From address, as in "Jetmail System" <>."""
    return header(message, "From").rstrip().endswith("<>")


def _has_null_path(message: Message) -> bool:
    values = [str(value) for name, value in message.raw_items() if name.lower() == "return-path"]
    return any(_NULL_PATH.match(value[:300]) is not None for value in values)


def _is_told(message: Message, parts: BounceParts) -> bool:
    """A bounce without a report: a machine's, that looks like one and says what failed."""
    subject = header(message, "Subject")[:500]
    looks = SUBJECT.search(subject) is not None
    machine = _from_machine(message)
    if not machine and not looks:
        return False
    begin = parts.explanation[:_LOOK]
    plainly = TEXT.search(begin) is not None
    says = plainly or status_of_words(begin) is not None
    code = find_reply(begin) is not None or find_enhanced(begin) is not None
    if any(header(message, name) for name in _FAILED_HEADERS):
        return says or looks or code
    if not machine:
        return looks and plainly and not _is_answer(message) and _is_automatic(message, parts)
    if looks and _from_server(message) and _names_somebody(message, parts):
        return not _is_answer(message)
    if _is_answer(message) or (is_auto_reply_subject(subject) and not looks):
        return False
    sure = looks or (code and plainly) or parts.returned is not None
    return (says or code) and (sure or _from_daemon(message) or _has_null_path(message))


def _is_automatic(message: Message, parts: BounceParts) -> bool:
    """Two signs beside its words that no person wrote it: how it was sent or begins, and what is
    in it. Somebody may paste the bounce that she got into a mail of her own."""
    begin = parts.explanation[:_LOOK]
    code = find_reply(begin) is not None or find_enhanced(begin) is not None
    returned = parts.returned is not None
    precedence = header(message, "Precedence").lower() in ("bulk", "junk", "auto_reply")
    automatic = precedence or header(message, "Auto-Submitted").lower().startswith("auto-")
    first = find_candidates(begin.partition("\n")[0], ())
    report = REPORT.search(begin) is not None or any(item.weight == 4 for item in first)
    return (automatic or report) and sum((automatic, report, code, returned)) >= 2


def _names_somebody(message: Message, parts: BounceParts) -> bool:
    """Whether an address stands where servers write the recipient, or our mail came along."""
    candidates = find_candidates(parts.explanation, _own_addresses(message))
    return parts.returned is not None or any(item.weight >= 3 for item in candidates)


def _from_daemon(message: Message) -> bool:
    """A name that no person's mailbox has."""
    sender = header(message, "From")[:300].lower()
    return any(name in sender for name in ("mailer-daemon", "mail delivery", "mailer_daemon"))


def _from_server(message: Message) -> bool:
    """A name that neither a person nor a shop goes by, or none."""
    return SERVER.search(header(message, "From")[:300]) is not None or _has_null_sender(message)


def _is_answer(message: Message) -> bool:
    subject = header(message, "Subject")
    return is_reply_subject(subject) or is_forward_subject(subject)


def _told_recipients(
    message: Message, parts: BounceParts, originals: list[str]
) -> list[BounceRecipient]:
    """Recipients named in a header, in the text, by flufl.bounce, or by the mail that came back."""
    subject = header(message, "Subject")
    named = [
        address.address
        for name in _FAILED_HEADERS
        for address in parse_address_list(header(message, name))
    ]
    candidates = find_candidates(parts.explanation, _own_addresses(message))
    chosen = choose(candidates, [*named, *originals])
    diagnostics = diagnostics_for(parts.explanation, candidates, chosen)
    addresses = named or [item.address for item in chosen]
    if not addresses:
        addresses = _by_flufl(message) or originals[:1]
    if not addresses:
        addresses = _in_subject(subject, message)
    whole = f"{subject}\n{parts.explanation}"
    return [
        _told(address, diagnostics.get(address.lower(), ""), parts.explanation, whole)
        for address in dict.fromkeys(addresses)
    ]


def _told(address: str, diagnostic: str, explanation: str, whole: str) -> BounceRecipient:
    status = find_status(None, diagnostic, explanation)
    action = BounceAction.DELAYED if is_delay(whole) else BounceAction.FAILED
    if action is BounceAction.DELAYED and status.startswith("5"):
        status = "4" + status[1:]
    said = diagnostic or " ".join(explanation[:300].split())
    return BounceRecipient(address, action, status, said or None)


def _own_addresses(message: Message) -> set[str]:
    names = ("To", "From", "Sender", "Reply-To", "Delivered-To", "X-Original-To", "Errors-To")
    return {
        address.address for name in names for address in parse_address_list(header(message, name))
    }


def _in_subject(subject: str, message: Message) -> list[str]:
    own = {address.lower() for address in _own_addresses(message)}
    found = find_candidates(subject, own)
    return [found[0].address] if found else []


def _by_flufl(message: Message) -> list[str]:
    """flufl.bounce knows some servers that write the address in a way of their own."""
    from flufl.bounce import all_failures

    if not parse_address_list(header(message, "From")):
        return []  # a detector of it trips over a missing From, and logs that loudly
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - detectors of another project, run over hostile mail
        return []
    own = {address.lower() for address in _own_addresses(message)}
    found = sorted({*temporary, *permanent})
    texts = [address.decode("utf-8", "replace") for address in found]
    return [text for text in texts if address_in(text) == text and text.lower() not in own]


def _original_recipients(parts: BounceParts) -> list[str]:
    """To whom the mail that came back was sent."""
    if parts.returned is None:
        return []
    names = ("X-Original-To", "To", "Apparently-To", "Cc", "Bcc")
    found = [
        address.address
        for name in names
        for address in parse_address_list(header(parts.returned, name))
    ]
    return list(dict.fromkeys(found))[:_MOST_RECIPIENTS]


def _original_id(message: Message, parts: BounceParts) -> str | None:
    """The Message-ID of the mail that came back; the mail that the bounce answers, else."""
    sources = [header(parts.returned, "Message-ID")] if parts.returned is not None else []
    for block in parts.status:
        sources.extend(
            block.get(name, "") for name in ("original-message-id", "x-original-message-id")
        )
    sources.extend(header(message, name) for name in ("X-Original-Message-ID", "In-Reply-To"))
    sources.append(_id_in_text(parts.explanation))
    references = message_ids(header(message, "References"))
    sources.append(references[-1] if references else "")
    return next((found[0] for source in sources if (found := message_ids(source))), None)


def _id_in_text(text: str) -> str:
    found = re.search(r"(?i)message[- ]?id[^:\n]{0,20}:\s{0,5}(<[^<>\s]{3,500}>)", text[:20_000])
    return found.group(1) if found else ""


def _complaint(message: Message, parts: BounceParts) -> Bounce:
    """RFC 5965: somebody called our mail spam. It was delivered, or there were no complaint."""
    fields = parts.feedback
    values = [*parts.complained[:_MOST_RECIPIENTS], fields.get("removal-recipient", "")]
    addresses = [address for value in values if (address := address_in(value))]
    kind = fields.get("feedback-type", "abuse")
    recipients = tuple(
        BounceRecipient(address, BounceAction.DELIVERED, None, f"Feedback-Type: {kind}")
        for address in dict.fromkeys(addresses or _original_recipients(parts)[:1])
    )
    return Bounce(recipients, _original_id(message, parts), complaint=True)
