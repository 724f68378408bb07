"""What Canal says by itself, worded: from a Notice to a Slack message. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.slack.cards import build_metadata
from bot.slack.elements import escape_text, find_slack_url
from bot.slack.kit import actions, button, cut, section
from bot.slack.notices_access import word_closed_channel
from bot.slack.notices_delivery import DELIVERY_WORDINGS, moment_of
from bot.slack.notices_moves import MOVE_WORDINGS
from bot.slack.texts import Texts
from handlers.posts import Notice, NoticeKind

Json = dict[str, Any]
Facts = Mapping[str, Any]
Wording = Callable[[Facts, Texts], tuple[str, list[Json]]]


def build_notice(notice: Notice, texts: Texts) -> Json:
    """The notice as arguments of chat.postMessage or chat.postEphemeral.

    The sentence is mrkdwn with everything foreign in it escaped; the one mention is the person
    that the notice is for.
    """
    sentence, buttons = _WORDINGS[notice.kind](notice.facts, texts)
    if notice.mention:
        sentence = f"<@{notice.mention}> {sentence}"
    blocks = [section(sentence)]
    if buttons:
        blocks.append(actions(*buttons, **({"block_id": notice.mark.key} if notice.mark else {})))
    payload: Json = {"text": cut(sentence, 3000), "blocks": blocks, "unfurl_links": False}
    if notice.mark:
        payload["metadata"] = build_metadata(notice.mark)
    return payload


def _fact(facts: Facts, name: str) -> str:
    """A fact as escaped text: servers, senders and files name themselves."""
    return escape_text(str(facts.get(name) or ""))


def _files_missing(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    lines = [
        texts(
            "📎 {name} is not here: {why}.",
            name=escape_text(str(one["name"])),
            why=escape_text(texts.file_problem(str(one["why"]))),
        )
        for one in facts["files"]
    ]
    return "\n".join(lines[:20]), [
        button(texts("Show full mail"), "mail_show", facts["message_id"])
    ]


def _reply_failed(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    lines = [
        texts(
            "❌ Your reply did not reach {address}: {reason} ({codes}).",
            address=escape_text(str(one["address"])),
            reason=texts.reason(str(one["reason"])),
            codes=escape_text(" ".join(f"{one['code']} {one['status']} {one['reply']}".split())),
        )
        for one in facts.get("recipients", ())
    ]
    if not lines:
        lines = [
            texts(
                "❌ Your reply did not leave: {why}",
                why=escape_text(texts.own(str(facts.get("sentence") or ""))),
            )
        ]
    if facts.get("reached"):
        reached = escape_text(", ".join(facts["reached"]))
        lines.append(texts("It did reach {addresses}.", addresses=reached))
    return "\n".join(lines), [button(texts("Retry"), "reply_send", facts["message_id"])]


def _reply_unsure(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "❌ The connection broke while your reply was handed over, so it may have left or not. "
        "Ask the customer, or send it again."
    )
    return sentence, [button(texts("Send again"), "reply_send", facts["message_id"])]


def _reply_held(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    goes = texts(
        "Goes to {addresses} in {seconds} s.",
        addresses=_fact(facts, "addresses"),
        seconds=facts["seconds"],
    )
    lines = [goes, *_changed_people(facts, texts)]
    if facts.get("paused"):
        lines.append(texts("The channel is paused: it leaves when an admin resumes it."))
    return "\n".join(lines), [
        button(texts("Undo"), "reply_undo", facts["message_id"], style="danger"),
        button(texts("Make it a note"), "reply_note", facts["message_id"]),
    ]


def _changed_people(facts: Facts, texts: Texts) -> list[str]:
    """Who answers as well; who is on this reply and was not on the last one, and the reverse."""
    new = [
        texts("⚠ {address} is new on this ticket.", address=escape_text(address))
        for address in facts.get("new", ())
    ]
    missing = [
        texts("⚠ {address} got the last reply, but not this one.", address=escape_text(address))
        for address in facts.get("missing", ())
    ]
    beside = []
    if facts.get("colleague"):
        name = f"<@{facts['colleague']}>"
        beside = [texts("⚠ {name} has just answered as well.", name=name)]
    return [*beside, *new[:10], *missing[:10]]


def _confirm_reply(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "From {sender} · To {addresses}\n"
        "Subject: {subject} · signature: {signature} · quote: {quote}",
        sender=_fact(facts, "sender"),
        addresses=_fact(facts, "addresses"),
        subject=_fact(facts, "subject"),
        signature=_fact(facts, "signature"),
        quote=_fact(facts, "quote"),
    )
    files = ", ".join(escape_text(str(one)) for one in facts.get("files", ())[:10])
    lines = [sentence, *([f"📎 {files}"] if files else []), *_changed_people(facts, texts)]
    return "\n".join(lines), [
        button(texts("Send"), "reply_send", facts["message_id"], style="primary"),
        button(texts("Recipients…"), "reply_recipients", facts["message_id"]),
        button(texts("Note"), "reply_note", facts["message_id"]),
    ]


def _not_agent(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "You are not an agent of {channel}, so nothing was sent. Ask {admin} to add you.",
        channel=_fact(facts, "channel"),
        admin=_fact(facts, "admin") or texts("an admin of Canal"),
    )
    return sentence, []


def _cancelled(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    reached = ", ".join(escape_text(str(one)) for one in facts.get("reached", ())[:10])
    if reached:
        sentence = texts(
            "Stopped: {addresses} has it already, nobody else gets it.", addresses=reached
        )
    else:
        sentence = texts("Taken back: nothing was sent.")
    if not facts.get("message_id"):
        return sentence, []
    return sentence, [button(texts("Send it after all"), "reply_send", facts["message_id"])]


def _already_sent(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    if facts.get("sent_at"):
        sentence = texts(
            "This reply left at {time}, so it stays as it is. Write a correction as a new message.",
            time=moment_of(facts),
        )
    elif facts.get("state") in ("failed", "unsure"):
        sentence = texts(
            "This reply was tried already: Retry sends it as it was. Write a correction as a new "
            "message."
        )
    else:
        sentence = texts("This reply is on its way already and cannot be taken back.")
    return sentence, []


def _long_closed(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "This ticket was closed {age} ago. Your reply is kept here as a note.",
        age=_fact(facts, "age"),
    )
    return sentence, [
        button(texts("Reopen and send"), "reply_reopen_send", facts["message_id"], style="primary")
    ]


def _no_recipient(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    return texts(
        "This ticket has no address that a reply could go to, so nothing was sent. "
        "Your message is kept as a note."
    ), []


def _mail_parked(facts: Facts, texts: Texts) -> str:
    return texts(
        "A mail could not be made a ticket after many tries (number {id}). It is kept, and Canal "
        "tries again when it is started next: update it, or look in its log for the reason.",
        id=_fact(facts, "id"),
    )


def _work_parked(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    if facts.get("what") == "mail":
        return _mail_parked(facts, texts), []
    sentence = texts(
        "Something could not be done after many tries and waits for you: {what} (number {id}). "
        "On the server, “canal outbox list” shows it with its reason.",
        what=escape_text(texts.task(str(facts.get("what") or ""))),
        id=_fact(facts, "id"),
    )
    if facts.get("why"):
        sentence += f"\n{escape_text(texts.own(facts['why'])[:300])}"
    if "item" not in facts:
        return sentence, []
    return sentence, [
        button(texts("Retry"), "work_retry", facts["item"]),
        button(texts("Drop"), "work_drop", facts["item"]),
    ]


def _connection_fails(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "{channel}: mail does not get {direction} since {since}. {why}",
        channel=_fact(facts, "channel"),
        direction=texts("in") if facts.get("direction") == "in" else texts("out"),
        since=_fact(facts, "since"),
        why=escape_text(texts.own(str(facts.get("why") or ""))),
    )
    if not facts.get("reconnect"):
        return sentence, []
    return sentence, [button(texts("Reconnect"), "channel_reconnect", facts["channel"])]


def _connection_works(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    return texts("{channel}: mail works again.", channel=_fact(facts, "channel")), []


def _secret_expires(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "{channel}: the client secret of the app that signs in to the mailbox expires on "
        "{expires}. Create a new one and enter it with `canal channels login` before mail stops.",
        channel=_fact(facts, "channel"),
        expires=_fact(facts, "expires"),
    )
    return sentence, []


def _forwarding_confirmation(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    lines = [
        texts(
            "{provider} asks whether {account} may forward its mail to {channel}. Confirm it only "
            "if you have set this up.",
            provider=_fact(facts, "provider") or texts("A mail provider"),
            account=_fact(facts, "account") or texts("somebody"),
            channel=_fact(facts, "channel"),
        )
    ]
    if facts.get("code"):
        lines.append(texts("Code: `{code}`", code=_fact(facts, "code")))
    url = find_slack_url(str(facts.get("link") or ""))
    if url and "|" not in url:
        lines.append(f"<{escape_text(url)}|{texts('Open the confirmation')}>")
    return "\n".join(lines), []


def _backfill_offer(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts("This was written while Canal was away, so it was not sent.")
    if facts.get("may_be_sent"):
        sentence = texts("Canal went on from a backup: this may have been sent already, or not.")
    return sentence, [
        button(texts("Send it now"), "reply_send", facts["message_id"], style="primary"),
        button(texts("Keep as note"), "reply_note", facts["message_id"]),
    ]


def _help(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    """Lines of our own words, in the reader's language already."""
    return "\n".join(facts["lines"]), []


