"""The first tables.

Revision: 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from storage.models.base import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "email_channels",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sa.String(length=120), nullable=False),
        sa.Column("slack_channel_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("incoming", sa.String(length=16), nullable=False),
        sa.Column("outgoing", sa.String(length=16), nullable=False),
        sa.Column("primary_address", sa.String(length=320), nullable=False),
        sa.Column("inbound_address", sa.String(length=320), nullable=True),
        sa.Column("from_name", sa.String(length=255), nullable=False),
        sa.Column("from_email", sa.String(length=320), nullable=False),
        sa.Column("copy_to", sa.String(length=320), nullable=True),
        sa.Column("copy_as_bcc", sa.Boolean(), nullable=False),
        sa.Column(
            "signature",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "footer",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=True,
        ),
        sa.Column("quote", sa.String(length=8), nullable=False),
        sa.Column("forward_opens_ticket", sa.Boolean(), nullable=False),
        sa.Column("reply_mode", sa.String(length=8), nullable=False),
        sa.Column(
            "undo_seconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "reopen_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "agents",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "options",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_channels")),
        sa.UniqueConstraint("team_id", "name_key", name=op.f("uq_email_channels_team_id_name_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_email_channels_uid")),
    )
    with op.batch_alter_table("email_channels", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_email_channels_slack_channel_id"), ["slack_channel_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_email_channels_team_id"), ["team_id"], unique=False)

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("token", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("order_key", sa.String(length=64), nullable=False),
        sa.Column("dedupe_key", sa.String(length=120), nullable=True),
        sa.Column(
            "payload",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_dead",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )
        batch_op.create_index("ix_outbox_due", ["state", "not_before"], unique=False)
        batch_op.create_index("ix_outbox_order", ["order_key", "id"], unique=False)
        batch_op.create_index(
            "ix_outbox_uncertain",
            ["lane"],
            unique=False,
            sqlite_where=sa.text("uncertain = 1"),
            postgresql_where=sa.text("uncertain"),
        )

    op.create_table(
        "raw_mails",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_mails")),
    )
    with op.batch_alter_table("raw_mails", schema=None) as batch_op:
        batch_op.create_index(
            "ix_raw_mails_kept",
            ["stored_at"],
            unique=False,
            sqlite_where=sa.text("data IS NOT NULL"),
            postgresql_where=sa.text("data IS NOT NULL"),
        )

    op.create_table(
        "workspaces",
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("bot_user_id", sa.String(length=32), nullable=True),
        sa.Column(
            "next_ticket_number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_workspaces")),
    )
    op.create_table(
        "agent_signatures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("slack_user_id", sa.String(length=32), nullable=False),
        sa.Column(
            "email_channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "signature",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["email_channel_id"],
            ["email_channels.id"],
            name=op.f("fk_agent_signatures_email_channel_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_signatures")),
        sa.UniqueConstraint(
            "team_id",
            "slack_user_id",
            "email_channel_id",
            name=op.f("uq_agent_signatures_team_id_slack_user_id_email_channel_id"),
        ),
    )
    op.create_table(
        "channel_addresses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column(
            "email_channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["email_channel_id"],
            ["email_channels.id"],
            name=op.f("fk_channel_addresses_email_channel_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_addresses")),
        sa.UniqueConstraint(
            "email_channel_id",
            "address",
            name=op.f("uq_channel_addresses_email_channel_id_address"),
        ),
    )
    with op.batch_alter_table("channel_addresses", schema=None) as batch_op:
        batch_op.create_index("ix_channel_addresses_address", ["address"], unique=False)

    op.create_table(
        "connections",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column(
            "email_channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column(
            "settings",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column(
            "cursor",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("last_ok_at", UtcDateTime(), nullable=True),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["email_channel_id"],
            ["email_channels.id"],
            name=op.f("fk_connections_email_channel_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint(
            "email_channel_id", "direction", name=op.f("uq_connections_email_channel_id_direction")
        ),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "email_channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("customer_address", sa.String(length=320), nullable=False),
        sa.Column(
            "participants",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("assignee_id", sa.String(length=32), nullable=True),
        sa.Column("slack_channel_id", sa.String(length=32), nullable=False),
        sa.Column("root_ts", sa.String(length=32), nullable=True),
        sa.Column("last_seen_ts", sa.String(length=32), nullable=True),
        sa.Column(
            "linked_ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "suggested_ticket_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("waiting_since_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("card_refresh_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["email_channel_id"], ["email_channels.id"], name=op.f("fk_tickets_email_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["linked_ticket_id"], ["tickets.id"], name=op.f("fk_tickets_linked_ticket_id")
        ),
        sa.ForeignKeyConstraint(
            ["suggested_ticket_id"], ["tickets.id"], name=op.f("fk_tickets_suggested_ticket_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint(
            "slack_channel_id", "root_ts", name=op.f("uq_tickets_slack_channel_id_root_ts")
        ),
        sa.UniqueConstraint("team_id", "number", name=op.f("uq_tickets_team_id_number")),
    )
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tickets_card_refresh_at",
            ["card_refresh_at"],
            unique=False,
            sqlite_where=sa.text("card_refresh_at IS NOT NULL"),
            postgresql_where=sa.text("card_refresh_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_tickets_customer", ["email_channel_id", "customer_address"], unique=False
        )
        batch_op.create_index(
            "ix_tickets_linked_ticket_id",
            ["linked_ticket_id"],
            unique=False,
            sqlite_where=sa.text("linked_ticket_id IS NOT NULL"),
            postgresql_where=sa.text("linked_ticket_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_tickets_status", ["team_id", "status", "updated_at"], unique=False
        )

    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column(
            "ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "email_channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rfc_message_id", sa.Text(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_address", sa.String(length=320), nullable=False),
        sa.Column("slack_user_id", sa.String(length=32), nullable=True),
        sa.Column("slack_channel_id", sa.String(length=32), nullable=True),
        sa.Column("slack_ts", sa.String(length=32), nullable=True),
        sa.Column("reaction", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "body",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "visible",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=True,
        ),
        sa.Column(
            "folded_lines", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "recipients",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "references",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("raw_mail_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "details",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("send_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["email_channel_id"], ["email_channels.id"], name=op.f("fk_messages_email_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["raw_mail_id"], ["raw_mails.id"], name=op.f("fk_messages_raw_mail_id")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_messages_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "slack_channel_id", "slack_ts", name=op.f("uq_messages_slack_channel_id_slack_ts")
        ),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_raw_mail_id"), ["raw_mail_id"], unique=False)
        batch_op.create_index("ix_messages_ticket_id", ["ticket_id", "id"], unique=False)

    op.create_table(
        "ticket_people",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_people_ticket_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_people")),
        sa.UniqueConstraint(
            "ticket_id", "address", name=op.f("uq_ticket_people_ticket_id_address")
        ),
    )
    with op.batch_alter_table("ticket_people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_people_address"), ["address"], unique=False)

    op.create_table(
        "arrivals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column(
            "email_channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("raw_mail_id", sa.BigInteger(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column(
            "envelope",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column(
            "message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["email_channel_id"], ["email_channels.id"], name=op.f("fk_arrivals_email_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_arrivals_message_id")
        ),
        sa.ForeignKeyConstraint(
            ["raw_mail_id"], ["raw_mails.id"], name=op.f("fk_arrivals_raw_mail_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
        sa.UniqueConstraint(
            "email_channel_id", "dedupe_key", name=op.f("uq_arrivals_email_channel_id_dedupe_key")
        ),
    )
    with op.batch_alter_table("arrivals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_arrivals_claimed",
            ["claimed_until"],
            unique=False,
            sqlite_where=sa.text("state = 'stored' AND claimed_until IS NOT NULL"),
            postgresql_where=sa.text("state = 'stored' AND claimed_until IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_arrivals_held",
            ["email_channel_id"],
            unique=False,
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(
            "ix_arrivals_pending",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'stored'"),
            postgresql_where=sa.text("state = 'stored'"),
        )
        batch_op.create_index(batch_op.f("ix_arrivals_raw_mail_id"), ["raw_mail_id"], unique=False)

    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "part_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("slack_file_id", sa.String(length=64), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_attachments_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_message_id"), ["message_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("code", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_deliveries_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", "address", name=op.f("uq_deliveries_message_id_address")),
    )
    op.create_table(
        "message_index",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "email_channel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("rfc_message_id", sa.String(length=998), nullable=False),
        sa.Column(
            "ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["email_channel_id"],
            ["email_channels.id"],
            name=op.f("fk_message_index_email_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_index_message_id")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_message_index_ticket_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_index")),
        sa.UniqueConstraint(
            "email_channel_id",
            "rfc_message_id",
            "ticket_id",
            name=op.f("uq_message_index_email_channel_id_rfc_message_id_ticket_id"),
        ),
    )
    with op.batch_alter_table("message_index", schema=None) as batch_op:
        batch_op.create_index("ix_message_index_message_id", ["message_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("message_index", schema=None) as batch_op:
        batch_op.drop_index("ix_message_index_message_id")

    op.drop_table("message_index")
    op.drop_table("deliveries")
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachments_message_id"))

    op.drop_table("attachments")
    with op.batch_alter_table("arrivals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_arrivals_raw_mail_id"))
        batch_op.drop_index(
            "ix_arrivals_held",
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.drop_index(
            "ix_arrivals_pending",
            sqlite_where=sa.text("state = 'stored'"),
            postgresql_where=sa.text("state = 'stored'"),
        )
        batch_op.drop_index(
            "ix_arrivals_claimed",
            sqlite_where=sa.text("state = 'stored' AND claimed_until IS NOT NULL"),
            postgresql_where=sa.text("state = 'stored' AND claimed_until IS NOT NULL"),
        )

    op.drop_table("arrivals")
    with op.batch_alter_table("ticket_people", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_people_address"))

    op.drop_table("ticket_people")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_ticket_id")
        batch_op.drop_index(batch_op.f("ix_messages_raw_mail_id"))

    op.drop_table("messages")
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.drop_index("ix_tickets_status")
        batch_op.drop_index(
            "ix_tickets_linked_ticket_id",
            sqlite_where=sa.text("linked_ticket_id IS NOT NULL"),
            postgresql_where=sa.text("linked_ticket_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_tickets_customer")
        batch_op.drop_index(
            "ix_tickets_card_refresh_at",
            sqlite_where=sa.text("card_refresh_at IS NOT NULL"),
            postgresql_where=sa.text("card_refresh_at IS NOT NULL"),
        )

    op.drop_table("tickets")
    op.drop_table("connections")
    with op.batch_alter_table("channel_addresses", schema=None) as batch_op:
        batch_op.drop_index("ix_channel_addresses_address")

    op.drop_table("channel_addresses")
    op.drop_table("agent_signatures")
    op.drop_table("workspaces")
    with op.batch_alter_table("raw_mails", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_raw_mails_kept",
            sqlite_where=sa.text("data IS NOT NULL"),
            postgresql_where=sa.text("data IS NOT NULL"),
        )

    op.drop_table("raw_mails")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_uncertain",
            sqlite_where=sa.text("uncertain = 1"),
            postgresql_where=sa.text("uncertain"),
        )
        batch_op.drop_index("ix_outbox_order")
        batch_op.drop_index("ix_outbox_due")
        batch_op.drop_index(
            "ix_outbox_dead",
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )

    op.drop_table("outbox")
    op.drop_table("meta")
    op.drop_table("leases")
    with op.batch_alter_table("email_channels", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_email_channels_team_id"))
        batch_op.drop_index(batch_op.f("ix_email_channels_slack_channel_id"))

    op.drop_table("email_channels")
