"""Notices about what other servers say of a reply: bounces, delays, complaints. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.slack.elements import escape_text
from bot.slack.kit import button, cut
from bot.slack.texts import Texts
from handlers.posts import NoticeKind

Json = dict[str, Any]
Facts = Mapping[str, Any]
Wording = Callable[[Facts, Texts], tuple[str, list[Json]]]


def _fact(facts: Facts, name: str) -> str:
    return escape_text(str(facts.get(name) or ""))


def moment_of(facts: Facts) -> str:
    """When a reply left, in the reader's own time."""
    sent_at = facts.get("sent_at")
    if not sent_at:
        return ""
    at = datetime.fromisoformat(str(sent_at))
    return f"<!date^{int(at.timestamp())}^{{time}}|{at:%H:%M} UTC>"


def _bounced(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    codes = f"{facts.get('status') or ''} {facts.get('diagnostic') or ''}".strip()
    sentence = texts(
        "❌ Your reply of {time} did not reach {address}: {reason}.",
        time=moment_of(facts),
        address=_fact(facts, "address"),
        reason=texts.reason(str(facts["reason"])),
    )
    if codes:
        sentence += f" ({escape_text(cut(codes, 300))})"
    return sentence, [
        button(texts("Show the bounce"), "mail_show", facts["entry_id"]),
        button(texts("Change recipients"), "reply_recipients", facts["message_id"]),
        button(texts("Retry"), "reply_send", facts["message_id"]),
    ]


def _delayed(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    diagnostic = escape_text(texts.own(facts.get("diagnostic") or "")[:300])
    if facts.get("address"):
        sentence = texts(
            "⏳ A reply has not reached {address} yet; the mail servers keep trying. {diagnostic}",
            address=_fact(facts, "address"),
            diagnostic=diagnostic,
        )
    else:
        sentence = texts(
            "⏳ A reply has not arrived yet; it is tried again. {diagnostic}", diagnostic=diagnostic
        )
    return sentence, []


def _complained(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "⚠ {address} reported your reply of {time} as spam. It did arrive; think twice before "
        "you write there again.",
        address=_fact(facts, "address") or texts("A recipient"),
        time=moment_of(facts),
    )
    return sentence, [button(texts("Show the report"), "mail_show", facts["entry_id"])]


DELIVERY_WORDINGS: dict[NoticeKind, Wording] = {
    NoticeKind.BOUNCED: _bounced,
    NoticeKind.DELAYED: _delayed,
    NoticeKind.COMPLAINED: _complained,
}
