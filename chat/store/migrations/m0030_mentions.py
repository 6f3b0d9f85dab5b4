"""Who is mentioned in which message. `is_own` says that the sender mentions themselves.

The key finds the unread ones of a user, and the index those of a message.
"""

STATEMENTS = (
    """
    CREATE TABLE mentions (
        conversation_id BIGINT NOT NULL,
        user_id BIGINT NOT NULL,
        message_id BIGINT NOT NULL,
        is_own BOOLEAN NOT NULL,
        PRIMARY KEY (conversation_id, user_id, message_id)
    ){by_key}
    """,
    "CREATE INDEX mentions_message ON mentions (conversation_id, message_id)",
)
