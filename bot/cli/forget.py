"""`canal forget ADDRESS`: erasing a person, and saying what was erased."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.cli.support import run_offline, say, say_json
from handlers.upkeep.forget import Forgotten, forget_person


def forget(
    address: Annotated[str, typer.Argument(help="The person's mail address.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Erase a person's mails, names and addresses (GDPR). Tickets stay as numbers.

    Backups and what was posted in Slack are not reached: the threads to delete there are named.
    """
    if not yes:
        typer.confirm(f"Erase everything of {address}? It cannot be undone.", abort=True)
    done = run_offline(lambda offline: forget_person(offline.context, address))
    if as_json:
        say_json(to_json(done))
        return
    for line in tell(done):
        say(line)


def tell(done: Forgotten) -> list[str]:
    """What was erased, in sentences."""
    lines = _erased(done) if done.anything else ["Nothing is known of this address."]
    if done.mentioned_in:
        numbers = ", ".join(f"#{number}" for number in done.mentioned_in)
        lines.append(f"The address is still mentioned in what others wrote, in tickets {numbers}.")
    elif done.still_mentioned:
        tables = ", ".join(done.still_mentioned)
        lines.append(f"The address is still mentioned in what others wrote (in: {tables}).")
    if done.similar:
        lines.append("Perhaps the same person, and not erased: " + ", ".join(done.similar) + ".")
    if done.anything:
        lines.append("Backups, and logs with full addresses, hold it until they are replaced.")
    return lines


def _erased(done: Forgotten) -> list[str]:
    lines = [
        (
            f"Erased: {done.messages} messages, {done.mails} mails, {done.files} files, "
            f"{done.deliveries} delivery results."
        ),
        (
            f"{done.tickets} tickets keep only their number; the address is taken out of "
            f"{done.shared_tickets} more."
        ),
    ]
    if done.cancelled_replies:
        lines.append(f"{done.cancelled_replies} replies that had not left will not leave.")
    if done.threads:
        lines.append("Still to be deleted in Slack, by a person:")
        lines += [
            f"  #{one.ticket}: Slack channel {one.slack_channel_id}, thread {one.ts}"
            for one in done.threads
        ]
    return lines


def to_json(done: Forgotten) -> dict[str, Any]:
    return {
        "tickets": done.tickets,
        "shared_tickets": done.shared_tickets,
        "messages": done.messages,
        "mails": done.mails,
        "files": done.files,
        "deliveries": done.deliveries,
        "cancelled_replies": done.cancelled_replies,
        "threads": [
            {"ticket": one.ticket, "slack_channel": one.slack_channel_id, "ts": one.ts}
            for one in done.threads
        ],
        "still_mentioned": list(done.still_mentioned),
        "mentioned_in_tickets": list(done.mentioned_in),
        "similar": list(done.similar),
    }
