"""The desk at its edges: staff no more, tickets of which a process heard nothing."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from chat.errors import Unavailable
from chat.realtime.desk import Desk
from config.settings import Settings
from tests.api.client import Api, Person
from tests.realtime.nodes import opened
from tests.support.sockets import Socket

Frame = dict[str, Any]


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("desk"), database_url=own_database)
    with Api(settings) as served:
        yield served


async def at_desk(api: Api, person: Person) -> Socket:
    socket = await opened(api, person, "")
    assert (await socket.receive())["type"] == "hello"
    return socket


async def open_ticket(api: Api, customer: Person, path: str) -> Frame:
    headers = {"Authorization": f"Bearer {customer.access}"}
    body = {"subject": "help"}
    answer = await api.send("POST", f"{path}support_ticket/", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    ticket: Frame = answer.json()
    return ticket


async def tickets_before_the_end(socket: Socket) -> list[tuple[str, int]]:
    """The frames of tickets up to the answer to a frame that is sent now."""
    await socket.send({"type": "resume", "since": {}, "ref": "end"})
    found = []
    while (frame := await socket.receive())["type"] != "resumed":
        if frame["type"].startswith("ticket."):
            found.append((frame["type"], frame["support_ticket"]["id"]))
    return found


class ByHand:
    """The looks of a desk, made only when a test asks for them: its own would come between."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self._desk = desk
        for name in ("look", "look_who_waits"):
            monkeypatch.setattr(desk, name, self._nothing)

    @staticmethod
    async def _nothing() -> None:
        """Stands for a look that is not made."""

    async def look(self) -> None:
        await Desk.look(self._desk)
        await settled(self._desk)

    async def look_who_waits(self) -> None:
        await Desk.look_who_waits(self._desk)
        await settled(self._desk)


async def settled(desk: Desk) -> None:
    """It has read all that it wants to read."""
    while desk.is_busy:
        await asyncio.sleep(0)


def test_who_is_staff_no_more_hears_nothing(api: Api) -> None:
    """From the next change on, though the socket was opened by a member of staff."""
    ali, agent, other = api.person("ali"), *(api.person("agent", is_staff=True) for _ in range(2))
    path = ali.begin()

    async def look() -> None:
        former, present = await at_desk(api, agent), await at_desk(api, other)
        async with api.app.ctx.payam.database.transaction() as transaction:
            await transaction.execute("UPDATE users SET is_staff = FALSE WHERE id = ?", (agent.id,))
        ticket = await open_ticket(api, ali, path)
        assert (await present.receive_type("ticket.created"))["support_ticket"] == ticket
        assert await tickets_before_the_end(former) == []
        await former.close()
        await present.close()

    api.run(look())


def test_what_a_process_did_not_hear_of_is_found_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a look: a new ticket as a new one, a changed one as such, and neither again."""
    ali, agent = api.person("ali"), api.person("agent", is_staff=True)
    paths = [ali.begin(), ali.begin()]
    payam = api.app.ctx.payam
    desk = ByHand(payam.sockets.desk, monkeypatch)

    async def look() -> None:
        socket = await at_desk(api, agent)
        first = await open_ticket(api, ali, paths[0])
        await socket.receive_type("ticket.created")
        await desk.look()  # the first one sends what changed lately: it cannot know better
        await tickets_before_the_end(socket)
        monkeypatch.setattr(payam.dispatcher, "ticket_changed", lambda ticket_id, *, is_new: None)
        headers = {"Authorization": f"Bearer {agent.access}"}
        closing = f"/api/support_tickets/{first['id']}/close/"
        assert (await api.send("POST", closing, headers=headers)).status_code == 200
        second = await open_ticket(api, ali, paths[1])
        await desk.look()
        found = await tickets_before_the_end(socket)
        assert found[-2:] == [("ticket.updated", first["id"]), ("ticket.created", second["id"])]
        await desk.look()
        assert await tickets_before_the_end(socket) == []
        await socket.close()

    api.run(look())


def test_who_waits_with_a_ticket_that_was_not_heard_of_is_sent_as_new(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, also where the news of it comes after that."""
    ali, agent = api.person("ali"), api.person("agent", is_staff=True)
    path = ali.begin()
    payam = api.app.ctx.payam
    desk = ByHand(payam.sockets.desk, monkeypatch)

    async def look() -> None:
        socket = await at_desk(api, agent)
        await desk.look()  # from here on it knows what is new
        await desk.look_who_waits()
        await tickets_before_the_end(socket)
        monkeypatch.setattr(payam.dispatcher, "ticket_changed", lambda ticket_id, *, is_new: None)
        ticket = await open_ticket(api, ali, path)
        await desk.look_who_waits()
        payam.sockets.desk.changed(ticket["id"], is_new=True)
        await settled(payam.sockets.desk)
        created, *later = await tickets_before_the_end(socket)
        assert created == ("ticket.created", ticket["id"])
        assert {*later} == {("ticket.updated", ticket["id"])}
        await socket.close()

    api.run(look())


