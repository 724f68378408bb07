"""A ticket card and the posts below it as Slack messages: pure, from posts to payloads.

What a mail says goes into rich_text and plain_text, where nothing can become a mention or markup.
The fallback text is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.slack.blocks import blocks_from_document
from bot.slack.card_links import forward_title, link_blocks, link_buttons, merged_blocks
from bot.slack.defects import defects_for_readers
from bot.slack.elements import escape_text
from bot.slack.kit import actions, button, context, cut, header, option, overflow, rich_section
from bot.slack.sender_marks import sender_words, staff_words
from bot.slack.texts import Texts
from handlers.posts import FileLine, MailPost, MailText, Mark, TicketCard, TicketStatus
from mail.document import Document
from mail.model import Address

Json = dict[str, Any]
_MOST_PEOPLE = 20
METADATA_EVENT = "canal_post"


def build_card(card: TicketCard, texts: Texts, *, assignee: str, now: datetime) -> Json:
    """The ticket card. `assignee` is the holder's name, "" for nobody."""
    card = replace(card, text=_in_language(card.text, texts))
    if card.merged_into:
        blocks = merged_blocks(card, card.merged_into, texts)
    elif card.status is TicketStatus.CLOSED:
        blocks = _closed_blocks(card, texts, assignee)
    else:
        blocks = _open_blocks(card, texts, assignee, now)
    preview = card.text.body.to_text()
    fallback = f"#{card.number} {card.subject} — {card.customer}: {cut(preview, 200)}"
    return _payload(blocks, fallback, card.mark)


def _open_blocks(card: TicketCard, texts: Texts, assignee: str, now: datetime) -> list[Json]:
    mark = sender_words(card.text.sender, texts)
    who = _person(card.customer) or texts("unknown sender")
    sender = [part for part in (who, mark, texts.nth_ticket(card.nth_ticket)) if part]
    if card.forward:
        sender = [forward_title(card.forward, texts)]
    words, is_whole = _text_blocks(card.text, texts)
    return [
        header(f"#{card.number}  {card.subject or texts('(no subject)')}"),
        context("  ·  ".join(sender)),
        *_people_lines(card, texts),
        *words,
        *link_blocks(card, texts),
        context(_state_line(card, texts, assignee, now)),
        actions(
            _take_button(card, texts),
            button(texts("Close"), "ticket_close", card.mark.ticket_id),
            *link_buttons(card, texts),
            *([] if is_whole else [_show_button(card.mark, texts)]),
            _more(card, texts),
            block_id=card.mark.key,
        ),
    ]


def _closed_blocks(card: TicketCard, texts: Texts, assignee: str) -> list[Json]:
    """Two lines; a rich_text block stays one, because Slack refuses to change its kind."""
    title = f"#{card.number}  {card.subject}"
    state = "  ·  ".join(part for part in (texts.status("closed"), assignee) if part)
    return [
        rich_section((cut(title, 300), True), (f"\n{_person(card.customer)}  ·  {state}", False)),
        actions(
            button(texts("Reopen"), "ticket_reopen", card.mark.ticket_id),
            _more(card, texts),
            block_id=card.mark.key,
        ),
    ]


def _take_button(card: TicketCard, texts: Texts) -> Json:
    if card.assignee_id:
        return button(texts("Take over"), "ticket_take", card.mark.ticket_id)
    return button(texts("Take"), "ticket_take", card.mark.ticket_id, style="primary")


def _show_button(mark: Mark, texts: Texts) -> Json:
    return button(texts("Show full mail"), "mail_show", mark.message_id)


def _more(card: TicketCard, texts: Texts) -> Json:
    """Slack takes five entries at most."""
    options = [
        option(texts("Show full mail"), f"show_mail:{card.mark.message_id}"),
        option(texts("Post the .eml file here"), f"post_eml:{card.mark.message_id}"),
    ]
    if card.status is not TicketStatus.CLOSED:
        options.insert(0, option(texts("Recipients…"), f"recipients:{card.mark.ticket_id}"))
        options.insert(1, option(texts("Assign…"), f"assign:{card.mark.ticket_id}"))
        options.append(option(texts("Merge…"), f"merge:{card.mark.ticket_id}"))
    return overflow("ticket_more", options)


def _people_lines(card: TicketCard, texts: Texts) -> list[Json]:
    lines = []
    if card.to:
        lines.append(texts("To {addresses}", addresses=addresses_line(card.to)))
    if card.cc:
        lines.append(texts("Cc {addresses}", addresses=addresses_line(card.cc)))
    found = [context("   ".join(lines))] if lines else []
    answers = replies_line(card, texts)
    return [*found, context(answers)] if answers else found


def replies_line(card: TicketCard, texts: Texts) -> str:
    """Who gets the next reply, where that is not just the customer."""
    groups = ((card.reply_to, ""), (card.reply_cc, texts("Cc")), (card.reply_bcc, texts("Bcc")))
    people = [one.key for group, _ in groups for one in group]
    if not people or people == [card.customer.key]:
        return ""
    parts = [f"{name} {addresses_line(group)}".strip() for group, name in groups if group]
    return texts("Replies go to {addresses}", addresses=" · ".join(parts))


