"""Which customers wait for an answer, by the rules of the desk."""

from pathlib import Path

from chat.media.inspector import Inspector
from chat.services.erasure import wiping
from chat.store import desk_figures
from chat.store.files import Files
from chat.times import now, to_text
from tests.services.desk_world import DAY, MINUTE, World, say
from tests.store import world


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


async def test_each_step_says_since_when_a_customer_waits_with_it(desk: World) -> None:
    """Its answer, and its frame, say the same as the ticket that is read after it."""
    await desk.people(agents=1)
    ticket = await desk.open()
    assert ticket == await desk.now(ticket)
    long_ago = now() - DAY
    await desk.execute(
        "UPDATE support_tickets SET created_at = ? WHERE id = ?", long_ago, ticket.id
    )
    closed = await desk.tickets.change(desk.customer, None, ticket.id, status="closed")
    assert closed == await desk.now(ticket)
    opened = await desk.tickets.reopen(desk.customer, ticket.id)
    assert opened == await desk.now(ticket)
    assert (opened.waiting_since or "") > to_text(long_ago)


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
