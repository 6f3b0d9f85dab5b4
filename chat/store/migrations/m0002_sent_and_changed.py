"""Catching up delivers a message where it was sent, and again where it was last changed.

A new message is in one of the two indexes, as it was in the one that they replace.
"""

STATEMENTS = (
    "DROP INDEX messages_seq",
    "CREATE UNIQUE INDEX messages_sent ON messages (conversation_id, created_seq)",
    """
    CREATE UNIQUE INDEX messages_changed ON messages (conversation_id, seq)
    WHERE seq <> created_seq
    """,
)
