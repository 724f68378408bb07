"""Reactions on a ticket card: 👀 takes the ticket, ✅ closes it. What a phone does quickest.

Only what can be undone by a button is done by a reaction: nothing is ever mailed by one.
"""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bot.listeners.services import Services

Json = dict[str, Any]
TAKES = frozenset({"eyes"})
CLOSES = frozenset({"white_check_mark", "heavy_check_mark", "ballot_box_with_check"})


def register(app: AsyncApp, services: Services) -> None:
    @app.event("reaction_added")
    async def on_reaction(event: Json) -> None:
        name, user_id = str(event.get("reaction", "")).partition("::")[0], str(event["user"])
        item = event.get("item") or {}
        if item.get("type") != "message" or name not in TAKES | CLOSES:
            return
        ticket = await services.tickets.find_by_card(str(item["channel"]), str(item["ts"]))
        if ticket is None or ticket.status == "closed":
            return
        if name in TAKES:
            await services.tickets.assign(ticket.id, user_id, user_id)
        else:
            await services.tickets.close(ticket.id, user_id)
