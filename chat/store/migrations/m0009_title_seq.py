"""A rename takes a change number, which the conversation keeps."""

STATEMENTS = ("ALTER TABLE conversations ADD COLUMN title_seq BIGINT NOT NULL DEFAULT 0",)
