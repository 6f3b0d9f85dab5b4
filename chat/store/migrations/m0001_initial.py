"""The first schema.

It is written once for both databases. `{id}` is a primary key that numbers itself, and never uses
a number again. Times are microseconds since 1970.

Messages have no foreign keys. The statement that inserts a message joins its participant, whose
row has foreign keys. Checking them again would cost a third of the insert.
"""

STATEMENTS = (
    """
    CREATE TABLE users (
        id {id},
        username TEXT NOT NULL,
        username_key TEXT{binary} NOT NULL UNIQUE,
        password_hash TEXT,
        external_id TEXT UNIQUE,
        is_staff BOOLEAN NOT NULL DEFAULT FALSE,
        created_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE token_families (
        id TEXT PRIMARY KEY,
        user_id BIGINT NOT NULL REFERENCES users (id),
        refresh_id TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        revoked_at BIGINT
    )
    """,
    """
    CREATE TABLE conversations (
        id {id},
        title TEXT NOT NULL DEFAULT '',
        created_by BIGINT NOT NULL REFERENCES users (id),
        created_at BIGINT NOT NULL,
        active_at BIGINT NOT NULL,
        seq BIGINT NOT NULL DEFAULT 0,
        last_message_id BIGINT
    )
    """,
    """
    CREATE TABLE participants (
        conversation_id BIGINT NOT NULL REFERENCES conversations (id),
        user_id BIGINT NOT NULL REFERENCES users (id),
        is_active BOOLEAN NOT NULL DEFAULT TRUE,
        seq BIGINT NOT NULL DEFAULT 0,
        last_read_id BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (conversation_id, user_id)
    )
    """,
    "CREATE INDEX participants_user ON participants (user_id, conversation_id) WHERE is_active",
    "CREATE INDEX participants_seq ON participants (conversation_id, seq) WHERE seq > 0",
    """
    CREATE TABLE messages (
        id {id},
        conversation_id BIGINT NOT NULL,
        sender_id BIGINT NOT NULL,
        content TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        created_seq BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        is_edited BOOLEAN NOT NULL DEFAULT FALSE,
        is_deleted BOOLEAN NOT NULL DEFAULT FALSE,
        client_id TEXT,
        fingerprint BIGINT
    )
    """,
    "CREATE INDEX messages_page ON messages (conversation_id, id)",
    "CREATE UNIQUE INDEX messages_seq ON messages (conversation_id, seq)",
    """
    CREATE UNIQUE INDEX messages_client_id ON messages (sender_id, client_id)
    WHERE client_id IS NOT NULL
    """,
    """
    CREATE TABLE attachments (
        id {id},
        conversation_id BIGINT NOT NULL REFERENCES conversations (id),
        message_id BIGINT NOT NULL REFERENCES messages (id),
        seq BIGINT NOT NULL,
        name TEXT NOT NULL,
        stored_name TEXT NOT NULL UNIQUE,
        size BIGINT NOT NULL,
        content_type TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        created_at BIGINT NOT NULL
    )
    """,
    "CREATE INDEX attachments_message ON attachments (message_id, id)",
    "CREATE INDEX attachments_seq ON attachments (conversation_id, seq)",
    """
    CREATE TABLE support_tickets (
        id {id},
        conversation_id BIGINT NOT NULL REFERENCES conversations (id),
        seq BIGINT NOT NULL,
        subject TEXT NOT NULL,
        status TEXT NOT NULL,
        priority TEXT NOT NULL,
        created_by BIGINT NOT NULL REFERENCES users (id),
        assigned_to BIGINT REFERENCES users (id),
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX support_tickets_open ON support_tickets (conversation_id)
    WHERE status <> 'closed'
    """,
    "CREATE INDEX support_tickets_seq ON support_tickets (conversation_id, seq)",
)
