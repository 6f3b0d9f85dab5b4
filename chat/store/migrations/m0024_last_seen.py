"""When a user was last online; 0 where that is not known."""

STATEMENTS = ("ALTER TABLE users ADD COLUMN last_seen_at BIGINT NOT NULL DEFAULT 0",)
