"""Links by which people come into a conversation.

`expires_at` and `max_uses` are null where there is no end. A link that is revoked is deleted.
"""

STATEMENTS = (
    """
    CREATE TABLE invites (
        id {id},
        conversation_id BIGINT NOT NULL,
        code TEXT NOT NULL,
        created_by BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        max_uses BIGINT,
        uses BIGINT NOT NULL DEFAULT 0
    )
    """,
    "CREATE UNIQUE INDEX invites_code ON invites (code)",
    "CREATE INDEX invites_conversation ON invites (conversation_id, id)",
    "CREATE INDEX invites_created_by ON invites (created_by)",
)
