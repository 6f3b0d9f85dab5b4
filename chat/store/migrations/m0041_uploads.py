"""Resumable uploads: whose each is, how large it will be, and until when it is kept.

How much of it has arrived is the size of its file. `attached_at` is null until it is attached.
"""

STATEMENTS = (
    """
    CREATE TABLE resumable_uploads (
        id TEXT PRIMARY KEY,
        user_id BIGINT NOT NULL REFERENCES users (id),
        name TEXT NOT NULL,
        content_type TEXT NOT NULL,
        metadata TEXT NOT NULL,
        size BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        attached_at BIGINT
    )
    """,
    "CREATE INDEX resumable_uploads_user ON resumable_uploads (user_id)",
    "CREATE INDEX resumable_uploads_expires ON resumable_uploads (expires_at)",
)
