"""A context on each database, with a clock that stands still, for handlers that need no Slack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.context import Context
from handlers.tokens import Tokens
from storage.engine import Database
from tests.storage.samples import NOW, TEAM


@dataclass(slots=True)
class StillClock:
    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


def make_context(db: Database, clock: StillClock | None = None, holder: str = "one") -> Context:
    return Context(db, clock or StillClock(), Tokens(b"key"), "in.acme.example", TEAM, holder)
