"""Pictures of users and of conversations: the name and the size in bytes of the file."""

STATEMENTS = (
    "ALTER TABLE users ADD COLUMN avatar TEXT",
    "ALTER TABLE users ADD COLUMN avatar_size BIGINT",
    "ALTER TABLE conversations ADD COLUMN avatar TEXT",
    "ALTER TABLE conversations ADD COLUMN avatar_size BIGINT",
)
