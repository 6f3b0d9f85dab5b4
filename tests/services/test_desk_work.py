"""What the desk does by its rules, on two nodes that work at the same time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from chat import records
from chat.auth.identity import Identity
from chat.changes import catalogue, reading
from chat.errors import InvalidInput
from chat.http.languages import accepted
from chat.media.inspector import Inspector
from chat.metrics import registry
from chat.services.desk import DeskKeeping, agents_of
from chat.services.desk_work import DeskWork
from chat.services.erasure import wiping
from chat.services.support_tickets import SupportTickets
from chat.store import desk_figures, doctor, imports, messages, users
from chat.store.changes import Entry
from chat.store.database import Database
from chat.store.files import Files
from chat.store.migrations import m0072_closed_at, m0074_imported_tickets
from chat.store.support_tickets import NOBODY, Wanted
from chat.times import now, to_text
from tests.store import world

MINUTE = 60 * 1_000_000
DURATIONS = ("first_response_seconds_count", "resolution_seconds_count")
DAY = 24 * 60 * MINUTE


class World:
    """A customer, agents, and the desk's work on two nodes."""

    def __init__(self, database: Database, nodes: Sequence[DeskWork], tickets: SupportTickets):
        self.database = database
        self.nodes = nodes
        self.tickets = tickets
        self.online: set[int] = set()
        self.customer = Identity(0, "", False, 0.0, None)
        self.agents: list[Identity] = []

    async def people(self, agents: int) -> None:
        customer = await world.user(self.database, "customer")
        self.customer = Identity(customer, "customer", False, 0.0, None)
        for number in range(agents):
            name = f"agent{number}"
            id_ = await world.user(self.database, name, is_staff=True)
            self.agents.append(Identity(id_, name, True, 0.0, None))

    async def rule(self, **rules: Any) -> None:
        keeping = DeskKeeping(self.database, self.ask)
        await keeping.change(None, rules, is_whole=True)

    async def ask(self, user_ids: Collection[int]) -> set[int]:
        return self.online & set(user_ids)

    async def open(self, *languages: str) -> records.SupportTicket:
        place = await world.conversation(self.database, self.customer.user_id)
        made, _ = await self.tickets.open(
            self.customer, place, "help", "normal", languages=languages
        )
        return made

    async def turn(self) -> None:
        """Both nodes work at once."""
        for node in self.nodes:
            node._slow_at = 0.0
        await asyncio.gather(*(node.turn() for node in self.nodes))

    async def steps(self, ticket: records.SupportTicket) -> list[str]:
        found = await self.tickets.steps(self.agents[0], ticket.id, 0, 100)
        return [one.action for one in found]

    async def now(self, ticket: records.SupportTicket) -> records.SupportTicket:
        return await self.tickets.get(self.agents[0], ticket.id)

    async def execute(self, sql: str, *parameters: Any) -> None:
        async with self.database.transaction() as transaction:
            await transaction.execute(sql, parameters)

    async def said(self, conversation_id: int) -> list[records.Message]:
        reader = messages.Reader(conversation_id, self.customer.user_id)
        return await messages.before(self.database, reader, None, 100)


@pytest.fixture
async def desk(database: Database, other_node: Database) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        writers = [
            await stack.enter_async_context(world.writing(one)) for one in (database, other_node)
        ]
        found = World(database, [], SupportTickets(database, writers[0]))
        found.nodes = [
            DeskWork(one, writer, found.ask)
            for one, writer in zip((database, other_node), writers, strict=True)
        ]
        await found.execute("UPDATE desk SET rules = '{}', user_id = NULL")
        yield found
        assert await doctor.examine_log(database, catalogue.LOGGED, catalogue.ENTRIES) == []
        assert await doctor.examine_conversations(database, catalogue.ENTRIES) == []


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


async def test_an_answer_is_to_the_ticket_that_is_open(desk: World) -> None:
    """Not to one that was closed before without any, whatever happens to that one later."""
    await desk.people(agents=1)
    (agent,) = desk.agents
    first = await desk.open()
    place = first.conversation
    await desk.tickets.change(desk.customer, None, first.id, status="closed")
    second, _ = await desk.tickets.open(desk.customer, place, "again", "normal")
    await say(desk, place, agent.user_id)
    await desk.tickets.rate(desk.customer, first.id, 5, "")
    await desk.tickets.change(desk.customer, None, second.id, status="closed")
    assert await answered(desk) == [second.id]
    await desk.tickets.reopen(desk.customer, first.id)
    await desk.turn()
    assert await answered(desk) == [second.id]
    period = (0, now() + DAY)
    counted = await desk_figures.first_responses(desk.database, *period, by_agent=True)
    assert counted[agent.user_id][0] == 1
    await say(desk, place, agent.user_id)
    await desk.turn()
    assert await answered(desk) == [first.id, second.id]


async def test_staff_do_not_answer_themselves(desk: World) -> None:
    """Who opened a ticket is its customer, also an agent."""
    await desk.people(agents=2)
    opener, other = desk.agents
    place = await world.conversation(desk.database, opener.user_id, other.user_id)
    ticket, _ = await desk.tickets.open(opener, place, "help", "normal")
    await say(desk, place, opener.user_id)
    await desk.turn()
    assert (await desk.now(ticket)).waiting_since == ticket.created_at
    assert await answered(desk) == []
    assert await waiting(desk) == 1
    await say(desk, place, other.user_id)
    await desk.turn()
    assert (await desk.now(ticket)).waiting_since is None
    assert await answered(desk) == [ticket.id]
    assert await waiting(desk) == 0
    written = await desk_figures.written(desk.database, 0, now() + DAY)
    assert written == {other.user_id: 1}


