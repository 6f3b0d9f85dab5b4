"""What search looks in: the key of each message's text, beside the messages.

A follower fills it, so sending pays nothing for it. An index of three-letter pieces finds longer
queries. Where PostgreSQL refuses to have one, search looks through the caller's conversations.
"""

from chat.store.database import Transaction

STATEMENTS = ()
TEXTS = """
    CREATE TABLE search_texts (
        conversation_id BIGINT NOT NULL,
        message_id BIGINT NOT NULL,
        sender_id BIGINT NOT NULL,
        folded TEXT NOT NULL,
        PRIMARY KEY (conversation_id, message_id)
    ) WITHOUT ROWID
"""
PIECES = """
    CREATE VIRTUAL TABLE search_pieces USING fts5 (
        folded, content = 'search_texts', content_rowid = 'message_id',
        tokenize = 'trigram case_sensitive 1'
    )
"""
# The index forgets a text only by the very text that it was given.
TRIGGERS = {
    "search_texts_added": """
        CREATE TRIGGER search_texts_added AFTER INSERT ON search_texts BEGIN
            INSERT INTO search_pieces (rowid, folded) VALUES (new.message_id, new.folded);
        END
    """,
    "search_texts_removed": """
        CREATE TRIGGER search_texts_removed AFTER DELETE ON search_texts BEGIN
            INSERT INTO search_pieces (search_pieces, rowid, folded)
            VALUES ('delete', old.message_id, old.folded);
        END
    """,
    "search_texts_changed": """
        CREATE TRIGGER search_texts_changed AFTER UPDATE ON search_texts BEGIN
            INSERT INTO search_pieces (search_pieces, rowid, folded)
            VALUES ('delete', old.message_id, old.folded);
            INSERT INTO search_pieces (rowid, folded) VALUES (new.message_id, new.folded);
        END
    """,
}
SQLITE = (
    TEXTS,
    "CREATE INDEX search_texts_message ON search_texts (message_id)",
    PIECES,
    *TRIGGERS.values(),
)
POSTGRESQL = (
    """
    CREATE TABLE search_texts (
        conversation_id BIGINT NOT NULL,
        message_id BIGINT NOT NULL,
        sender_id BIGINT NOT NULL,
        folded TEXT COLLATE "C" NOT NULL,
        PRIMARY KEY (conversation_id, message_id)
    )
    """,
    # Any owner of a database may make this extension, but not all operators have it installed.
    """
    DO $$ BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE INDEX search_texts_pieces ON search_texts USING gin (folded gin_trgm_ops);
    EXCEPTION WHEN OTHERS THEN
        RAISE WARNING USING MESSAGE = 'search has no index of pieces: ' || SQLERRM;
    END $$
    """,
)


async def carry_over(transaction: Transaction) -> None:
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[transaction.dialect]:
        await transaction.execute(statement)
