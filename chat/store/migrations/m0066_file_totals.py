"""How many files a conversation has, and of how many bytes, without looking at each row."""

STATEMENTS = ("CREATE INDEX attachments_sizes ON attachments (conversation_id, size)",)