async def test_nobody_waits_for_what_is_deleted(desk: World) -> None:
    """A deleted question waits for no answer, and a deleted answer answers nothing."""
    await desk.people(agents=1)
    (agent,) = desk.agents
    ticket = await desk.open()
    place = ticket.conversation
    await say(desk, place, agent.user_id)
    await say(desk, place, desk.customer.user_id)
    assert (await desk.now(ticket)).waiting_since is not None
    assert await waiting(desk) == 1
    answer, question = [one.id for one in await desk.said(place)]
    changes = world.Changes(desk.database, place)
    await changes.delete(question)
    assert (await desk.now(ticket)).waiting_since is None
    assert await waiting(desk) == 0
    await changes.delete(answer)
    assert (await desk.now(ticket)).waiting_since == ticket.created_at
    assert await waiting(desk) == 1


async def test_nobody_waits_again_when_answers_grow_old(desk: World, tmp_path: Path) -> None:
    """Nor when they go with their sender's account. The next question waits."""
    await desk.people(agents=1)
    (agent,) = desk.agents
    await desk.rule(reminder_minutes=1)
    asked, answered = await desk.open(), await desk.open()
    for ticket in (asked, answered):
        await desk.execute(
            "UPDATE support_tickets SET created_at = ? WHERE id = ?", now() - DAY, ticket.id
        )
        await say(desk, ticket.conversation, agent.user_id)
    files = Files(tmp_path, Inspector(1))
    for ticket in (asked, answered):
        ids = [message.id for message in await desk.said(ticket.conversation)]
        wipe = wiping(files, None, ticket.conversation, ids)
        assert await desk.nodes[0]._writer.change(ticket.conversation, wipe) == 1
    assert await waiting(desk) == 0
    await say(desk, asked.conversation, desk.customer.user_id)
    assert (await desk.now(answered)).waiting_since is None
    assert ((await desk.now(asked)).waiting_since or "") > to_text(now() - MINUTE)
    assert await waiting(desk) == 1
    await desk.turn()
    assert await desk.steps(answered) == ["opened"]


async def test_who_opens_a_ticket_again_waits_anew(desk: World) -> None:
    """And not since a message from before it was closed."""
    await desk.people(agents=1)
    (agent,) = desk.agents
    ticket = await desk.open()
    await say(desk, ticket.conversation, agent.user_id)
    await say(desk, ticket.conversation, desk.customer.user_id)
    await desk.tickets.change(desk.customer, None, ticket.id, status="closed")
    assert (await desk.now(ticket)).waiting_since is None
    for table in ("messages", "support_tickets"):
        await desk.execute(f"UPDATE {table} SET created_at = created_at - ?", 60 * MINUTE)  # noqa: S608
    before = to_text(now() - MINUTE)
    await desk.tickets.reopen(desk.customer, ticket.id)
    since = (await desk.now(ticket)).waiting_since
    assert since is not None
    assert since >= before
    await say(desk, ticket.conversation, agent.user_id)
    assert (await desk.now(ticket)).waiting_since is None


async def answered(desk: World) -> list[int]:
    """The tickets of which it is kept that they were answered."""
    sql = "SELECT id FROM support_tickets WHERE answered_at IS NOT NULL ORDER BY id"
    return [id_ for (id_,) in await desk.database.fetch(sql)]


async def waiting(desk: World) -> int:
    """How many customers wait, by the figures of the hours; those of the present say the same."""
    hours = await desk_figures.hours(desk.database, now() - DAY, now() + DAY)
    found = sum(hour.waiting for hour in hours.values())
    assert (await desk_figures.now(desk.database)).waiting == found
    return found


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
    await say(desk, ticket.conversation, desk.customer.user_id, "one more\n question")
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
        await imports.add_tickets(
            transaction,
            [(*row, None if is_carried_over else ended, "" if is_carried_over else "help")],
        )
        await imports.log(transaction, [Entry(place, 1, "ticket.updated", 1)])
        await imports.set_positions(transaction, {place: 1})
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


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("en;q=0.1, fa;q=0.9", ["fa", "en"]),
        ("fa-IR, en; q=0.5,de;Q=0.8", ["fa-IR", "de", "en"]),
        ("en;q=0, fa;q=0.000, de", ["de"]),
        ("*, ;q=1, en;q=2, e\0n, en;q=x, fa", ["fa"]),
        ("", []),
    ],
)
def test_a_customer_s_languages_come_by_how_much_they_are_liked(
    header: str, found: list[str]
) -> None:
    """What is refused, or is no language, is left out."""
    assert accepted(header) == found


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


async def say(desk: World, place: int, sender: int, content: str = "hello") -> None:
    send = world.draft(place, sender, content, created_at=now())
    await desk.database.store_sends([send])
    assert send.error is None


async def repaired(desk: World, place: int) -> None:
    """The moments were moved by hand."""
    await desk.execute(
        """
        UPDATE conversations SET active_at = (
            SELECT m.created_at FROM messages AS m WHERE m.conversation_id = conversations.id
            ORDER BY m.created_seq DESC LIMIT 1) WHERE id = ?
        """,
        place,
    )
