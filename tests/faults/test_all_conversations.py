"""Random lives of people with many conversations: what `/ws/` sends makes the same copy."""

import asyncio
import itertools
import secrets
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.faults.deployment import Seeded
from tests.faults.load import IS_LONG
from tests.faults.phone import Phone
from tests.support.http_client import http_client
from tests.support.people import People
from tests.support.postgres_server import PostgresServer

EXAMPLES, STEPS = (200, 60) if IS_LONG else (5, 30)
PEOPLE = 3

who = st.integers(0, PEOPLE - 1)
places = st.integers(0, 1000)


class Person:
    """What the database must have of somebody, beside their phone."""

    def __init__(self, id_: int, access: str, phone: Phone) -> None:
        self.id = id_
        self.headers = {"Authorization": f"Bearer {access}"}
        self.phone = phone


class Lives(RuleBasedStateMachine):
    """Three people, new to the server. `texts` is what each conversation has, by message."""

    seeded: ClassVar[Seeded]
    database: ClassVar[PostgresServer | None]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.http = http_client(self.seeded.payam.url)
        self.texts: dict[int, dict[int, str | None]] = {}
        self.members: dict[int, list[int]] = {}
        """By conversation; the first began it, and stays."""
        self.senders: dict[int, tuple[int, int]] = {}
        """By message: its conversation, and who sent it."""
        self.has_crashed = False
        self.words = (f"سلام {number}" for number in itertools.count())
        self.people = [self.run(self.sign_up()) for _ in range(PEOPLE)]

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    async def sign_up(self) -> Person:
        async with People(self.seeded.payam) as people:
            new = await people(secrets.token_hex(4))
            phone = Phone(self.seeded.payam.url, self.seeded.payam.ws_url, new.access)
            await phone.come(by_numbers=True)
            return Person(new.id, new.access, phone)

    async def ask(self, place: int, method: str, path: str, **options: Any) -> Any:
        headers = self.people[place].headers
        answer = await self.http.request(method, path, headers=headers, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def leave(self, person: Person) -> None:
        self.run(person.phone.go())

    def settle(self) -> None:
        """Everybody who is connected has exactly what is theirs."""
        for place, person in enumerate(self.people):
            if person.phone.is_connected:
                self.run(person.phone.until(lambda place=place: self.is_right(place)))

    def is_right(self, place: int) -> bool:
        copies = self.people[place].phone.conversations
        return {id_: copy.texts for id_, copy in copies.items()} == {
            id_: self.texts[id_] for id_, members in self.members.items() if place in members
        }

    def conversation(self, place: int) -> int:
        return list(self.members)[place % len(self.members)]

    async def begin_now(self, place: int) -> None:
        others = [one for one in range(PEOPLE) if one != place]
        body = {"participants": [self.people[one].id for one in others]}
        begun = await self.ask(place, "POST", "/api/conversations/", json=body)
        self.texts[begun["id"]], self.members[begun["id"]] = {}, [place, *others]

    async def remove_now(self, conversation: int) -> None:
        founder, *others = self.members[conversation]
        if others:
            gone = others.pop()
            path = f"/api/conversations/{conversation}/participants/{self.people[gone].id}/"
            await self.ask(founder, "DELETE", path)
            self.members[conversation].remove(gone)

    @rule(place=who)
    def begin(self, place: int) -> None:
        self.run(self.begin_now(place))
        self.settle()

    @precondition(lambda self: self.members)
    @rule(place=places)
    def remove(self, place: int) -> None:
        self.run(self.remove_now(self.conversation(place)))
        self.settle()

    @precondition(lambda self: self.members)
    @rule(place=places)
    def add(self, place: int) -> None:
        conversation = self.conversation(place)
        members = self.members[conversation]
        absent = [one for one in range(PEOPLE) if one not in members]
        if absent:
            body = {"user_id": self.people[absent[0]].id}
            path = f"/api/conversations/{conversation}/participants/"
            self.run(self.ask(members[0], "POST", path, json=body))
            members.append(absent[0])
        self.settle()

    @precondition(lambda self: self.members)
    @rule(place=places, speaker=places)
    def say(self, place: int, speaker: int) -> None:
        conversation = self.conversation(place)
        members = self.members[conversation]
        sender, text = members[speaker % len(members)], next(self.words)
        path = f"/api/conversations/{conversation}/messages/"
        sent = self.run(self.ask(sender, "POST", path, json={"content": text}))
        self.texts[conversation][sent["id"]] = text
        self.senders[sent["id"]] = (conversation, sender)
        self.settle()

    @precondition(lambda self: self.senders)
    @rule(which=places, is_deleted=st.booleans())
    def change(self, which: int, is_deleted: bool) -> None:
        message = list(self.senders)[which % len(self.senders)]
        conversation, sender = self.senders[message]
        texts = self.texts[conversation]
        if sender in self.members[conversation] and texts[message] is not None:
            path = f"/api/conversations/{conversation}/messages/{message}/"
            if is_deleted:
                texts[message] = None
                self.run(self.ask(sender, "DELETE", path))
            else:
                texts[message] = next(self.words)
                self.run(self.ask(sender, "PATCH", path, json={"content": texts[message]}))
        self.settle()

    @rule(place=who)
    def go(self, place: int) -> None:
        self.run(self.people[place].phone.go())

    @rule(place=who, by_numbers=st.booleans())
    def come_back(self, place: int, by_numbers: bool) -> None:
        self.run(self.people[place].phone.go())
        self.run(self.people[place].phone.come(by_numbers=by_numbers))
        self.settle()

    @rule(place=who, by_numbers=st.booleans())
    def resume(self, place: int, by_numbers: bool) -> None:
        phone = self.people[place].phone
        if phone.is_connected:
            self.run(phone.resume(by_numbers=by_numbers))
        self.settle()

    @rule(place=who, by_numbers=st.booleans(), which=places, begins=st.booleans())
    def come_back_while_it_changes(
        self, place: int, by_numbers: bool, which: int, begins: bool
    ) -> None:
        """A conversation begins, or somebody is removed from one, during the resume."""
        phone = self.people[place].phone

        async def both() -> None:
            await phone.go()
            is_new = begins or not self.members
            other = self.begin_now(0) if is_new else self.remove_now(self.conversation(which))
            await asyncio.gather(phone.come(by_numbers=by_numbers), other)

        self.run(both())
        self.settle()

    @rule()
    def crash(self) -> None:
        """PostgreSQL is killed, once in a life; those who come back have cursors from before."""
        if self.database is None or self.has_crashed:
            return
        self.has_crashed = True
        for person in self.people:
            self.run(person.phone.go())
        self.database.kill()
        self.database.start()
        for person in self.people:
            before = person.phone.anew
            self.run(person.phone.come(by_numbers=False))
            assert person.phone.anew == before + 1
        self.settle()

    def teardown(self) -> None:
        with ExitStack() as stack:
            stack.callback(self.runner.close)
            stack.callback(lambda: self.run(self.http.aclose()))
            for person in self.people:
                stack.callback(self.leave, person)
            self.settle()


@pytest.mark.parametrize("on", ["embedded", "pair"])
def test_every_copy_is_what_the_database_has(
    on: str, postgres: PostgresServer, request: pytest.FixtureRequest
) -> None:
    """Conversations begin, people come, go, are removed and added, at any moment of a resume."""
    Lives.seeded = request.getfixturevalue(on)
    Lives.database = postgres if on == "pair" else None
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
