"""Internal notes, which only staff see, and the stored answers of staff.

A note is no row of `messages`. So no statement that reads messages for a customer can find one. It
has an id of its own among those of messages, because staff see both in one list.
"""

STATEMENTS = (
    """
    CREATE TABLE notes (
        conversation_id BIGINT NOT NULL,
        id BIGINT NOT NULL,
        author_id BIGINT NOT NULL,
        content TEXT NOT NULL,
        folded TEXT NOT NULL,
        metadata TEXT,
        client_id TEXT,
        created_at BIGINT NOT NULL,
        created_seq BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        is_edited BOOLEAN NOT NULL DEFAULT FALSE,
        is_deleted BOOLEAN NOT NULL DEFAULT FALSE,
        PRIMARY KEY (conversation_id, id)
    )
    """,
    "CREATE INDEX notes_author ON notes (author_id)",
    """
    CREATE TABLE canned_responses (
        id {id},
        title TEXT NOT NULL,
        content TEXT NOT NULL,
        created_by BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )
    """,
)
