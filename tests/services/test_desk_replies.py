"""What a reply of a customer does to a closed ticket, by the rules of the desk."""

import pytest

from chat.store import desk_figures, imported_rows
from chat.store.changes import Entry
from chat.store.migrations import m0072_closed_at, m0074_imported_tickets
from chat.store.support_tickets import Wanted
from chat.times import now
from tests.services.desk_world import DAY, MINUTE, World, say
from tests.store import world


async def test_a_reply_reopens_the_ticket(desk: World) -> None:
    """Once, by the customer, with the next `seq`; what was said before the rule does nothing, and
    neither do agents.
    """
    await desk.people(agents=1)
    (agent,) = desk.agents
    ticket = await desk.open()
    await desk.tickets.change(agent, None, ticket.id, status="closed")
    await say(desk, ticket.conversation, desk.customer.user_id)
    await desk.rule(reopen_days=7)
    await say(desk, ticket.conversation, agent.user_id)
    await desk.turn()
    assert await desk.steps(ticket) == ["opened", "closed"]
    await say(desk, ticket.conversation, desk.customer.user_id)
    for _ in range(2):
        await desk.turn()
    found = await desk.tickets.steps(agent, ticket.id, 0, 10)
    assert [one.action for one in found] == ["opened", "closed", "reopened"]
    assert found[-1].by is not None
    assert found[-1].by.id == desk.customer.user_id
    assert found[-1].seq == 6
    assert (await desk.now(ticket)).status == "open"


async def test_a_reply_is_to_the_ticket_that_was_closed_last(desk: World) -> None:
    """Also after an earlier one was opened again. While that one is open, to none."""
    await desk.people(agents=1)
    await desk.rule(reopen_days=7)
    first = await desk.open()
    place = first.conversation
    await desk.tickets.change(desk.customer, None, first.id, status="closed")
    second, _ = await desk.tickets.open(desk.customer, place, "again", "normal")
    await desk.tickets.change(desk.customer, None, second.id, status="closed")
    await desk.tickets.reopen(desk.customer, first.id)
    await say(desk, place, desk.customer.user_id)
    await desk.turn()
    assert not any(node._apart for node in desk.nodes), "nothing failed"
    await desk.tickets.change(desk.customer, None, first.id, status="closed")
    await desk.turn()
    closed = ["opened", "closed", "reopened", "closed"]
    assert (await desk.steps(first), await desk.steps(second)) == (closed, ["opened", "closed"])
    await say(desk, place, desk.customer.user_id)
    await desk.turn()
    assert (await desk.now(first)).status == "open"
    assert (await desk.now(second)).status == "closed"


async def test_a_late_reply_opens_a_new_ticket(desk: World) -> None:
    """Once, in the customer's name."""
    await desk.people(agents=1)
    await desk.rule(reopen_days=7)
    ticket = await desk.open()
    await desk.tickets.change(desk.customer, None, ticket.id, status="closed")
    await desk.execute("UPDATE support_tickets SET closed_at = closed_at - ?", 8 * DAY)
    await say(desk, ticket.conversation, desk.customer.user_id, "\u202eone more\n\x07 question")
    for _ in range(2):
        await desk.turn()
    assert (await desk.now(ticket)).status == "closed"
    first, second = await desk.tickets.list(desk.agents[0], Wanted(), None, 10)
    assert (first.subject, first.status, second.id) == ("one more question", "open", ticket.id)
    assert first.created_by.id == desk.customer.user_id


async def test_a_ticket_by_a_late_reply_is_answered_in_the_languages_of_the_last(
    desk: World,
) -> None:
    """The reply is a message, and brings none itself. It goes on so with the next one."""
    await desk.people(agents=1)
    answers = {"fa": "سلام", "en": "Hello"}
    await desk.rule(reopen_days=1, first_answer_inside=answers, language="fa")
    ticket = await desk.open("de", "en-US")
    for number in (1, 2, 3):
        found = await desk.said(ticket.conversation)
        assert [one.content for one in found if one.role == "agent"] == ["Hello"] * number
        (last, *_) = await desk.tickets.list(desk.agents[0], Wanted(), None, 10)
        await desk.tickets.change(desk.customer, None, last.id, status="closed")
        await desk.execute("UPDATE support_tickets SET closed_at = closed_at - ?", 3 * DAY)
        await say(desk, ticket.conversation, desk.customer.user_id)
        await desk.turn()


@pytest.mark.parametrize("is_carried_over", [False, True])
async def test_a_closed_ticket_of_an_import_is_closed(
    desk: World, *, is_carried_over: bool
) -> None:
    """For the figures of each hour, for a rating, and for replies; also one that an earlier release
    imported. When it is open again it counts once.
    """
    await desk.people(agents=1)
    await desk.rule(reopen_days=7)
    place = await world.conversation(desk.database, desk.customer.user_id)
    hour = now() // desk_figures.HOUR * desk_figures.HOUR
    began, ended = hour - 3 * desk_figures.HOUR, hour - desk_figures.HOUR
    row = (*(1, place, 1, "help", "closed", "normal", desk.customer.user_id, None), began, ended)
    async with desk.database.transaction() as transaction:
        await imported_rows.add_tickets(
            transaction,
            [(*row, None if is_carried_over else ended, "" if is_carried_over else "help")],
        )
        await imported_rows.log(transaction, [Entry(place, 1, "ticket.updated", 1)])
        await imported_rows.set_positions(transaction, {place: 1})
        if is_carried_over:
            for sql in (*m0072_closed_at.STATEMENTS, *m0074_imported_tickets.STATEMENTS):
                await transaction.execute(sql)
            await m0074_imported_tickets.carry_over(transaction)
    (found,) = await desk.tickets.list(desk.agents[0], Wanted(key="help"), None, 10)
    assert found.id == 1

    async def counted(lo: int) -> tuple[int, int, int]:
        found = (await desk_figures.hours(desk.database, lo, now() + MINUTE)).values()
        return (
            sum(one.open for one in found),
            sum(one.waiting for one in found),
            sum(one.closed for one in found),
        )

    assert await counted(began) == (0, 0, 1)
    assert await counted(hour) == (0, 0, 0)
    await desk.tickets.rate(desk.customer, 1, 5, "good")
    assert await counted(began) == (0, 0, 1)
    assert await counted(hour) == (0, 0, 0)
    await say(desk, place, desk.customer.user_id)
    await desk.turn()
    assert (await desk.tickets.get(desk.agents[0], 1)).status == "open"
    assert await counted(began) == await counted(hour) == (1, 1, 0)
    await desk.tickets.change(desk.customer, None, 1, status="closed")
    assert await counted(began) == await counted(hour) == (0, 0, 1)


async def test_opening_a_ticket_with_the_reply_reopens_the_old_one(desk: World) -> None:
    """As the chat on a shop's page does; without a reply it is another matter."""
    await desk.people(agents=1)
    await desk.rule(reopen_days=7)
    ticket = await desk.open()
    await desk.tickets.change(desk.customer, None, ticket.id, status="closed")
    await say(desk, ticket.conversation, desk.customer.user_id)
    found, _ = await desk.tickets.open(desk.customer, ticket.conversation, "again", "normal")
    assert (found.id, found.subject, found.status) == (ticket.id, "help", "open")
    await desk.turn()
    assert await desk.steps(ticket) == ["opened", "closed", "reopened"]
    await desk.tickets.change(desk.customer, None, ticket.id, status="closed")
    other, _ = await desk.tickets.open(desk.customer, ticket.conversation, "other", "normal")
    assert other.id != ticket.id
