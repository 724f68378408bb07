"""Digests: many tickets that came at once, as one post and as a window. Pure."""

from __future__ import annotations

from typing import Any

from bot.slack.cards import build_metadata
from bot.slack.elements import plain_mrkdwn
from bot.slack.kit import actions, button, confirm_dialog, context, cut, label, section
from bot.slack.texts import Texts
from handlers.posts import DigestLine, DigestPost

Json = dict[str, Any]


def build_digest(post: DigestPost, texts: Texts) -> Json:
    """The digest as arguments of chat.postMessage or chat.update."""
    title, more = _title(post, texts), _others(post, texts)
    blocks = [
        section(f"*{title}*\n{_explanation(post, texts)}"),
        *(_line(line, texts) for line in post.lines),
        *([context(more)] if more else []),
        actions(*_buttons(post, texts), block_id=post.mark.key),
    ]
    return {
        "text": title,
        "blocks": blocks,
        "unfurl_links": False,
        "metadata": build_metadata(post.mark),
    }


def build_window(post: DigestPost, texts: Texts, *, page: int) -> Json:
    """All its tickets, a page at a time; `page` is how many lines one has."""
    first, last = post.offset + 1, post.offset + len(post.lines)
    turns = []
    if post.offset > 0:
        turns.append(
            button(texts("Earlier"), "digest_back", f"{post.digest_id}:{post.offset - page}")
        )
    if last < post.total:
        turns.append(button(texts("Later"), "digest_on", f"{post.digest_id}:{post.offset + page}"))
    shown = texts("{first} to {last} of {total}", first=first, last=last, total=post.total)
    return {
        "type": "modal",
        "title": label(texts("Tickets at once"), 24),
        "close": label(texts("Close"), 24),
        "private_metadata": f"{post.digest_id}:{post.offset}",
        "blocks": [
            context(shown),
            *(_line(line, texts) for line in post.lines),
            *([actions(*turns)] if turns else []),
        ],
    }


def _title(post: DigestPost, texts: Texts) -> str:
    sentence = texts.t.ngettext(
        "{n} new ticket came at once", "{n} new tickets came at once", post.total
    )
    return sentence.format(n=post.total)


def _explanation(post: DigestPost, texts: Texts) -> str:
    if not post.unopened:
        return texts("Each of them has its own thread now.")
    return texts(
        "They are listed here to keep the channel readable. Open posts a ticket’s card, and with "
        "it its thread."
    )


def _line(line: DigestLine, texts: Texts) -> Json:
    """`#12  Invoice · Jo Miller [Open]`; once its card is there, a link to it."""
    number = f"<{line.url}|#{line.number}>" if line.url else f"*#{line.number}*"
    subject = cut(" ".join(line.subject.split()) or texts("(no subject)"), 100)
    who = cut(line.sender.name or line.sender.address or texts("unknown sender"), 60)
    words = f"{number}  {plain_mrkdwn(subject)}  ·  {plain_mrkdwn(who)}"
    if not line.is_opened:
        return section(words, button(texts("Open"), "digest_open", line.ticket_id))
    if line.place:
        return section(words)
    state = texts("on its way")
    return section(f"{words}  ·  {state}")


def _others(post: DigestPost, texts: Texts) -> str:
    """What is not on this page."""
    parts = []
    rest = post.total - post.offset - len(post.lines)
    if rest > 0:
        parts.append(texts.t.ngettext("… and {n} more", "… and {n} more", rest).format(n=rest))
    opened = post.total - post.unopened
    if opened and post.unopened:
        sentence = texts.t.ngettext("{n} is opened", "{n} are opened", opened)
        parts.append(sentence.format(n=opened))
    return "  ·  ".join(parts)


def _buttons(post: DigestPost, texts: Texts) -> list[Json]:
    show = button(texts("Show all"), "digest_list", post.digest_id)
    if not post.unopened:
        return [show]
    asked = texts(
        "Slack takes about one card a second: {n} cards need {minutes} min.",
        n=post.unopened,
        minutes=max(1, round(post.unopened / 60)),
    )
    sure = confirm_dialog(texts("Post all one by one?"), asked, texts("Post all"), texts("Cancel"))
    return [show, button(texts("Post all one by one"), "digest_all", post.digest_id, confirm=sure)]
