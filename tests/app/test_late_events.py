"""Slack's events do not always come in the order in which people wrote."""

from __future__ import annotations

from handlers.ports import AgentMessage
from mail.document import Document, Paragraph, Span
from tests.app.harness import Harness


def said(canal: Harness, thread_ts: str, ts: str, text: str) -> AgentMessage:
    document = Document((Paragraph((Span(text),)),))
    team = canal.sandbox.team_id
    return AgentMessage(team, canal.support, ts, thread_ts, canal.ana, document, text)


async def test_a_reply_that_is_heard_late_leaves_before_those_below_it(canal: Harness) -> None:
    """Canal died over its event, and Slack sent it again when the next had come."""
    await canal.edit_channel(undo_seconds=300)
    await canal.write()
    thread = (await canal.ticket())["ts"]
    seconds = int(float(thread)) + 1
    replies = canal.canal.parts.replies
    for number, text in ((3, "Third."), (4, "Fourth."), (1, "First."), (2, "Second.")):
        await replies.on_message(said(canal, thread, f"{seconds}.{number:06d}", text))
    for number in (4, 3, 2, 1):
        await canal.make_due(f"{seconds}.{number:06d}")
    await canal.sent(4)
    texts = [mail.text.split()[0] for mail in canal.catcher.mails]
    assert texts == ["First.", "Second.", "Third.", "Fourth."]
