"""Pinned messages.

A message that is unpinned keeps its row, so that a resuming client learns of it.
"""

STATEMENTS = (
    """
    CREATE TABLE pins (
        conversation_id BIGINT NOT NULL,
        message_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        is_pinned BOOLEAN NOT NULL,
        changed_by BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, message_id)
    )
    """,
)
