"""What a failing connection says can be said in the reader's language.

Revision: 0003, expands.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models.base import Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("last_error_parts", Json, nullable=True))


def downgrade() -> None:
    op.drop_column("connections", "last_error_parts")
