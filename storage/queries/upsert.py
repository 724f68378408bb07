"""INSERT … ON CONFLICT, spelled alike for both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from storage.engine import Session
from storage.models import Base


async def insert_new(tx: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that collide with no unique constraint; the others are already there."""
    if not rows:
        return
    dialect = tx.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    await tx.execute(insert(table).on_conflict_do_nothing(), list(rows))
