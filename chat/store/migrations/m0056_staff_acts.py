"""Suspended users, what staff did, and the conversations that staff have deleted.

Every process reads the newest acts, and so learns in a second of what happened elsewhere.
"""

STATEMENTS = (
    "ALTER TABLE users ADD COLUMN suspended_at BIGINT",
    """
    CREATE TABLE acts (
        id {id},
        at BIGINT NOT NULL,
        actor_id BIGINT,
        kind TEXT NOT NULL,
        user_id BIGINT,
        conversation_id BIGINT,
        message_id BIGINT,
        detail TEXT NOT NULL
    )
    """,
    "CREATE INDEX acts_user ON acts (user_id)",
    """
    CREATE TABLE deletions (
        conversation_id BIGINT PRIMARY KEY NOT NULL,
        due BIGINT NOT NULL
    )
    """,
)
