"""Keys of messages lead with the conversation, and no foreign key leads across.

So PostgreSQL can keep messages in partitions by conversation. A `client_id` marks a retry
within its conversation: in another one it is another message.

On PostgreSQL the two indexes may be there already: whoever has many messages makes them before,
with CREATE UNIQUE INDEX CONCURRENTLY, and this step then takes no time.
"""

from chat.store.database import Transaction

STATEMENTS = ()

POSTGRESQL = (
    "CREATE UNIQUE INDEX IF NOT EXISTS messages_new_key ON messages (conversation_id, id)",
    """
    CREATE UNIQUE INDEX IF NOT EXISTS messages_new_client_id
    ON messages (conversation_id, sender_id, client_id) WHERE client_id IS NOT NULL
    """,
    "ALTER TABLE attachments DROP CONSTRAINT attachments_message_id_fkey",
    """
    ALTER TABLE messages DROP CONSTRAINT messages_pkey,
        ADD CONSTRAINT messages_pkey PRIMARY KEY USING INDEX messages_new_key
    """,
    "DROP INDEX messages_client_id",
    "ALTER INDEX messages_new_client_id RENAME TO messages_client_id",
    "DROP INDEX attachments_message",
)
# SQLite drops a foreign key only with its table. Ids go on where they were: none comes again.
COLUMNS = """
    id, conversation_id, message_id, seq, name, stored_name, size, content_type, sha256, created_at,
    width, height
"""
SQLITE = (
    "DROP INDEX messages_client_id",
    """
    CREATE UNIQUE INDEX messages_client_id ON messages (conversation_id, sender_id, client_id)
    WHERE client_id IS NOT NULL
    """,
    """
    CREATE TABLE attachments_new (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        conversation_id BIGINT NOT NULL REFERENCES conversations (id),
        message_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        name TEXT NOT NULL,
        stored_name TEXT NOT NULL UNIQUE,
        size BIGINT NOT NULL,
        content_type TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        width BIGINT,
        height BIGINT
    )
    """,
    f"INSERT INTO attachments_new ({COLUMNS}) SELECT {COLUMNS} FROM attachments",  # noqa: S608 - of ours
    "DELETE FROM sqlite_sequence WHERE name = 'attachments_new'",
    """
    INSERT INTO sqlite_sequence (name, seq)
    SELECT 'attachments_new', seq FROM sqlite_sequence WHERE name = 'attachments'
    """,
    "DROP TABLE attachments",
    "ALTER TABLE attachments_new RENAME TO attachments",
)
BOTH = (
    "CREATE INDEX attachments_message ON attachments (conversation_id, message_id, id)",
    "DROP INDEX IF EXISTS attachments_conversation",
)


async def carry_over(transaction: Transaction) -> None:
    own = SQLITE if transaction.dialect == "sqlite" else POSTGRESQL
    for statement in (*own, *BOTH):
        await transaction.execute(statement)
