"""Guests: users of a shop's page who have not signed in, and what they said of themselves."""

STATEMENTS = (
    "ALTER TABLE users ADD COLUMN is_guest BOOLEAN NOT NULL DEFAULT FALSE",
    """
    CREATE TABLE guests (
        user_id BIGINT NOT NULL PRIMARY KEY,
        email TEXT NOT NULL,
        joined_id BIGINT,
        created_at BIGINT NOT NULL
    )
    """,
)
