"""SQLite gives the number of an item in the outbox once, as PostgreSQL does.

Revision: 0004, expands.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rebuild(numbers_used_once=True)


def downgrade() -> None:
    _rebuild(numbers_used_once=False)


def _rebuild(*, numbers_used_once: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        kept = {"sqlite_autoincrement": numbers_used_once}
        with op.batch_alter_table("outbox", recreate="always", table_kwargs=kept):
            pass
