"""What an import has done so far, so that it goes on where it was killed.

Each batch of rows and the position behind it are one transaction. `import_unread` has the first
message of each sender that nobody has read, from which the marks of reading are made.

`password_rounds` says that a user's password hash came from elsewhere, and how much work it takes.
"""

STATEMENTS = (
    """
    CREATE TABLE imports (
        source TEXT NOT NULL,
        step TEXT NOT NULL,
        after_id BIGINT NOT NULL DEFAULT 0,
        shift BIGINT NOT NULL,
        done BIGINT NOT NULL DEFAULT 0,
        is_done BOOLEAN NOT NULL DEFAULT FALSE,
        PRIMARY KEY (source, step)
    )
    """,
    """
    CREATE TABLE import_notes (
        id {id},
        source TEXT NOT NULL,
        kind TEXT NOT NULL,
        user_id BIGINT,
        note TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE import_unread (
        conversation_id BIGINT NOT NULL,
        sender_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, sender_id)
    )
    """,
    "ALTER TABLE users ADD COLUMN password_rounds BIGINT",
    """
    CREATE INDEX users_password_rounds ON users (password_rounds)
    WHERE password_rounds IS NOT NULL
    """,
)
