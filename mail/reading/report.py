"""What `canal parse --json` prints for one mail."""

from __future__ import annotations

from typing import Any

from mail.model import Address, Bounce, Forwarded, MailAttachment, ParsedMail


def build_report(file: str, mail: ParsedMail) -> dict[str, Any]:
    """One JSON-ready object per mail; `file` is the name that it goes by in the output."""
    return {
        "file": file,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "from": _address(mail.from_) if mail.from_ else None,
        "reply_to": [_address(item) for item in mail.reply_to],
        "to": [_address(item) for item in mail.to],
        "cc": [_address(item) for item in mail.cc],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "kind": mail.kind.value,
        "text": mail.text,
        "visible_text": mail.visible_text,
        "html_present": mail.html_present,
        "attachments": [_attachment(item) for item in mail.attachments],
        "bounce": _bounce(mail.bounce),
        "forwarded": _forwarded(mail.forwarded),
        "defects": list(mail.defects),
    }


def _address(item: Address) -> dict[str, str]:
    return {"name": item.name, "address": item.address}


def _attachment(item: MailAttachment) -> dict[str, Any]:
    return {
        "filename": item.filename,
        "content_type": item.content_type,
        "size": item.size,
        "inline": item.inline,
        "content_id": item.content_id,
    }


def _bounce(bounce: Bounce | None) -> dict[str, Any] | None:
    if bounce is None:
        return None
    recipients = [
        {
            "address": item.address,
            "action": item.action.value,
            "status": item.status,
            "diagnostic": item.diagnostic,
        }
        for item in bounce.recipients
    ]
    return {"recipients": recipients, "original_message_id": bounce.original_message_id}


def _forwarded(item: Forwarded | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {
        "from": _address(item.from_),
        "date": item.date.isoformat() if item.date else None,
        "subject": item.subject,
    }
