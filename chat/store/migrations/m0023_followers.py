"""Followers keep how far they are in each conversation; a tick finds who came into one.

A position is due where its follower has something to do: now, or once a lease or a pause after
a failure is over. Where there is nothing to do, `due` is null. A follower's `cursor` says from
where it looks for conversations that changed.
"""

STATEMENTS = (
    "CREATE TABLE followers (name TEXT PRIMARY KEY NOT NULL, cursor TEXT NOT NULL)",
    """
    CREATE TABLE positions (
        follower TEXT NOT NULL,
        conversation_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        due BIGINT,
        lease TEXT,
        failures BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (follower, conversation_id)
    )
    """,
    "CREATE INDEX positions_due ON positions (follower, due) WHERE due IS NOT NULL",
    # Not stamped by marks of reading: those still change no index.
    """
    CREATE INDEX participants_changed ON participants (changed, conversation_id, user_id)
    WHERE changed > 0
    """,
)
