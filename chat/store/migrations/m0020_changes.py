"""A log of all changes but the sending of messages, which are entries themselves.

Whoever catches up reads messages by `created_seq` and the log by `seq`: the indexes by which each
noun's own changes were found go. `changed` is the transaction that wrote the entry.

A conversation keeps how many participants it has. A mark of reading keeps the `seq` that the
conversation had then, so that it can be sent to who was away. When older marks were made is not
known: they count as made now, so that nobody misses one.
"""

# Of what an earlier release wrote, who did it and when is known in part; the rest is null.
STATEMENTS = (
    """
    CREATE TABLE changes (
        conversation_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        kind TEXT NOT NULL,
        subject_id BIGINT NOT NULL,
        actor_id BIGINT,
        at BIGINT,
        changed BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (conversation_id, seq)
    ){by_key}
    """,
    """
    INSERT INTO changes (conversation_id, seq, kind, subject_id, actor_id, at)
    SELECT conversation_id, seq, kind, subject_id, actor_id, at FROM (
        SELECT conversation_id, seq,
               CASE WHEN is_deleted THEN 'message.deleted' ELSE 'message.edited' END AS kind,
               id AS subject_id, sender_id AS actor_id, CAST(NULL AS bigint) AS at
        FROM messages WHERE seq <> created_seq
        UNION ALL
        SELECT a.conversation_id, a.seq, 'attachment.added', a.id, m.sender_id, a.created_at
        FROM attachments AS a JOIN messages AS m ON m.id = a.message_id
        UNION ALL
        SELECT conversation_id, seq, 'ticket.updated', id,
               CASE WHEN updated_at = created_at THEN created_by END, updated_at
        FROM support_tickets
        UNION ALL
        SELECT conversation_id, seq,
               CASE WHEN is_active THEN 'participant.joined' ELSE 'participant.left' END,
               user_id, NULL, NULL
        FROM participants WHERE seq > 0
        UNION ALL
        SELECT id, title_seq, 'conversation.updated', id, NULL, NULL
        FROM conversations WHERE title_seq > 0
    ) AS earlier
    ORDER BY conversation_id, seq
    """,
    "DROP INDEX messages_changed",
    "DROP INDEX participants_seq",
    "DROP INDEX attachments_seq",
    "CREATE INDEX attachments_conversation ON attachments (conversation_id)",
    "DROP INDEX support_tickets_seq",
    "CREATE INDEX support_tickets_conversation ON support_tickets (conversation_id)",
    "ALTER TABLE participants ADD COLUMN read_seq BIGINT NOT NULL DEFAULT 0",
    """
    UPDATE participants
    SET read_seq = (SELECT c.seq FROM conversations AS c WHERE c.id = conversation_id)
    WHERE last_read_id > 0
    """,
    "ALTER TABLE conversations ADD COLUMN participant_count BIGINT NOT NULL DEFAULT 0",
    """
    UPDATE conversations SET participant_count =
        (SELECT count(*) FROM participants AS p WHERE p.conversation_id = conversations.id
         AND p.is_active)
    """,
)