def addresses_line(people: Sequence[Address]) -> str:
    shown = ", ".join(one.address for one in people[:_MOST_PEOPLE])
    return f"{shown}, …" if len(people) > _MOST_PEOPLE else shown


def _in_language(text: MailText, texts: Texts) -> MailText:
    """With the summaries of its files in the reader's language; an invitation without a word of
    its own has its summary for a text."""
    files = tuple(replace(one, summary=texts.own(one.summary)) for one in text.files)
    words = text.body.to_text() if files else ""
    spoken = [
        new.summary for old, new in zip(text.files, files, strict=True) if old.summary == words
    ]
    body = Document.from_text(spoken[0]) if words and spoken else text.body
    return replace(text, files=files, body=body)


def _text_blocks(text: MailText, texts: Texts) -> tuple[list[Json], bool]:
    """The mail's words, what is left out of them, its files, what was wrong with it; and whether
    nothing was left out."""
    rendered = blocks_from_document(text.body)
    blocks = rendered.blocks or [rich_section((texts("(no text)"), False))]
    lines = []
    if rendered.truncated:
        lines.append(texts("The mail is longer than this."))
    if text.folded_lines:
        lines.append(texts.folded(text.folded_lines))
    if lines:
        blocks = [*blocks, context(" ".join(lines))]
    if text.files:
        blocks = [*blocks, context("\n".join(_file_line(one, texts) for one in text.files[:20]))]
    defects = defects_for_readers(text.defects, texts)
    if defects:
        blocks = [*blocks, context("⚠ " + cut(defects, 500))]
    return blocks, not lines


def _file_line(file: FileLine, texts: Texts) -> str:
    size = f" ({texts.size(file.size)})" if file.size else ""
    summary = f" — {file.summary}" if file.summary else ""
    return f"📎 {file.name}{size}{summary}"


def _state_line(card: TicketCard, texts: Texts, assignee: str, now: datetime) -> str:
    parts = [texts.status(card.status.value)]
    if assignee:
        parts.append(assignee)
    if card.waiting_since_at is not None and card.status is TicketStatus.OPEN:
        parts.append(texts.waiting(card.waiting_since_at, now))
    return "  ·  ".join(parts)


def build_mail_post(post: MailPost, texts: Texts) -> Json:
    """A further mail of the ticket, in its thread."""
    post = replace(post, text=_in_language(post.text, texts))
    if post.kind == "auto_reply":
        return _auto_reply(post, texts)
    who = post.author.name or post.author.address or texts("unknown sender")
    rest = f"  <{post.author.address}>" if post.author.name else ""
    role = "" if post.is_customer else texts(" (Cc)")
    if post.kind == "staff":
        role = f" ({staff_words(post.text.sender, texts)})"
    blocks = [rich_section((who, True), (rest + role, False))]
    mark = sender_words(post.text.sender, texts)
    if mark:
        blocks.append(context(mark))
    if post.subject:
        blocks.append(context(texts("Subject: {subject}", subject=cut(post.subject, 300))))
    blocks += _text_blocks(post.text, texts)[0]
    blocks.append(
        actions(
            _show_button(post.mark, texts),
            *_post_menu(post, texts),
            block_id=post.mark.key,
        )
    )
    fallback = f"{post.author}: {cut(post.text.body.to_text(), 200)}"
    return _payload(blocks, fallback, post.mark)


def _post_menu(post: MailPost, texts: Texts) -> list[Json]:
    options = [option(texts("Not this ticket"), f"not_this:{post.mark.message_id}")]
    if post.forward_allowed:
        value = f"forward_mail:{post.mark.message_id}"
        options.append(option(texts("Forward as new ticket"), value))
    return [overflow("ticket_more", options)]


def _auto_reply(post: MailPost, texts: Texts) -> Json:
    first_line = cut(" ".join(post.text.body.to_text().split()), 160)
    sentence = texts(
        "Automatic reply from {address}: {text}", address=post.author.address, text=first_line
    )
    blocks = [
        context(sentence),
        actions(button(texts("Show"), "mail_show", post.mark.message_id), block_id=post.mark.key),
    ]
    return _payload(blocks, sentence, post.mark)


def _person(person: Address) -> str:
    return f"{person.name}  <{person.address}>" if person.name else person.address


def _payload(blocks: list[Json], fallback: str, mark: Mark) -> Json:
    return {
        "blocks": blocks,
        "text": escape_text(cut(fallback, 1000)),
        "metadata": build_metadata(mark),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def build_metadata(mark: Mark) -> Json:
    """Ids only: by them the post is found again; the database is the truth."""
    return {
        "event_type": METADATA_EVENT,
        "event_payload": {
            "ticket_id": mark.ticket_id,
            "message_id": mark.message_id,
            "key": mark.key,
        },
    }
