"""Webhooks: other systems that receive the changes.

Each is a follower named `webhook:<id>`. Nothing is sent to it before `try_at`, or while
`paused_at` is set. The position of a follower that fails keeps since when it does.
"""

STATEMENTS = (
    """
    CREATE TABLE webhooks (
        id {id},
        url TEXT NOT NULL,
        events TEXT NOT NULL,
        batches BOOLEAN NOT NULL,
        secret TEXT NOT NULL,
        old_secret TEXT,
        old_until BIGINT NOT NULL DEFAULT 0,
        created_at BIGINT NOT NULL,
        paused_at BIGINT,
        paused_because TEXT,
        failures BIGINT NOT NULL DEFAULT 0,
        failing_since BIGINT,
        try_at BIGINT NOT NULL DEFAULT 0,
        last_error TEXT,
        last_error_at BIGINT,
        delivered_at BIGINT
    )
    """,
    "ALTER TABLE positions ADD COLUMN failing_since BIGINT",
)
