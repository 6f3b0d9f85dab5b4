"""A sign-in keeps the refresh token before the last, and when that was replaced."""

STATEMENTS = (
    "ALTER TABLE token_families ADD COLUMN previous_id TEXT",
    "ALTER TABLE token_families ADD COLUMN rotated_at BIGINT",
)
