"""Users who erased themselves, and what is still to be erased of them.

Messages of agents are found by an index, because agents are in no list of participants.
"""

STATEMENTS = (
    "ALTER TABLE users ADD COLUMN erased_at BIGINT",
    """
    CREATE TABLE erasures (
        user_id BIGINT PRIMARY KEY NOT NULL,
        due BIGINT NOT NULL
    )
    """,
    "CREATE INDEX messages_of_agents ON messages (sender_id, conversation_id) WHERE by_agent",
)