def test_the_news_of_a_ticket_says_that_it_is_new_after_the_first_look_too(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That look cannot know what is new, and sends the ticket as one that changed."""
    ali, agent = api.person("ali"), api.person("agent", is_staff=True)
    path = ali.begin()
    payam = api.app.ctx.payam
    desk = ByHand(payam.sockets.desk, monkeypatch)

    async def look() -> None:
        while [*payam.sockets.users]:  # those of earlier tests
            await asyncio.sleep(0.01)
        await desk.look()  # nobody is there, so the next look is the first one
        socket = await at_desk(api, agent)
        monkeypatch.setattr(payam.dispatcher, "ticket_changed", lambda ticket_id, *, is_new: None)
        ticket = await open_ticket(api, ali, path)
        await desk.look()
        payam.sockets.desk.changed(ticket["id"], is_new=True)
        await settled(payam.sockets.desk)
        found = [kind for kind, id_ in await tickets_before_the_end(socket) if id_ == ticket["id"]]
        assert found == ["ticket.updated", "ticket.created"]
        await socket.close()

    api.run(look())


def test_a_ticket_of_which_is_heard_during_a_look_is_new_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look has not found it, and the next one does."""
    ali, agent = api.person("ali"), api.person("agent", is_staff=True)
    path = ali.begin()
    desk = ByHand(api.app.ctx.payam.sockets.desk, monkeypatch)
    tickets = api.app.ctx.services.support_tickets
    read = tickets.changed_after

    async def look() -> None:
        socket = await at_desk(api, agent)
        await desk.look()

        async def read_and_wait(moment: float) -> Any:
            found = await read(moment)
            await open_ticket(api, ali, path)
            await socket.receive_type("ticket.created")
            return found

        monkeypatch.setattr(tickets, "changed_after", read_and_wait)
        await desk.look()
        monkeypatch.setattr(tickets, "changed_after", read)
        await desk.look()
        assert await tickets_before_the_end(socket) == []
        await socket.close()

    api.run(look())


def test_who_waits_is_sent_when_a_message_says_so(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for the answer, and once for what the customer writes after it; not for more of it."""
    ali, agent = api.person("ali"), api.person("agent", is_staff=True)
    path = ali.begin()
    desk = ByHand(api.app.ctx.payam.sockets.desk, monkeypatch)

    async def say(person: Person, text: str) -> None:
        headers = {"Authorization": f"Bearer {person.access}"}
        body = {"content": text}
        answer = await api.send("POST", f"{path}messages/", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        await desk.look_who_waits()

    async def look() -> None:
        socket = await at_desk(api, agent)
        ticket = await open_ticket(api, ali, path)
        assert ticket["waiting_since"] is not None
        await desk.look_who_waits()  # from here on
        await tickets_before_the_end(socket)
        await say(agent, "hello")
        answered = await socket.receive_type("ticket.updated")
        assert answered["support_ticket"]["id"] == ticket["id"]
        assert answered["support_ticket"]["waiting_since"] is None
        await say(ali, "thanks, and")
        again = (await socket.receive_type("ticket.updated"))["support_ticket"]
        assert again["waiting_since"] >= ticket["waiting_since"]
        await say(ali, "one more thing")
        assert await tickets_before_the_end(socket) == []
        await socket.close()

    api.run(look())


def test_a_database_that_is_away_is_asked_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame comes when it is back."""
    ali, agent = api.person("ali"), api.person("agent", is_staff=True)
    path = ali.begin()
    tickets = api.app.ctx.services.support_tickets
    read, failures = tickets.numbered, [Unavailable("away", retry_after=1)] * 2

    async def fail(ids: Any) -> Any:
        if failures:
            raise failures.pop()
        return await read(ids)

    monkeypatch.setattr(tickets, "numbered", fail)

    async def look() -> None:
        socket = await at_desk(api, agent)
        ticket = await open_ticket(api, ali, path)
        assert (await socket.receive_type("ticket.created"))["support_ticket"] == ticket
        await socket.close()

    api.run(look())
    assert failures == []


def test_what_waits_for_the_database_stays_new_or_old(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old ticket is not new at the next look, and a new one not old by its next change."""
    ali, agent = api.person("ali"), api.person("agent", is_staff=True)
    paths = [ali.begin(), ali.begin()]
    payam = api.app.ctx.payam
    desk = ByHand(payam.sockets.desk, monkeypatch)
    tickets = api.app.ctx.services.support_tickets
    read, asked, failing = tickets.numbered, [], asyncio.Event()

    async def fail_once(ids: Any) -> Any:
        if not failing.is_set():
            asked.extend(ids)
            await failing.wait()
            raise Unavailable("away", retry_after=1)
        return await read(ids)

    async def look() -> None:
        while [*payam.sockets.users]:  # those of earlier tests
            await asyncio.sleep(0.01)
        await desk.look()  # nobody is there, so the next look is the first one
        old = await open_ticket(api, ali, paths[0])
        socket = await at_desk(api, agent)
        monkeypatch.setattr(tickets, "numbered", fail_once)
        monkeypatch.setattr(payam.dispatcher, "ticket_changed", lambda ticket_id, *, is_new: None)
        new = await open_ticket(api, ali, paths[1])
        payam.sockets.desk.changed(new["id"], is_new=True)
        while not asked:
            await asyncio.sleep(0.01)
        payam.sockets.desk.changed(new["id"], is_new=False)
        for _ in range(2):
            await Desk.look(payam.sockets.desk)
        failing.set()
        await settled(payam.sockets.desk)
        found = await tickets_before_the_end(socket)
        assert ("ticket.created", new["id"]) in found
        assert ("ticket.updated", old["id"]) in found
        assert ("ticket.created", old["id"]) not in found
        await socket.close()

    api.run(look())
