"""The message of the same conversation that a message replies to, or null.

The index finds the replies to a message. Only replies are in it.
"""

STATEMENTS = (
    "ALTER TABLE messages ADD COLUMN reply_to BIGINT",
    """
    CREATE INDEX messages_replies ON messages (conversation_id, reply_to, created_seq)
        WHERE reply_to IS NOT NULL
    """,
)
