"""Who has blocked whom, and which messages were reported to staff.

`participants.is_blocked` follows from the blocks: the statement that stores a message reads the
sender's row anyway, so sending costs nothing more. A report keeps what the message said.
"""

STATEMENTS = (
    """
    CREATE TABLE blocks (
        blocker_id BIGINT NOT NULL,
        blocked_id BIGINT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (blocker_id, blocked_id)
    )
    """,
    "CREATE INDEX blocks_blocked ON blocks (blocked_id)",
    "ALTER TABLE participants ADD COLUMN is_blocked BOOLEAN NOT NULL DEFAULT FALSE",
    """
    CREATE TABLE reports (
        id {id},
        conversation_id BIGINT NOT NULL,
        message_id BIGINT NOT NULL,
        reported_by BIGINT NOT NULL,
        reason TEXT NOT NULL,
        sender_id BIGINT NOT NULL,
        content TEXT NOT NULL,
        created_at BIGINT NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX reports_message ON reports (conversation_id, message_id, reported_by)
    """,
    "CREATE INDEX reports_sender ON reports (sender_id)",
)
