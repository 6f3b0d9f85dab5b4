"""The desk: its rules, the user who writes its automatic messages, and the turn of its agents."""

from chat.store.database import Reads, Row, Transaction
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


async def agents(reads: Reads) -> list[Row]:
    """All staff who may sign in: id, name, the switch, when a rule last gave them a ticket, and how
    many tickets they have that are not closed.
    """
    return await reads.fetch(
        """
        SELECT u.id, u.username, a.takes_tickets, coalesce(a.assigned_at, 0),
               (SELECT count(*) FROM support_tickets AS t
                WHERE t.assigned_to = u.id AND t.status <> 'closed')
        FROM users AS u LEFT JOIN desk_agents AS a ON a.user_id = u.id
        WHERE u.is_staff AND u.suspended_at IS NULL AND u.erased_at IS NULL ORDER BY u.id
        """
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
    """A rule gives this agent a ticket now."""
    await transaction.execute(
        """
        INSERT INTO desk_agents (user_id, takes_tickets, assigned_at) VALUES (?, NULL, ?)
        ON CONFLICT (user_id) DO UPDATE SET assigned_at = excluded.assigned_at
        """,
        (user_id, now()),
    )
