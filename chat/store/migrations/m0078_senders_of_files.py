"""Whose each file is: of the sender of its message. So the files of one user can be counted."""

STATEMENTS = (
    "ALTER TABLE attachments ADD COLUMN sender_id BIGINT NOT NULL DEFAULT 0",
    """
    UPDATE attachments SET sender_id = coalesce((
        SELECT m.sender_id FROM messages AS m
        WHERE m.conversation_id = attachments.conversation_id AND m.id = attachments.message_id), 0)
    """,
    "CREATE INDEX attachments_of_senders ON attachments (sender_id, size)",
)
