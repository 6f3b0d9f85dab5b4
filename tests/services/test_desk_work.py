"""What the desk does by its rules, on two nodes that work at the same time."""

import asyncio
from collections import Counter

import pytest

from chat.changes import reading
from chat.errors import InvalidInput
from chat.metrics import registry
from chat.services.desk import DeskKeeping, agents_of
from chat.services.support_tickets import SupportTickets
from chat.store import desk_figures, users
from chat.store.support_tickets import NOBODY, Wanted
from chat.times import now
from tests.services.desk_world import MINUTE, World, repaired
from tests.store import world

DURATIONS = ("first_response_seconds_count", "resolution_seconds_count")


async def test_tickets_are_given_in_turn(desk: World) -> None:
    """Each agent who is there gets as many, each ticket once, and another node goes on with the
    turn. Who is away or has switched it off gets none.
    """
    await desk.people(agents=4)
    await desk.rule(assignment="in_turn")
    tickets = [await desk.open() for _ in range(4)]
    await desk.turn()
    assert {(await desk.now(one)).assigned_to for one in tickets} == {None}  # nobody is there

    first, second, busy, away = desk.agents
    desk.online = {first.user_id, second.user_id, busy.user_id}
    keeping = DeskKeeping(desk.database, desk.ask)
    await keeping.switch(busy, busy.user_id, takes=False)
    await desk.turn()
    given = [(await desk.now(one)).assigned_to for one in tickets]
    assert Counter(one.id for one in given if one) == {first.user_id: 2, second.user_id: 2}
    assert [await desk.steps(one) for one in tickets] == [["opened", "assigned"]] * 4

    desk.online = set()
    await keeping.switch(away, away.user_id, takes=True)  # although nobody sees them online
    late = await desk.open()
    await desk.turn()
    assert (await desk.now(late)).assigned_to.id == away.user_id  # type: ignore[union-attr]


async def test_who_has_the_fewest_gets_the_next(desk: World) -> None:
    """And of two who have as many, who waits longer."""
    await desk.people(agents=2)
    first, second = desk.agents
    desk.online = {first.user_id, second.user_id}
    await desk.rule(assignment="least_open")
    tickets = [await desk.open() for _ in range(3)]
    for one in tickets[:2]:
        await desk.tickets.assign(first, one.id, first.user_id)
    await desk.turn()
    assert (await desk.now(tickets[2])).assigned_to.id == second.user_id  # type: ignore[union-attr]
    await desk.turn()
    found = {one.id: one.open for one in await agents_of(desk.database, desk.ask)}
    assert found == {first.user_id: 2, second.user_id: 1}


async def test_what_an_agent_gave_back_waits_for_people(desk: World) -> None:
    """And the ticket of somebody who is no agent any more goes to another one."""
    await desk.people(agents=2)
    first, second = desk.agents
    desk.online = {first.user_id, second.user_id}
    returned, left = await desk.open(), await desk.open()
    await desk.tickets.assign(first, returned.id, first.user_id)
    await desk.tickets.assign(first, returned.id, None)
    await desk.tickets.assign(second, left.id, second.user_id)
    await desk.execute("UPDATE users SET is_staff = FALSE WHERE id = ?", second.user_id)
    await desk.rule(assignment="in_turn")
    await desk.turn()
    assert (await desk.now(returned)).assigned_to is None
    assert (await desk.now(left)).assigned_to.id == first.user_id  # type: ignore[union-attr]
    assert await desk.steps(left) == ["opened", "assigned", "handed_over"]


@pytest.mark.parametrize("state", ["suspended_at = 1", "is_staff = FALSE"])
async def test_who_works_at_the_desk_no_more_locks_no_ticket(desk: World, state: str) -> None:
    """Their tickets are in the queue: agents take them, a rule gives them to others, and all are
    reminded. Nobody assigns a ticket to them.
    """
    await desk.people(agents=2)
    there, gone = desk.agents
    taken, returned, given = [await desk.open() for _ in range(3)]
    await desk.tickets.assign(gone, returned.id, gone.user_id)
    await desk.tickets.assign(gone, returned.id, None)
    for one in (taken, returned, given):
        await desk.tickets.assign(gone, one.id, gone.user_id)
    queue = Wanted(assigned_to=NOBODY)
    assert await desk.tickets.list(there, queue, None, 10) == []
    assert (await desk_figures.now(desk.database)).unassigned == 0
    await desk.execute(f"UPDATE users SET {state} WHERE id = ?", gone.user_id)  # noqa: S608
    waits = [one.id for one in await desk.tickets.list(there, queue, None, 10)]
    assert waits == [given.id, returned.id, taken.id]
    assert (await desk_figures.now(desk.database)).unassigned == 3
    assert await desk_figures.open_of(desk.database) == {0: 3}
    assert await users.staff(desk.database) == {there.user_id}
    assert await users.staff_among(desk.database, [gone.user_id]) == set()
    with pytest.raises(InvalidInput):
        await desk.tickets.change(there, None, taken.id, assigned_to=gone.user_id)
    await desk.tickets.assign(there, taken.id, there.user_id)
    await desk.tickets.assign(there, taken.id, None)
    desk.online = {there.user_id}
    await desk.rule(assignment="in_turn")
    await desk.turn()
    holders = [(await desk.now(one)).assigned_to for one in (taken, returned, given)]
    assert [one and one.id for one in holders] == [None, there.user_id, there.user_id]


