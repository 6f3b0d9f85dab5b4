"""What keeps a repeat from making something twice.

`idempotency_keys` says what was made with an `Idempotency-Key`. The owner is the user who
sent it, 0 for somebody who is signing up. Messages keep their keys themselves.

`direct_conversations` has the one conversation of two people, the one with the lower id first.
"""

STATEMENTS = (
    """
    CREATE TABLE idempotency_keys (
        owner_id BIGINT NOT NULL,
        key TEXT NOT NULL,
        fingerprint BIGINT NOT NULL,
        made_id BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (owner_id, key)
    )
    """,
    """
    CREATE TABLE direct_conversations (
        low_id BIGINT NOT NULL,
        high_id BIGINT NOT NULL,
        conversation_id BIGINT NOT NULL,
        PRIMARY KEY (low_id, high_id)
    )
    """,
    "ALTER TABLE conversations ADD COLUMN is_direct BOOLEAN NOT NULL DEFAULT FALSE",
)
