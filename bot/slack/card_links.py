"""What a card says of other tickets: follows, forwards, might belong to. Pure."""

from __future__ import annotations

from typing import Any

from bot.slack.kit import button, context, cut, mrkdwn, rich_section
from bot.slack.sender_marks import staff_words
from bot.slack.texts import Texts
from handlers.posts import ForwardFacts, TicketCard, TicketLink, TicketStatus

Json = dict[str, Any]
_MOST_PEOPLE = 20


def link_blocks(card: TicketCard, texts: Texts) -> list[Json]:
    """One grey line, where there is another ticket to name."""
    if card.forward:
        return _forward_blocks(card.forward, texts)
    if card.original:
        sentence = texts("Forwarded mail, written by {person}.", person=str(card.original))
        return [context(sentence)]
    if card.staff:
        how = staff_words(card.text.sender, texts)
        return [context(texts("Written by {person} ({how}).", person=str(card.staff), how=how))]
    if card.forwarder:
        return [context(texts("Forwarded by {person}.", person=str(card.forwarder)))]
    if card.linked:
        return [_line(texts("Follows {ticket}, which is closed.", ticket=reference(card.linked)))]
    if card.suggested:
        sentence = texts(
            "Refers to {ticket}, but its sender was not on that ticket.",
            ticket=reference(card.suggested),
        )
        return [_line(sentence)]
    return []


def merged_blocks(card: TicketCard, into: TicketLink, texts: Texts) -> list[Json]:
    """What is left of a ticket that went into another. The first block keeps its kind."""
    title = f"#{card.number}  {card.subject}"
    sentence = texts("↪ Everything of it is in {ticket} now.", ticket=reference(into))
    return [rich_section((cut(title, 300), True)), _line(sentence)]


def link_buttons(card: TicketCard, texts: Texts) -> list[Json]:
    """Forward, and what a forward that was taken back offers."""
    found = []
    if card.forward and card.forward.state == "cancelled":
        found.append(button(texts("Send it after all"), "reply_send", card.mark.message_id))
    if card.original:
        name = card.original.name or card.original.address
        text = texts("Make {name} the customer", name=cut(name, 50))
        found.append(button(text, "original_customer", card.mark.message_id))
    if card.suggested:
        text = texts("Link to #{number}", number=card.suggested.number)
        found.append(button(text, "ticket_link", card.mark.ticket_id))
    if card.forward_allowed and card.status is not TicketStatus.CLOSED:
        found.append(button(texts("Forward"), "ticket_forward", card.mark.ticket_id))
    return found


def reference(link: TicketLink) -> str:
    """`#12`, as a link where its card is known."""
    return f"<{link.url}|#{link.number}>" if link.url else f"#{link.number}"


def forward_title(forward: ForwardFacts, texts: Texts) -> str:
    """Whom it went to, for the line that names the customer on other cards. Plain text."""
    people = ", ".join(one.address for one in forward.people[:_MOST_PEOPLE])
    return texts("↪ Forwarded to {addresses}", addresses=people)


def _forward_blocks(forward: ForwardFacts, texts: Texts) -> list[Json]:
    mails = texts.t.ngettext("{n} mail of {ticket}", "{n} mails of {ticket}", forward.mails)
    of = reference(forward.of) if forward.of else "–"
    lines = [
        mails.format(n=forward.mails, ticket=of),
        texts("Answers stay in this thread; nobody of the first ticket sees them."),
    ]
    if forward.state == "cancelled":
        lines.append(texts("Taken back: nothing was sent."))
    return [_line("  ·  ".join(lines))]


def _line(sentence: str) -> Json:
    """A grey line of our own words; what is filled in is a number and Slack's own address."""
    return {"type": "context", "elements": [mrkdwn(sentence)]}
