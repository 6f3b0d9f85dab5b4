"""The desk with the client library: guests, notes, stored answers, rules and figures."""

import hmac
from hashlib import sha256

import pytest

from payam_client import PayamError
from tests.client.people import SHOP_SECRET, connect
from tests.client.test_agents import staff
from tests.support.payam_server import PayamServer


async def test_a_guest_writes_and_becomes_the_shop_s_user(server: PayamServer) -> None:
    """With their conversation; and rates the answer."""
    async with connect(server.url) as customer, connect(server.url, staff(server)) as agent:
        await customer.sign_in_as_guest("علی", "ali@example.org", "It is stored.")
        guest = await customer.me()
        begun = await customer.begin([])
        await customer.send(begun.id, "hello")
        opened = await customer.open_ticket(begun.id, "help")
        said = await agent.guest(guest.id)
        assert (said.display_name, said.email, said.is_known) == ("علی", "ali@example.org", False)
        assert said.consent == "It is stored."
        assert isinstance((await customer.desk()).online, bool)

        signature = hmac.new(SHOP_SECRET.encode(), b"shop-7", sha256).hexdigest()
        await customer.identify("shop-7", signature)
        assert (await customer.me()).id == guest.id
        assert [one.id for one in await customer.conversations()] == [begun.id]
        with pytest.raises(PayamError) as wrong:
            await customer.identify("shop-8", signature)
        assert wrong.value.code == "signature_invalid"

        note = await agent.note(begun.id, "a regular")
        assert note.internal
        assert [one.internal for one in await agent.messages(begun.id)] == [False, True]
        assert [one.content for one in await customer.messages(begun.id)] == ["hello"]
        await agent.close_ticket(opened.id)
        assert (await customer.rate_ticket(opened.id, 5, "thanks")).rating is not None
        steps = await agent.ticket_steps(opened.id)
        assert [step.action for step in steps] == ["opened", "closed", "rated"]


async def test_staff_look_after_the_desk(server: PayamServer) -> None:
    """Stored answers, rules, switches and figures."""
    async with connect(server.url, staff(server)) as agent:
        answer = await agent.add_canned_response("Greeting", "Hello {{customer}}!")
        changed = await agent.change_canned_response(answer.id, title="Welcome")
        assert (changed.title, changed.content) == ("Welcome", "Hello {{customer}}!")
        assert answer.id in {one.id for one in await agent.canned_responses(limit=200)}
        await agent.delete_canned_response(answer.id)
        assert answer.id not in {one.id for one in await agent.canned_responses(limit=200)}

        before = await agent.desk_rules()
        rules = await agent.change_desk_rules(days_off=["2026-03-21"])
        assert (rules.days_off, rules.assignment) == (["2026-03-21"], before.assignment)
        await agent.change_desk_rules(days_off=[])
        me = (await agent.me()).id
        assert (await agent.switch_agent(me, takes_tickets=False)).takes_tickets is False
        assert {one.id: one.is_available for one in await agent.desk_agents()}[me] is False

        figures = await agent.desk_figures(since="2026-01-01", until="2026-01-02")
        assert len(figures.hours) == 24
        table = b"".join(
            [
                chunk
                async for chunk in agent.desk_table("hours", since="2026-01-01", until="2026-01-02")
            ]
        )
        assert len(table.splitlines()) == 25
