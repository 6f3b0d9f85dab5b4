"""Each participant's own settings of a conversation.

`muted_until` is a moment in microseconds, or null. `own_seq` is the conversation's `seq` when the
settings last changed, or null if they never did.
"""

STATEMENTS = (
    "ALTER TABLE participants ADD COLUMN muted_until BIGINT",
    "ALTER TABLE participants ADD COLUMN is_archived BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE participants ADD COLUMN is_pinned BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE participants ADD COLUMN own_seq BIGINT",
)
