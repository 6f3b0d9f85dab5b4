"""Devices that are pushed to, and what each shows, or should show, of a conversation.

A device is known by what it is reached by, so `digest` is unique. A notice is due when somebody
has to look whether its device must be pushed to; where there is nothing to do, `due` is null.
"""

STATEMENTS = (
    """
    CREATE TABLE devices (
        id {id},
        user_id BIGINT NOT NULL REFERENCES users (id),
        family TEXT,
        platform TEXT NOT NULL,
        url TEXT NOT NULL,
        p256dh TEXT,
        auth TEXT,
        app_id TEXT,
        pushkey TEXT,
        data TEXT,
        digest TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL
    )
    """,
    "CREATE INDEX devices_user ON devices (user_id)",
    "CREATE INDEX devices_family ON devices (family) WHERE family IS NOT NULL",
    """
    CREATE TABLE notices (
        conversation_id BIGINT NOT NULL,
        device_id BIGINT NOT NULL,
        added_seq BIGINT NOT NULL DEFAULT 0,
        shown_id BIGINT NOT NULL DEFAULT 0,
        shown_seq BIGINT NOT NULL DEFAULT 0,
        due BIGINT,
        lease TEXT,
        failures BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (conversation_id, device_id)
    )
    """,
    "CREATE INDEX notices_due ON notices (due) WHERE due IS NOT NULL",
    "CREATE INDEX notices_shown ON notices (conversation_id) WHERE shown_seq > 0",
    "CREATE INDEX notices_device ON notices (device_id)",
)
