"""Reactions to messages.

A reaction that is taken back keeps its row, so that a resuming client learns of it.
`reaction_counts` has the number of each emoji, which may be 0, because counting them would take too
long where thousands react to one message. `first_seq` is the change that brought the emoji, and
`last_seq` the last one of it.
"""

STATEMENTS = (
    """
    CREATE TABLE reactions (
        id {id},
        conversation_id BIGINT NOT NULL,
        message_id BIGINT NOT NULL,
        user_id BIGINT NOT NULL,
        emoji TEXT{binary} NOT NULL,
        seq BIGINT NOT NULL,
        is_there BOOLEAN NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX reactions_of_user
        ON reactions (conversation_id, message_id, user_id, emoji)
    """,
    """
    CREATE TABLE reaction_counts (
        conversation_id BIGINT NOT NULL,
        message_id BIGINT NOT NULL,
        emoji TEXT{binary} NOT NULL,
        count BIGINT NOT NULL,
        first_seq BIGINT NOT NULL,
        last_seq BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, message_id, emoji)
    ){by_key}
    """,
)
