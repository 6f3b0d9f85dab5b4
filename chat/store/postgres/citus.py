"""Tables divided by conversation among the servers of a Citus cluster.

What belongs to a conversation is on one server. Tables that a statement may join with it are on
each server, whole: Citus calls them reference tables. The others stay at the coordinator, to which
Payam connects.
"""

import re

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
PRESENT = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
FOREIGN_KEYS = """
    SELECT CAST(conrelid::regclass AS text), CAST(conname AS text) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""
FOREIGN_KEY = re.compile(r"\sREFERENCES \w+ ?\(\w+\)(\sON (DELETE|UPDATE) [A-Z]+( NULL)?)*")
IN_TURN = "citus.multi_shard_modify_mode = sequential"
"""A transaction goes to one server after the other. Citus takes several connections to each
otherwise, and then refuses statements, because one connection does not see what another has
changed.
"""
DATABASE = "SELECT quote_ident(current_database())"


async def divide(transaction: Transaction) -> None:
    """As `Database.divide`. Tables that a later step of the schema made are divided then, with
    what it has put into them.
    """
    ((is_there,),) = await transaction.fetch(IS_THERE)
    if not is_there:
        raise Unfit(
            "Citus is not in this database: CREATE EXTENSION citus on each server, and name the"
            " others to this one by citus_add_node; docs/scaling.md says how."
        )
    done = {name for (name,) in await transaction.fetch(DONE)}
    if CONVERSATIONS not in done:
        await begin(transaction)
    for table, name in await transaction.fetch(FOREIGN_KEYS):
        await transaction.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    left = {name for (name,) in await transaction.fetch(PRESENT)} - done
    for table in (CONVERSATIONS, *DIVIDED):
        if table in left:
            await divide_table(transaction, table)
    others = {model._meta.table_name for model in TABLES} - {CONVERSATIONS, *DIVIDED}
    for table in sorted(left & others - {*AT_COORDINATOR}):
        await transaction.fetch(f"SELECT CAST(create_reference_table('{table}') AS text)")


async def begin(transaction: Transaction) -> None:
    """Look whether this database can be divided. All that connect to it later are to take turns:
    behind a pooler nothing can be set on a connection.
    """
    if await transaction.fetch("SELECT 1 FROM conversations LIMIT 1"):
        raise Unfit(
            "There are conversations in this database already, and only one without any is divided."
        )
    if await transaction.fetch(
        "SELECT 1 FROM pg_partitioned_table WHERE partrelid = to_regclass('messages')"
    ):
        raise Unfit("Messages are kept in partitions already: either those, or Citus.")
    ((database,),) = await transaction.fetch(DATABASE)
    await transaction.execute(f"ALTER DATABASE {database} SET {IN_TURN}")
    await take_turns(transaction)


async def take_turns(transaction: Transaction) -> None:
    await transaction.execute(f"SET LOCAL {IN_TURN}")


async def divide_table(transaction: Transaction, table: str) -> None:
    by = "'id'"
    if table != CONVERSATIONS:
        by = f"'conversation_id', colocate_with => '{CONVERSATIONS}'"
    if table in REKEYED:
        await transaction.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey,"
            f" ADD CONSTRAINT {table}_pkey PRIMARY KEY (conversation_id, id)"
        )
    if table == "attachments":
        await transaction.execute(f"ALTER TABLE attachments DROP CONSTRAINT {SEVERAL_KEYS}")
    await transaction.fetch(f"SELECT CAST(create_distributed_table('{table}', {by}) AS text)")


def without_foreign_keys(statement: str) -> str:
    """A step's statement without what Citus refuses between tables that are divided differently."""
    return FOREIGN_KEY.sub("", statement)
