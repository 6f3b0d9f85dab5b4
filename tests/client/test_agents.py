"""A member of staff with the client library: tickets, and answers without being a participant."""

import secrets

import pytest

from payam_client import MessageSent, PayamError, Tokens
from tests.client.people import Heard, Pair, connect
from tests.support.commands import new_staff
from tests.support.payam_server import PayamServer


def staff(server: PayamServer) -> Tokens:
    name = f"agent_{secrets.token_hex(6)}"
    return Tokens(new_staff(server.settings, name), "")


async def test_an_agent_finds_takes_and_answers_a_ticket(pair: Pair, server: PayamServer) -> None:
    """Their messages say so, when delivered and when read."""
    opened = await pair.ali.open_ticket(pair.id, "printer")
    async with connect(server.url, staff(server)) as agent, pair.sara.open(pair.id) as hers:
        await hers.opened()
        me = await agent.me()
        assert me.is_staff
        assert (await agent.tickets(status="open", limit=1))[0].id == opened.id
        taken = await agent.assign_ticket(opened.id, me.id)
        assert taken.assigned_to is not None
        assert taken.assigned_to.id == me.id
        async with agent.open(pair.id, since=0) as own:
            ack = await own.send("Is it switched on?")
        heard = Heard()
        await heard.read(hers, lambda heard: len(heard.events) == 2)
        message = heard.events[1]
        assert isinstance(message, MessageSent)
        assert (message.id, message.role) == (ack.id, "agent")
        await pair.ali.send(pair.id, "Oh.")
        assert [one.role for one in await agent.messages(pair.id)] == ["agent", None]
        assert await agent.conversations() == []
        assert (await agent.conversation(pair.id)).unread_count == 0
        assert (await agent.close_ticket(opened.id)).status == "closed"


async def test_of_two_agents_the_second_hears_who_has_it(pair: Pair, server: PayamServer) -> None:
    opened = await pair.ali.open_ticket(pair.id, "printer")
    async with (
        connect(server.url, staff(server)) as first,
        connect(server.url, staff(server)) as second,
    ):
        await first.assign_ticket(opened.id, (await first.me()).id)
        with pytest.raises(PayamError) as taken:
            await second.assign_ticket(opened.id, (await second.me()).id)
        assert (taken.value.status, taken.value.code) == (409, "already_assigned")
        assert (await first.assign_ticket(opened.id, None)).assigned_to is None
        await second.assign_ticket(opened.id, (await second.me()).id)