async def test_the_first_answer_comes_once_in_the_customer_s_language(desk: World) -> None:
    """As a message of the conversation with the next `seq`; it does not count as an answer."""
    await desk.people(agents=1)
    await desk.rule(
        first_answer_inside={"fa": "سلام", "en": "Hello"},
        first_answer_outside={"en": "Closed"},
        language="en",
    )
    persian, german = await desk.open("fa-IR", "en"), await desk.open("de")
    for ticket, text in ((persian, "سلام"), (german, "Hello")):
        (message,) = await desk.said(ticket.conversation)
        assert (message.content, message.role) == (text, "agent")
        assert bytes(message.metadata) == b'{"desk":"first_answer"}'
        page = await reading.since(desk.database, ticket.conversation, 0, limit=10)
        assert [(one.seq, one.frame.__struct_config__.tag) for one in page.changes] == [
            (1, "ticket.updated"),
            (2, "chat.message"),
        ]
        assert (await desk.now(ticket)).waiting_since == ticket.created_at
    await desk.tickets.change(desk.customer, None, persian.id, status="closed")
    await desk.tickets.reopen(desk.customer, persian.id)
    assert len(await desk.said(persian.conversation)) == 1

    await desk.rule(hours={}, first_answer_outside={"en": "Closed"})
    (message,) = await desk.said((await desk.open("fa")).conversation)
    assert message.content == "Closed"
    await desk.rule(first_answer_outside={"en": "Closed"})
    assert await desk.said((await desk.open()).conversation) == []


async def test_the_desk_writes_as_one_user(desk: World) -> None:
    """Also where several nodes give the first answers ever at once: nobody else's is automatic."""
    await desk.people(agents=0)
    await desk.rule(first_answer_inside={"en": "Hello"})
    places = [await world.conversation(desk.database, desk.customer.user_id) for _ in range(6)]
    services = [SupportTickets(node._database, node._writer) for node in desk.nodes]
    made = await asyncio.gather(
        *(
            services[number % 2].open(desk.customer, place, "help", "normal")
            for number, place in enumerate(places)
        )
    )
    assert len({message.sender.id for place in places for message in await desk.said(place)}) == 1
    assert {ticket.waiting_since is None for ticket, _ in made} == {False}


async def test_agents_are_reminded_once_of_each_waiting(desk: World) -> None:
    """Also by two nodes; an answer ends the waiting, and the next question begins another one."""
    await desk.people(agents=1)
    (agent,) = desk.agents
    await desk.rule(reminder_minutes=15)
    ticket = await desk.open()
    place = ticket.conversation
    await desk.turn()
    assert await desk.steps(ticket) == ["opened"]
    await desk.execute(
        "UPDATE support_tickets SET created_at = created_at - ? WHERE id = ?",
        16 * MINUTE,
        ticket.id,
    )
    for _ in range(3):
        await desk.turn()
    assert await desk.steps(ticket) == ["opened", "reminded"]

    await world.sent(desk.database, place, agent.user_id)
    asked = await world.sent(desk.database, place, desk.customer.user_id)
    await desk.execute(
        "UPDATE messages SET created_at = ? WHERE conversation_id = ?", now() - MINUTE, place
    )
    await desk.turn()
    assert await desk.steps(ticket) == ["opened", "reminded"]
    await desk.execute(
        "UPDATE messages SET created_at = ? WHERE conversation_id = ? AND id = ?",
        now() - 15 * MINUTE,
        place,
        asked.id,
    )
    for _ in range(2):
        await desk.turn()
    assert await desk.steps(ticket) == ["opened", "reminded", "reminded"]
    await repaired(desk, place)


def figure(name: str) -> float:
    return registry.get_sample_value(f"payam_desk_{name}") or 0.0


async def test_the_metrics_say_what_there_is_to_do(desk: World) -> None:
    """Tickets now, and the durations of those that were answered and closed."""
    await desk.people(agents=1)
    (agent,) = desk.agents
    before = {name: figure(name) for name in DURATIONS}
    tickets = [await desk.open() for _ in range(3)]
    await desk.tickets.assign(agent, tickets[0].id, agent.user_id)
    place = tickets[0].conversation
    answer = world.draft(place, agent.user_id, created_at=now())
    await desk.database.store_sends([answer])
    await desk.tickets.change(desk.customer, None, tickets[1].id, status="closed")
    await desk.turn()
    assert (figure("open"), figure("waiting"), figure("unassigned")) == (2, 1, 1)
    assert {name: figure(name) - before[name] for name in DURATIONS} == {
        "first_response_seconds_count": 1,
        "resolution_seconds_count": 1,
    }


async def test_time_outside_the_hours_may_not_count(desk: World) -> None:
    """A desk that is never open reminds nobody, if only its hours count."""
    await desk.people(agents=1)
    ticket = await desk.open()
    await desk.execute("UPDATE support_tickets SET created_at = created_at - ?", 60 * MINUTE)
    await desk.rule(reminder_minutes=15, reminder_in_hours=True, hours={})
    await desk.turn()
    assert await desk.steps(ticket) == ["opened"]
    await desk.rule(reminder_minutes=15, reminder_in_hours=False, hours={})
    await desk.turn()
    assert await desk.steps(ticket) == ["opened", "reminded"]
