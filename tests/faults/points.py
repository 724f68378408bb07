"""Every step of both flows, by name: where the fault harness kills Canal, before it and after it.

A step is a transaction that commits or a call that goes out. Nothing in the product knows of the
points: `crashing.py` finds each step where it passes the database, Slack's Web API or the mail
transport, and names a transaction after the function that wants it. So a step that somebody adds
shows itself in the next run, and the test of every step fails until it is listed here.
"""

from __future__ import annotations

from dataclasses import dataclass

MAIL_IN = {
    "commit MailStore.store": "the bytes and the arrival are stored; then 250 is said",
    "commit FilingWorker._claim": "filing takes what was stored",
    "commit FilingWorker._file_batch": "ticket, message, files and wishes are written",
    "commit OutboxWorker._claim": "the outbox takes what is due",
    "slack chat.postMessage": "the card, or a further mail in its thread, is posted",
    "commit OutboxWorker._settle_group": "its ts is noted and the item taken out",
    "slack files.getUploadURLExternal": "a place for a file",
    "slack upload": "the bytes of a file",
    "commit SlackDelivery._change": "which file it became, and that it is shared",
    "slack files.completeUploadExternal": "the file is shared in the thread",
    "slack chat.update": "the card tells that the ticket waits for the customer",
}
REPLY_OUT = {
    "commit Replies.on_message": "the reply is stored and held; then the event is acknowledged",
    "slack reactions.add": "the reply shows what became of it",
    "slack reactions.remove": "what it showed before is taken away",
    "slack chat.postEphemeral": "the whisper with Undo",
    "commit MailDelivery.send_email": "held becomes sending",
    "commit MailDrafts.data_of": "the composed mail is kept as it will leave",
    "mail send": "the connection to the mail server, and all that is said on it",
    "commit MailDelivery._mark_handover": "the point of no return",
}
STEPS = {**MAIL_IN, **REPLY_OUT}

NO_STEPS = {
    "commit Turns.renew": "a timer's lease",
    "commit OutboxWorker.renew_claims": "a timer",
    "commit OutboxWorker._record_failure": "only after a failure",
    "commit OutboxWorker.stop": "the end",
    "commit Recovery._take_back": "only after a death",
    "commit prepare": "the start",
    "commit remember_workspace": "the start",
    "commit recover": "the start",
    "commit leave": "the end",
    "commit Notifier._send_for_ever": "a wake-up; lost, it costs a second",
    "commit Places.on_slack_back": "at a new connection",
    "commit Replies.send": "a person presses Send",
    "commit DigestDelivery.show": "a digest was deleted in Slack; folding is the outbox's claim",
    "commit DigestDesk.open_ticket": "a person presses Open in a digest (tests/app/test_crash.py)",
    "commit DigestDesk.open_all": "as Open",
    "commit MailboxWatch._acquire": "the leases of mailboxes",
    "commit Replies.on_edit": "an edit, or the start looking whether there was one",
    "commit Replies.on_delete": "as an edit",
    "commit Backfill._note_seen": "at a new connection",
    "commit Backfill.read_missed": "only after a failure",
    "commit Backfill._read_later": "only after a failure",
    "commit Tickets.refresh_waiting_times": "a timer",
    "slack auth.test": "the start",
    "slack users.info": "reads",
    "slack users.list": "reads",
    "slack usergroups.users.list": "reads",
    "slack chat.getPermalink": "reads",
    "slack conversations.replies": "reads",
    "slack conversations.history": "reads",
    "slack conversations.open": "a message to the admins",
}
"""Transactions and calls of both flows' surroundings, with why they need no point."""


@dataclass(frozen=True, slots=True)
class Point:
    """Kill right `when` ("before" or "after") the step, at its `hit`-th time since the start."""

    step: str
    when: str
    hit: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.step} #{self.hit}"


def every_point() -> list[Point]:
    return [Point(step, when) for step in STEPS for when in ("before", "after")]