def _said(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    """A sentence that was worded elsewhere (an error's own)."""
    return escape_text(texts.own(facts.get("text") or "")), []


_WORDINGS: dict[NoticeKind, Wording] = {
    **MOVE_WORDINGS,
    **DELIVERY_WORDINGS,
    NoticeKind.FILES_MISSING: _files_missing,
    NoticeKind.REPLY_FAILED: _reply_failed,
    NoticeKind.REPLY_UNSURE: _reply_unsure,
    NoticeKind.REPLY_HELD: _reply_held,
    NoticeKind.REPLY_REFUSED: _not_agent,
    NoticeKind.REPLY_CANCELLED: _cancelled,
    NoticeKind.ALREADY_SENT: _already_sent,
    NoticeKind.TICKET_CLOSED_REPLY: _long_closed,
    NoticeKind.NO_RECIPIENT: _no_recipient,
    NoticeKind.CONFIRM_REPLY: _confirm_reply,
    NoticeKind.SLACK_CHANNEL_CLOSED: word_closed_channel,
    NoticeKind.WORK_PARKED: _work_parked,
    NoticeKind.CONNECTION_FAILS: _connection_fails,
    NoticeKind.CONNECTION_WORKS: _connection_works,
    NoticeKind.SECRET_EXPIRES: _secret_expires,
    NoticeKind.FORWARDING_CONFIRMATION: _forwarding_confirmation,
    NoticeKind.BACKFILL_OFFER: _backfill_offer,
    NoticeKind.HELP: _help,
    NoticeKind.SAID: _said,
}
