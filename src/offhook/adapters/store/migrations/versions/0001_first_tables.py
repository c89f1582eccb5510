"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "owner",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "resource",
        sa.Column("instance_id", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(300), primary_key=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("instance_id", sa.String(100), nullable=False),
        sa.Column("initial_id", sa.String(64), nullable=False),
        sa.Column("related_id", sa.String(64), nullable=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("initiation_method", sa.String(32), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("needs_floor", sa.Boolean(), nullable=False),
        sa.Column("initiated_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("queue", sa.String(300), nullable=True),
        sa.Column("agent", sa.String(300), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
    )
    op.create_index("contact_on_floor", "contact", ["needs_floor"])
    op.create_index("contact_started", "contact", ["instance_id", "initiated_ms"])
    op.create_index("ix_contact_initial_id", "contact", ["initial_id"])
    op.create_table(
        "event",
        sa.Column("contact_id", sa.String(64), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "due",
        sa.Column("id", sa.String(160), primary_key=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_due_contact_id", "due", ["contact_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(160), primary_key=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_outbox_contact_id", "outbox", ["contact_id"])
    op.create_table(
        "attributes",
        sa.Column("initial_id", sa.String(64), primary_key=True),
        sa.Column("instance_id", sa.String(100), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("instance_id", sa.String(100), nullable=False),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_participant_contact_id", "participant", ["contact_id"])
    op.create_table(
        "item",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("initial_id", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("item_in_order", "item", ["initial_id", "n"])
    op.create_table(
        "attachment",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_attachment_contact_id", "attachment", ["contact_id"])
