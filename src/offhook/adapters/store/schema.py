"""The tables, the same on every database. What they hold as bytes is JSON, sealed where it is secret (see `seal`).

A change here is a new revision in migrations/versions, and a test compares the two.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

METADATA = MetaData()
REVISION = "0001"  # the last in migrations/versions

# Who owns the database, and how many transactions it has committed: one row
OWNER = Table(
    "owner",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("batch", BigInteger, nullable=False),
)

# Configuration: instances, flows, queues, … by kind; `body` is what AWS describes
RESOURCE = Table(
    "resource",
    METADATA,
    Column("instance_id", String(100), primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("id", String(300), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# One row a contact. `snapshot` is what it runs from; `place` and `agent` are there while it waits or is with an agent,
# `marks` what is known of its life beside the snapshot: see drivers/embedded
CONTACT = Table(
    "contact",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("instance_id", String(100), nullable=False),
    Column("initial_id", String(64), nullable=False, index=True),
    Column("related_id", String(64)),
    Column("channel", String(16), nullable=False),
    Column("initiation_method", String(32), nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("needs_floor", Boolean, nullable=False),
    Column("initiated_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("queue", String(300)),
    Column("agent", String(300)),
    Column("seq", Integer, nullable=False),
    Column("marks", LargeBinary, nullable=False),
    Column("snapshot", LargeBinary, nullable=False),
)
Index("contact_started", CONTACT.c.instance_id, CONTACT.c.initiated_ms)
Index("contact_on_floor", CONTACT.c.needs_floor)

# The journal: every event that changed a contact
EVENT = Table(
    "event",
    METADATA,
    Column("contact_id", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# Events that will happen to contacts: timers, ends of prompts, what contacts tell each other
DUE = Table(
    "due",
    METADATA,
    Column("id", String(160), primary_key=True),
    Column("contact_id", String(64), nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# Effects that wait for an answer from outside this process; a new process performs them again
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", String(160), primary_key=True),
    Column("contact_id", String(64), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)

# User-defined attributes, one set for all contacts of an initial contact
ATTRIBUTES = Table(
    "attributes",
    METADATA,
    Column("initial_id", String(64), primary_key=True),
    Column("instance_id", String(100), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

PARTICIPANT = Table(
    "participant",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("instance_id", String(100), nullable=False),
    Column("contact_id", String(64), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)

# The transcript of a chat, in order of `n`
ITEM = Table(
    "item",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("contact_id", String(64), nullable=False),
    Column("initial_id", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("item_in_order", ITEM.c.initial_id, ITEM.c.n)

# What was uploaded to a chat; the bytes lie in a folder
ATTACHMENT = Table(
    "attachment",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("contact_id", String(64), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)
