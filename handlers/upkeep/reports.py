"""Figures about the work at hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from handlers.context import Context
from storage.queries import outbox_depth


@dataclass(frozen=True, slots=True)
class OutboxFigures:
    waiting: dict[str, int] = field(default_factory=dict)
    """Kind → how many wait or are in hand."""
    oldest_seconds: float = 0.0
    dead: int = 0


async def outbox_figures(context: Context) -> OutboxFigures:
    async with context.db.read() as tx:
        depth = await outbox_depth.depth(tx)
    waiting: dict[str, int] = {}
    dead = 0
    oldest = 0.0
    for (kind, state), (count, since) in depth.items():
        if state == "dead":
            dead += count
            continue
        waiting[kind] = waiting.get(kind, 0) + count
        oldest = max(oldest, (context.clock.now() - since).total_seconds())
    return OutboxFigures(waiting, oldest, dead)
