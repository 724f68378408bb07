"""Alembic's entry: runs on a connection that `storage.schema` hands in, never opens its own."""

from __future__ import annotations

from typing import Literal

from alembic import context

from storage.models import Base
from storage.models.base import String, Text


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A migration names the column's plain type: what cleans a text on its way in may change."""
    if kind == "type" and isinstance(item, Text):
        return "sa.Text()"
    if kind == "type" and isinstance(item, String):
        return f"sa.String(length={getattr(item.impl_instance, 'length', None)})"
    return False


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=False,
        user_module_prefix="base.",
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
