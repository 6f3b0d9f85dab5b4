"""Tables divided by conversation among the servers of a Citus cluster.

What belongs to a conversation is on one server. Tables that a statement may join with it are on
each server, whole: Citus calls them reference tables. The others stay at the coordinator, to which
Payam connects.
"""

from chat.store.database import Transaction, Unfit
from chat.store.models import TABLES

CONVERSATIONS = "conversations"
DIVIDED = (
    "participants",
    "messages",
    "changes",
    "pins",
    "mentions",
    "reactions",
    "reaction_counts",
    "attachments",
    "notes",
    "search_texts",
    "support_tickets",
    "ticket_steps",
    "positions",
    "notices",
    "deletions",
    "import_unread",
)
REKEYED = ("attachments", "reactions", "support_tickets")
"""Their ids are their keys. The conversation comes before the id, as Citus wants it in each key."""
AT_COORDINATOR = ("touched", "clock", "incarnation", "duties", "reports")
"""No statement joins them with what belongs to a conversation."""
SEVERAL_KEYS = "attachments_stored_name_key"
"""A name on disk is random, so it need not be compared with those of other servers."""
IS_THERE = "SELECT to_regclass('pg_dist_partition') IS NOT NULL"
DONE = """
    SELECT CAST(logicalrelid AS text) FROM pg_dist_partition
    WHERE logicalrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
"""
FOREIGN_KEYS = """
    SELECT CAST(conrelid::regclass AS text), CAST(conname AS text) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""


async def divide(transaction: Transaction) -> None:
    """As `Database.divide`. Tables that a later step of the schema made are divided then."""
    ((is_there,),) = await transaction.fetch(IS_THERE)
    if not is_there:
        raise Unfit(
            "Citus is not in this database: CREATE EXTENSION citus on each server, and name the"
            " others to this one by citus_add_node; docs/scaling.md says how."
        )
    done = {name for (name,) in await transaction.fetch(DONE)}
    if CONVERSATIONS not in done:
        await prepare(transaction)
    for table in (CONVERSATIONS, *DIVIDED):
        if table not in done:
            await divide_table(transaction, table)
    for table in sorted({model._meta.table_name for model in TABLES} - {*DIVIDED, CONVERSATIONS}):
        if table not in done and table not in AT_COORDINATOR:
            await transaction.fetch(f"SELECT CAST(create_reference_table('{table}') AS text)")


async def prepare(transaction: Transaction) -> None:
    """Take away what Citus does not divide: foreign keys, and keys without the conversation."""
    if await transaction.fetch("SELECT 1 FROM conversations LIMIT 1"):
        raise Unfit(
            "There are conversations in this database already, and only one without any is divided."
        )
    if await transaction.fetch(
        "SELECT 1 FROM pg_partitioned_table WHERE partrelid = to_regclass('messages')"
    ):
        raise Unfit("Messages are kept in partitions already: either those, or Citus.")
    for table, name in await transaction.fetch(FOREIGN_KEYS):
        await transaction.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    await transaction.execute(f"ALTER TABLE attachments DROP CONSTRAINT {SEVERAL_KEYS}")
    for table in REKEYED:
        await transaction.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey,"
            f" ADD CONSTRAINT {table}_pkey PRIMARY KEY (conversation_id, id)"
        )


async def divide_table(transaction: Transaction, table: str) -> None:
    by = "'id'"
    if table != CONVERSATIONS:
        by = f"'conversation_id', colocate_with => '{CONVERSATIONS}'"
    await transaction.fetch(f"SELECT CAST(create_distributed_table('{table}', {by}) AS text)")
