"""A message keeps whether a ticket's agent sent it, who was no participant then."""

STATEMENTS = ("ALTER TABLE messages ADD COLUMN by_agent BOOLEAN NOT NULL DEFAULT FALSE",)
