"""Digests: the cards of a flood are folded into one post.

Revision: 0002. It expands: a Canal of 0001 goes on beside it, and posts each card by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("id", _ID, nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("slack_channel_id", sa.String(length=32), nullable=False),
        sa.Column("ts", sa.String(length=32), nullable=True),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("folded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
    )
    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.create_index("ix_digests_post", ["slack_channel_id", "ts"], unique=False)
        batch_op.create_index(
            "uq_digests_current",
            ["slack_channel_id"],
            unique=True,
            sqlite_where=sa.text("is_current = 1"),
            postgresql_where=sa.text("is_current"),
        )
    op.create_table(
        "folded_cards",
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("digest_id", _ID, nullable=False),
        sa.Column("message_id", _ID, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_folded_cards_digest_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_folded_cards_message_id")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_folded_cards_ticket_id")
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_folded_cards")),
    )
    with op.batch_alter_table("folded_cards", schema=None) as batch_op:
        batch_op.create_index("ix_folded_cards_digest_id", ["digest_id", "ticket_id"], unique=False)


def downgrade() -> None:
    op.drop_table("folded_cards")
    op.drop_table("digests")
