"""Alembic's entry: runs on a connection that `storage.schema` hands in, never opens its own."""

from __future__ import annotations

from alembic import context

from storage.models import Base


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=False,
        user_module_prefix="base.",
    )
    with context.begin_transaction():
        context.run_migrations()


run()
