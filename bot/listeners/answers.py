"""Answers that only one person sees, and the wording of what became of a thread message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.listeners.services import Services
from bot.slack.texts import Texts
from handlers.mail_in.people import Recipients, addresses_in
from handlers.posts import Notice, NoticeKind, Place
from handlers.replies.outcomes import Outcome, OutcomeKind
from handlers.replies.preview import Preview

Json = dict[str, Any]


async def whisper_text(services: Services, body: Json, text: str) -> None:
    """A sentence to whoever caused `body` (an action, a command, a shortcut, an event)."""
    user_id = user_of(body)
    place = place_of(body)
    if not user_id:
        return
    notice = Notice(NoticeKind.SAID, {"text": text})
    if place is None:
        await services.chat.tell(user_id, notice)
    else:
        await services.chat.whisper(place, user_id, notice)


def user_of(body: Json) -> str:
    user = body.get("user")
    if isinstance(user, dict):
        return str(user.get("id") or "")
    return str(body.get("user_id") or body.get("event", {}).get("user") or user or "")


def place_of(body: Json) -> Place | None:
    """Where the person looks: the Slack channel, and the thread if it is in one."""
    event = body.get("event") or {}
    channel = body.get("channel")
    channel_id = channel.get("id") if isinstance(channel, dict) else channel
    channel_id = channel_id or body.get("channel_id") or event.get("channel")
    message = body.get("message") or event
    thread_ts = message.get("thread_ts") or (body.get("container") or {}).get("thread_ts")
    return Place(str(channel_id), thread_ts) if channel_id else None


def own_words(texts: Texts, problems: Mapping[str, str]) -> dict[str, str]:
    """Field → sentence, in the reader's language."""
    return {field: texts.own(sentence) for field, sentence in problems.items()}


async def whisper_outcome(services: Services, outcome: Outcome, user_id: str) -> None:
    """Tell an agent what became of the thread message; silence where the reaction says it all."""
    services = await services.speaking_to(user_id)
    if outcome.kind is OutcomeKind.MERGED:
        notice = await _merged_notice(services, outcome)
    else:
        notice = await build_outcome_notice(services, outcome)
    if notice is not None:
        place = Place(outcome.ticket.slack_channel_id, outcome.ticket.root_ts)
        await services.chat.whisper(place, user_id, notice)


async def answer_press(services: Services, body: Json, outcome: Outcome, user_id: str) -> None:
    """The same after a button: a whisper that was pressed is replaced, so that it stays true."""
    container = body.get("container") or {}
    if container.get("is_ephemeral") and body.get("response_url"):
        services = await services.speaking_to(user_id)
        notice = await build_outcome_notice(services, outcome)
        await services.chat.replace_whisper(str(body["response_url"]), notice, user_id)
    else:
        await whisper_outcome(services, outcome, user_id)


async def _merged_notice(services: Services, outcome: Outcome) -> Notice | None:
    target = outcome.target
    if target is None:
        return None
    facts: dict[str, object] = {"old_number": outcome.ticket.number, "number": target.number}
    if target.root_ts:
        facts["url"] = await services.chat.find_link(Place(target.slack_channel_id, target.root_ts))
    return Notice(NoticeKind.MERGED_THREAD, facts)


async def build_outcome_notice(services: Services, outcome: Outcome) -> Notice | None:
    message_id = outcome.message.id if outcome.message else 0
    match outcome.kind:
        case OutcomeKind.REWRITTEN if outcome.message and outcome.message.state == "confirm":
            return await _confirm(services, outcome)
        case OutcomeKind.HELD | OutcomeKind.REWRITTEN:
            return _held(services, outcome)
        case OutcomeKind.CONFIRM:
            return await _confirm(services, outcome)
        case OutcomeKind.NOT_AGENT:
            admins = await services.admins.names()
            return Notice(
                NoticeKind.REPLY_REFUSED, {"channel": outcome.channel.name, "admin": admins}
            )
        case OutcomeKind.LONG_CLOSED:
            closed = outcome.ticket.closed_at or services.clock.now()
            age = services.texts.age(services.clock.now() - closed)
            return Notice(NoticeKind.TICKET_CLOSED_REPLY, {"age": age, "message_id": message_id})
        case OutcomeKind.NO_RECIPIENT:
            return Notice(NoticeKind.NO_RECIPIENT)
        case OutcomeKind.CANCELLED:
            facts: dict[str, object] = {"message_id": message_id, "reached": list(outcome.reached)}
            return Notice(NoticeKind.REPLY_CANCELLED, facts)
        case OutcomeKind.ALREADY_SENT:
            return _too_late(outcome)
        case OutcomeKind.NOTE | OutcomeKind.OFFERED | OutcomeKind.MERGED:
            return None


def _too_late(outcome: Outcome) -> Notice:
    message = outcome.message
    if message is not None and message.state == "cancelled":
        return Notice(NoticeKind.REPLY_CANCELLED, {"message_id": message.id})
    sent_at = message.sent_at if message else None
    facts: dict[str, object] = {
        "sent_at": sent_at.isoformat() if sent_at else None,
        "state": message.state if message else "",
    }
    return Notice(NoticeKind.ALREADY_SENT, facts)


def recipients_line(recipients: Recipients, texts: Texts) -> str:
    """`jo@x.example · Cc ed@x.example · Bcc boss@us.example`: exactly whom a mail goes to."""
    names = {"to": "", "cc": texts("Cc"), "bcc": texts("Bcc")}
    parts = []
    for role, name in names.items():
        people = ", ".join(one.address for one in addresses_in(recipients, role))
        if people:
            parts.append(f"{name} {people}".strip())
    return " · ".join(parts)


def _held(services: Services, outcome: Outcome) -> Notice | None:
    message = outcome.message
    seconds = outcome.hold_seconds
    if message is None or (seconds == 0 and outcome.channel.state != "paused"):
        return None
    return Notice(
        NoticeKind.REPLY_HELD,
        {
            "message_id": message.id,
            "addresses": recipients_line(message.recipients, services.texts),
            "seconds": seconds,
            "new": list(outcome.new_people),
            "missing": list(outcome.missing_people),
            "colleague": outcome.colleague,
            "paused": outcome.channel.state == "paused",
        },
    )


async def _confirm(services: Services, outcome: Outcome) -> Notice | None:
    message, channel, texts = outcome.message, outcome.channel, services.texts
    if message is None:
        return None
    preview = await services.replies.preview(message.id)
    quotes = {
        "none": texts("none"),
        "last": texts("last mail"),
        "all": texts("whole correspondence"),
    }
    return Notice(
        NoticeKind.CONFIRM_REPLY,
        {
            "message_id": message.id,
            "sender": preview.sender,
            "subject": preview.subject,
            "addresses": recipients_line(message.recipients, texts),
            "new": list(outcome.new_people),
            "missing": list(outcome.missing_people),
            "colleague": outcome.colleague,
            "signature": _signature_line(preview, texts),
            "quote": quotes[channel.quote],
            "files": [f"{one.filename} ({texts.size(one.size or 0)})" for one in preview.files],
        },
    )


def _signature_line(preview: Preview, texts: Texts) -> str:
    """`Ana Silva, Care (your own)`: enough to see which one it is."""
    if not preview.signature:
        return texts("none")
    words = ", ".join(line for line in preview.signature.splitlines() if line.strip())[:150]
    return texts("{signature} (your own)", signature=words) if preview.is_own else words
