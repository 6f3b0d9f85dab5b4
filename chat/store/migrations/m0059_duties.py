"""What one process of the deployment does for all: who has the duty now, and until when.

Whoever has it takes it anew before the end. Moments are those of the database.
"""

STATEMENTS = (
    """
    CREATE TABLE duties (
        name TEXT PRIMARY KEY NOT NULL,
        holder TEXT NOT NULL,
        until BIGINT NOT NULL
    )
    """,
)
