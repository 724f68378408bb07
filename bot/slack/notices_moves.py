"""Notices about other tickets (moved, merged, forwarded) and about floods. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.slack.elements import escape_text
from bot.slack.kit import button
from bot.slack.texts import Texts
from handlers.posts import NoticeKind

Json = dict[str, Any]
Facts = Mapping[str, Any]
Wording = Callable[[Facts, Texts], tuple[str, list[Json]]]


def _fact(facts: Facts, name: str) -> str:
    return escape_text(str(facts.get(name) or ""))


def ticket_link(number: object, url: object) -> str:
    """`#12`, as a link where there is an address. Ours alone: nothing foreign in it."""
    return f"<{url}|#{number}>" if url else f"#{number}"


def _moved(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    other = ticket_link(facts["number"], facts.get("url"))
    return texts("↪ This mail is in {ticket} now.", ticket=other), []


def _moved_out(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    other = ticket_link(facts["number"], facts.get("url"))
    return texts("↪ The first mail of this thread is in {ticket} now.", ticket=other), []


def _merged_in(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts.t.ngettext(
        "↩ {ticket} went into this ticket, with {n} mail.",
        "↩ {ticket} went into this ticket, with {n} mails.",
        int(facts["count"]),
    )
    other = ticket_link(facts["number"], facts.get("url"))
    return sentence.format(ticket=other, n=facts["count"]), []


def _merged_thread(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "Nothing was sent: #{number} went into {ticket}. Write your answer there.",
        number=facts["old_number"],
        ticket=ticket_link(facts["number"], facts.get("url")),
    )
    return sentence, []


def _forwarded(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "↪ Forwarded to {addresses} as {ticket}. Answers to it stay there.",
        addresses=_fact(facts, "addresses"),
        ticket=ticket_link(facts["number"], facts.get("url")),
    )
    return sentence, []


def _forward_held(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "Goes to {addresses} in {seconds} s, as the new ticket #{number}.",
        addresses=_fact(facts, "addresses"),
        seconds=facts["seconds"],
        number=facts["number"],
    )
    return sentence, [button(texts("Undo"), "reply_undo", facts["message_id"], style="danger")]


def _flood(facts: Facts, texts: Texts) -> tuple[str, list[Json]]:
    sentence = texts(
        "{address} sends more in {minutes} minutes than a person does. Further mails are kept in "
        "this ticket, but not shown one by one.",
        address=_fact(facts, "address"),
        minutes=facts["minutes"],
    )
    return sentence, [button(texts("Show them"), "flood_show", facts["ticket_id"])]


MOVE_WORDINGS: dict[NoticeKind, Wording] = {
    NoticeKind.FLOOD: _flood,
    NoticeKind.MOVED: _moved,
    NoticeKind.MOVED_OUT: _moved_out,
    NoticeKind.MERGED_IN: _merged_in,
    NoticeKind.MERGED_THREAD: _merged_thread,
    NoticeKind.FORWARDED: _forwarded,
    NoticeKind.FORWARD_HELD: _forward_held,
}
