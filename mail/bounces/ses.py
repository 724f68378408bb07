"""Amazon SES says what bounced in JSON, mailed by its notification service (SNS).

The sender of such a mail is no mail server and the text is for programs, so it is read on its own:
{"notificationType": "Bounce", "bounce": {"bouncedRecipients": [{"emailAddress": …}, …]}, "mail": …}
"""

from __future__ import annotations

import json
import re
from email.message import Message
from typing import Any, Final

from mail.bounces.parts import header
from mail.bounces.status import find_status
from mail.mime.headers import message_ids
from mail.model import Bounce, BounceAction, BounceRecipient

_MOST_TEXT: Final = 200_000
_MOST_RECIPIENTS: Final = 200
_FOLDED = re.compile(r"!\r?\n ")
"""How Sendmail breaks a line that is longer than SMTP allows."""
_RECIPIENTS: Final = {
    "bounce": "bouncedRecipients",
    "complaint": "complainedRecipients",
    "delivery": "recipients",
}


def read_ses(message: Message, text: str) -> Bounce | None:
    """The bounce in a notification of SES; None where the mail is something else."""
    if not header(message, "x-amz-sns-message-id"):
        return None
    found = _notification(text)
    kind = str(found.get("notificationType") or found.get("eventType") or "").lower()
    event = found.get(kind)
    if kind not in _RECIPIENTS or not isinstance(event, dict):
        return None
    named = event.get(_RECIPIENTS[kind])
    if not isinstance(named, list):
        return None
    recipients = [_recipient(kind, event, item) for item in named[:_MOST_RECIPIENTS]]
    known = tuple(recipient for recipient in recipients if recipient is not None)
    original = _original_id(found.get("mail"))
    return Bounce(known, original, complaint=kind == "complaint") if known else None


def _notification(text: str) -> dict[str, Any]:
    """The JSON that the text begins with; a footer of SNS follows it."""
    text = _FOLDED.sub("", text[: 2 * _MOST_TEXT])
    start = text.find("{", 0, 2_000)
    if start < 0:
        return {}
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text[start : start + _MOST_TEXT])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _recipient(kind: str, event: dict[str, Any], item: object) -> BounceRecipient | None:
    fields = item if isinstance(item, dict) else {"emailAddress": item}
    address = fields.get("emailAddress")
    if not isinstance(address, str) or "@" not in address:
        return None
    address = address[:320].strip("<> ")
    if kind != "bounce":
        said = f"Feedback-Type: {event.get('complaintFeedbackType') or 'abuse'}"
        return BounceRecipient(
            address, BounceAction.DELIVERED, None, said if kind == "complaint" else None
        )
    diagnostic = str(fields.get("diagnosticCode") or "")[:2_000].removeprefix("smtp; ")
    lasting = str(event.get("bounceType") or "").lower() != "transient"
    declared = str(fields.get("status") or "") or ("5.0.0" if lasting else "4.0.0")
    delayed = str(fields.get("action") or "").lower() == "delayed"
    action = BounceAction.DELAYED if delayed else BounceAction.FAILED
    return BounceRecipient(address, action, find_status(declared, diagnostic), diagnostic or None)


def _original_id(mail: object) -> str | None:
    """The Message-ID that we gave it, in the headers where SES was asked to name them."""
    if not isinstance(mail, dict):
        return None
    common = mail.get("commonHeaders")
    named = [common.get("messageId")] if isinstance(common, dict) else []
    headers = mail.get("headers")
    for item in headers[:200] if isinstance(headers, list) else []:
        if isinstance(item, dict) and str(item.get("name", "")).lower() == "message-id":
            named.insert(0, item.get("value"))
    ids = (message_ids(str(value)) for value in named if value)
    return next((found[0] for found in ids if found), None)
