"""What apps keep with a message, a conversation and a user: a JSON object, as its text.

A user also has a name that is shown, which need not be unique.
"""

STATEMENTS = (
    "ALTER TABLE messages ADD COLUMN metadata TEXT",
    "ALTER TABLE conversations ADD COLUMN metadata TEXT",
    "ALTER TABLE users ADD COLUMN metadata TEXT",
    "ALTER TABLE users ADD COLUMN display_name TEXT NOT NULL DEFAULT ''",
)
