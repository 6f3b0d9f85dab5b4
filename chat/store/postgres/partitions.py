"""Messages in partitions, by hash of the conversation: a table of messages in several parts.

Each conversation lies in one part whole, and each statement names its conversation, so it
reads one part. Other tables stay as they are.
"""

from chat.store.database import Transaction, Unfit

MOST = 256
TABLE = """
    SELECT CAST(relkind AS text), (SELECT count(*) FROM pg_inherits WHERE inhparent = oid)
    FROM pg_class WHERE oid = to_regclass('messages')
"""
INDEXES = """
    SELECT pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = to_regclass('messages') AND NOT indisprimary
"""
STEPS = (
    "ALTER TABLE messages RENAME TO messages_whole",
    """
    CREATE TABLE messages (LIKE messages_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY HASH (conversation_id)
    """,
    "ALTER SEQUENCE messages_id_seq OWNED BY messages.id",
    "DROP TABLE messages_whole",
    "ALTER TABLE messages ADD CONSTRAINT messages_pkey PRIMARY KEY (conversation_id, id)",
)


async def partition(transaction: Transaction, parts: int) -> None:
    """As `Database.partition`."""
    if not 2 <= parts <= MOST:
        raise Unfit(f"Messages can be kept in 2 to {MOST} partitions, not in {parts}.")
    ((kind, present),) = await transaction.fetch(TABLE)
    if kind == "p":
        if present == parts:
            return
        raise Unfit(f"Messages are kept in {present} partitions already; the number cannot change.")
    if await transaction.fetch("SELECT 1 FROM messages LIMIT 1"):
        raise Unfit(
            "There are messages in this database already, and only an empty one is partitioned;"
            " docs/operations.md says how to move them into another."
        )
    indexes = await transaction.fetch(INDEXES)
    for step in STEPS:
        await transaction.execute(step)
    for (definition,) in indexes:
        await transaction.execute(definition)
    for number in range(parts):
        await transaction.execute(
            f"CREATE TABLE messages_{number} PARTITION OF messages"
            f" FOR VALUES WITH (MODULUS {parts}, REMAINDER {number})"
        )
