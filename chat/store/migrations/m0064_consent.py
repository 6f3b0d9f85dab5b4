"""What a guest agreed to when they began."""

STATEMENTS = ("ALTER TABLE guests ADD COLUMN consent TEXT NOT NULL DEFAULT ''",)
