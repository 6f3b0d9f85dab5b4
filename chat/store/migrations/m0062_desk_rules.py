"""The rules of the desk, which agents take tickets, and when a ticket was first answered."""

STATEMENTS = (
    """
    CREATE TABLE desk (
        id BIGINT NOT NULL PRIMARY KEY,
        rules TEXT NOT NULL,
        user_id BIGINT,
        turn BIGINT NOT NULL
    )
    """,
    "INSERT INTO desk (id, rules, user_id, turn) VALUES (1, '{{}}', NULL, 0)",
    """
    CREATE TABLE desk_agents (
        user_id BIGINT NOT NULL PRIMARY KEY,
        takes_tickets BOOLEAN,
        assigned_at BIGINT NOT NULL
    )
    """,
    "ALTER TABLE support_tickets ADD COLUMN answered_at BIGINT",
    "ALTER TABLE support_tickets ADD COLUMN answered_by BIGINT",
    "ALTER TABLE support_tickets ADD COLUMN reminded_of BIGINT",
    """
    UPDATE support_tickets SET answered_at = (
        SELECT m.created_at FROM messages AS m JOIN users AS s ON s.id = m.sender_id
        WHERE m.conversation_id = support_tickets.conversation_id
          AND m.created_at >= support_tickets.created_at
          AND (support_tickets.closed_at IS NULL OR m.created_at <= support_tickets.closed_at)
          AND (m.by_agent OR s.is_staff)
        ORDER BY m.created_seq LIMIT 1)
    """,
    """
    UPDATE support_tickets SET answered_by = (
        SELECT m.sender_id FROM messages AS m JOIN users AS s ON s.id = m.sender_id
        WHERE m.conversation_id = support_tickets.conversation_id
          AND m.created_at >= support_tickets.created_at
          AND (support_tickets.closed_at IS NULL OR m.created_at <= support_tickets.closed_at)
          AND (m.by_agent OR s.is_staff)
        ORDER BY m.created_seq LIMIT 1)
    """,
    "CREATE INDEX support_tickets_answered ON support_tickets (answered_at)",
    "CREATE INDEX support_tickets_closed ON support_tickets (closed_at)",
    "CREATE INDEX support_tickets_created ON support_tickets (created_at)",
)
