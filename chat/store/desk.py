"""The desk: its rules, the user who writes its automatic messages, and the turn of its agents."""

import secrets

from chat.store import users
from chat.store.database import Database, Reads, Row, Transaction
from chat.times import now

NAME = "desk"


async def rules(reads: Reads) -> str:
    """The rules, as JSON."""
    ((found,),) = await reads.fetch("SELECT rules FROM desk WHERE id = 1")
    return str(found)


async def hold(transaction: Transaction) -> None:
    """Keep every other turn, and every other change of the rules, out until the commit."""
    await transaction.execute("UPDATE desk SET turn = turn + 1 WHERE id = 1")


async def keep(transaction: Transaction, rules: str) -> None:
    await transaction.execute("UPDATE desk SET rules = ? WHERE id = 1", (rules,))


async def reopen_from_now(transaction: Transaction) -> None:
    """What customers wrote before does not reopen tickets."""
    await transaction.execute("UPDATE desk SET reopens_from = ? WHERE id = 1", (now(),))


async def agents(reads: Reads) -> list[Row]:
    """All staff who may sign in: id, name, the switch, the turn in which a rule last gave them a
    ticket, and how many tickets they have that are not closed.
    """
    return await reads.fetch(
        f"""
        SELECT u.id, u.username, a.takes_tickets, coalesce(a.assigned_at, 0),
               coalesce(has.tickets, 0)
        FROM users AS u LEFT JOIN desk_agents AS a ON a.user_id = u.id
        LEFT JOIN (SELECT t.assigned_to, count(*) AS tickets FROM support_tickets AS t
                   WHERE t.status <> 'closed' GROUP BY t.assigned_to
        ) AS has ON has.assigned_to = u.id
        WHERE {users.SERVES} ORDER BY u.id
        """  # noqa: S608 - of ours
    )


async def switch(transaction: Transaction, user_id: int, *, takes: bool | None) -> None:
    await transaction.execute(
        """
        INSERT INTO desk_agents (user_id, takes_tickets, assigned_at) VALUES (?, ?, 0)
        ON CONFLICT (user_id) DO UPDATE SET takes_tickets = excluded.takes_tickets
        """,
        (user_id, takes),
    )


async def had_turn(transaction: Transaction, user_id: int) -> None:
    """A rule gives this agent a ticket, in the turn that is held."""
    await transaction.execute(
        """
        INSERT INTO desk_agents (user_id, takes_tickets, assigned_at)
        SELECT ?, NULL, turn FROM desk WHERE id = 1
        ON CONFLICT (user_id) DO UPDATE SET assigned_at = excluded.assigned_at
        """,
        (user_id,),
    )


async def writer(transaction: Transaction, database: Database) -> tuple[int, str]:
    """The user who writes automatic messages: id and name. Nobody can sign in as this user."""
    found = await _writer(transaction)
    if found is None:
        await hold(transaction)  # another process may be making the user
        found = await _writer(transaction) or await _make_writer(transaction, database)
    return found


async def _writer(reads: Reads) -> tuple[int, str] | None:
    rows = await reads.fetch(
        """
        SELECT u.id, u.username FROM desk AS d JOIN users AS u ON u.id = d.user_id
        WHERE d.id = 1 AND u.erased_at IS NULL
        """
    )
    return (rows[0][0], rows[0][1]) if rows else None


async def _make_writer(transaction: Transaction, database: Database) -> tuple[int, str]:
    name = NAME
    while (user_id := await users.create(transaction, database, name)) is None:
        name = f"{NAME}-{secrets.token_hex(3)}"
    await transaction.execute("UPDATE desk SET user_id = ? WHERE id = 1", (user_id,))
    return user_id, name


async def say(
    transaction: Transaction,
    conversation_id: int,
    seq: int,
    user_id: int,
    content: str,
    metadata: str,
) -> tuple[int, int]:
    """Store a message of the desk itself, under the conversation's lock. Returns its id, and when,
    in microseconds since 1970.
    """
    moment = now()
    ((message_id,),) = await transaction.fetch(
        f"""
        INSERT INTO messages (conversation_id, sender_id, content, created_at, created_seq, seq,
                              metadata, by_agent, changed)
        VALUES (?, ?, ?, ?, ?, ?, ?, TRUE, {transaction.stamp}) RETURNING id
        """,  # noqa: S608 - of ours
        (conversation_id, user_id, content, moment, seq, seq, metadata),
    )
    await transaction.execute(
        "UPDATE conversations SET last_message_id = ?, active_at = ? WHERE id = ?",
        (message_id, moment, conversation_id),
    )
    return int(message_id), moment
