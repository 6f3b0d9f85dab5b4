"""Random conversations against the model: every frame that comes is the one that must come."""

import asyncio
import itertools
import secrets
from collections import deque
from typing import Any, ClassVar

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)
from websockets.asyncio.client import connect

from chat.text.visibility import is_blank
from tests.faults.deployment import Seeded
from tests.faults.load import IS_LONG
from tests.faults.model import Conversation, Frame, Message, for_others
from tests.support.sockets import Socket

EXAMPLES, STEPS = (300, 60) if IS_LONG else (15, 30)
PEOPLE = 3

who = st.integers(0, PEOPLE - 1)
# No surrogates and no NUL: those are refused, which is another test's affair.
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
).filter(lambda text: not is_blank(text))
places = st.integers(0, 1000)


class Participant:
    """One person, perhaps connected, and the frames that are on their way to them."""

    def __init__(self, number: int, url: str, token: str) -> None:
        self.id = number
        self.name = f"user{number}"
        self.seen = 0
        self.expected: deque[Frame] = deque()
        self.early: deque[Frame] = deque()
        """What came before an answer: what is read from the log may."""
        self.socket: Socket | None = None
        self._url = url
        self._token = token
        self._refs = itertools.count()

    def as_seen(self, frame: Frame) -> Frame:
        return dict(frame) if frame.get("sender_id") == self.id else for_others(frame)

    async def connect(self, conversation: Conversation, *, since: int | None = None) -> None:
        """Resume after what was seen, or after `since`."""
        self.seen = self.seen if since is None else since
        self.early.clear()
        self.expected = deque(map(self.as_seen, conversation.since(self.seen)))
        connection = await connect(
            f"{self._url}?since={self.seen}",
            additional_headers={"Authorization": f"Bearer {self._token}"},
            proxy=None,
            open_timeout=60,
        )
        self.socket = Socket(connection)

    async def leave(self, *, politely: bool) -> None:
        if self.socket is not None:
            if not politely:
                self.socket.connection.transport.abort()
            await self.socket.close()
        self.socket = None

    async def ask(self, frame: Frame) -> Frame:
        """Send a frame, and return what answers it."""
        assert self.socket is not None
        ref = f"r{next(self._refs)}"
        await self.socket.send({**frame, "ref": ref})
        while (answer := await self.socket.receive()).get("ref") != ref:
            self.early.append(answer)
        return answer

    async def catch_up(self) -> None:
        """Read what is expected, and nothing else."""
        while self.socket is not None and self.expected:
            frame = self.early.popleft() if self.early else await self.socket.receive()
            frame.pop("timestamp", None)
            frame.pop("epoch", None)  # the same all the time
            assert frame == self.expected.popleft()
            assert frame["seq"] >= self.seen
            self.seen = frame["seq"]
        assert not self.early


class Chat(RuleBasedStateMachine):
    """Three people in a conversation of their own."""

    seeded: ClassVar[Seeded]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.conversation = Conversation()
        mark = secrets.token_hex(4)  # keys are for ever, and so for one run alone
        self.keys = (f"{mark}-{number}" for number in itertools.count())
        self.http = httpx.Client(base_url=self.seeded.payam.url, trust_env=False)
        tokens = [self.seeded.token(number) for number in range(1, PEOPLE + 1)]
        self.http.headers["Authorization"] = f"Bearer {tokens[0]}"
        begun = self.http.post("/api/conversations/", json={"participants": [2, 3]})
        self.path = f"/api/conversations/{begun.json()['id']}/messages/"
        url = f"{self.seeded.payam.ws_url}/ws/chat/{begun.json()['id']}/"
        self.people = [Participant(number, url, token) for number, token in enumerate(tokens, 1)]

    def someone(self, place: int) -> Participant:
        """Connected, perhaps only now."""
        person = self.people[place]
        if person.socket is None:
            self.runner.run(person.connect(self.conversation))
        self.catch_up()
        return person

    def message(self, place: int) -> Message:
        messages = list(self.conversation.messages.values())
        return messages[place % len(messages)]

    def ask(self, person: Participant, frame: Frame) -> Frame:
        return self.runner.run(person.ask(frame))

    def expect(self, frame: Frame) -> None:
        """Everybody who is connected receives this frame, and only this."""
        for person in self.people:
            if person.socket is not None:
                person.expected.append(person.as_seen(frame))
        self.catch_up()

    def catch_up(self) -> None:
        for person in self.people:
            self.runner.run(person.catch_up())

    @rule(place=who)
    def come(self, place: int) -> None:
        self.someone(place)

    @rule(place=who, politely=st.booleans())
    def go(self, place: int, politely: bool) -> None:
        self.runner.run(self.people[place].leave(politely=politely))

    @rule(place=who, text=texts)
    def send(self, place: int, text: str) -> None:
        person = self.someone(place)
        self.give(person, next(self.keys), text)

    def give(self, person: Participant, key: str, text: str) -> None:
        ack = self.ask(person, {"type": "chat_message", "message": text, "client_id": key})
        heard = self.conversation.send(person.name, person.id, key, text, ack["id"])
        assert (ack["type"], ack["seq"]) == ("ack", self.conversation.seq)
        self.expect(heard)

    @precondition(lambda self: self.conversation.keys)
    @rule(place=places, other=st.booleans())
    def send_again(self, place: int, other: bool) -> None:
        """A retry is answered as the first was; another text under the key is refused."""
        keys = list(self.conversation.keys.items())
        (name, key), (message, text) = keys[place % len(keys)]
        person = self.someone(next(i for i, one in enumerate(self.people) if one.name == name))
        again = {"type": "chat_message", "message": text + "!" * other, "client_id": key}
        answer = self.ask(person, again)
        if other:
            assert (answer["type"], answer["code"]) == ("error", "key_reused")
        else:
            assert (answer["id"], answer["seq"]) == (message.id, message.created_seq)

    @rule(place=who, text=texts)
    def send_and_be_cut(self, place: int, text: str) -> None:
        """Whether it was stored nobody knows; giving it again makes it once."""
        person = self.someone(place)
        key = next(self.keys)
        frame = {"type": "chat_message", "message": text, "client_id": key}
        assert person.socket is not None
        self.runner.run(person.socket.send(frame))
        self.runner.run(person.leave(politely=False))
        stored = self.retry_over_http(person, text, key)
        heard = self.conversation.send(person.name, person.id, key, text, stored["id"])
        assert stored["seq"] == self.conversation.seq
        self.expect(heard)

    def retry_over_http(self, person: Participant, text: str, key: str) -> dict[str, Any]:
        number = self.people.index(person) + 1
        answer = self.http.post(
            self.path,
            json={"content": text, "client_id": key},
            headers={"Authorization": f"Bearer {self.seeded.token(number)}"},
        )
        assert answer.status_code in (200, 201), answer.text
        stored: dict[str, Any] = answer.json()
        return stored

    @precondition(lambda self: self.conversation.messages)
    @rule(place=who, which=places, text=texts)
    def edit(self, place: int, which: int, text: str) -> None:
        person, message = self.someone(place), self.message(which)
        frame = {"type": "edit_message", "message_id": message.id, "content": text}
        answer = self.ask(person, frame)
        if message.sender != person.name:
            assert answer["code"] == "forbidden"
        elif message.is_deleted:
            assert answer["code"] == "message_deleted"
        else:
            heard = self.conversation.edit(message, text)
            assert answer["seq"] == self.conversation.seq
            self.expect(heard)

    @precondition(lambda self: self.conversation.messages)
    @rule(place=who, which=places)
    def delete(self, place: int, which: int) -> None:
        person, message = self.someone(place), self.message(which)
        answer = self.ask(person, {"type": "delete_message", "message_id": message.id})
        if message.sender != person.name:
            assert answer["code"] == "forbidden"
        elif message.is_deleted:
            assert answer["seq"] == message.seq
        else:
            heard = self.conversation.delete(message)
            assert answer["seq"] == self.conversation.seq
            self.expect(heard)

    @rule(place=who, since=places)
    def resume(self, place: int, since: int) -> None:
        """From any point, on a socket that is live already."""
        person = self.someone(place)
        person.seen = since % (self.conversation.seq + 1)
        person.expected = deque(map(person.as_seen, self.conversation.since(person.seen)))
        assert person.socket is not None
        self.runner.run(person.socket.send({"type": "resume", "since": person.seen}))
        self.catch_up()

    @rule(place=who, since=places)
    def come_back(self, place: int, since: int) -> None:
        """From any point, as a device with old data would."""
        person = self.people[place]
        self.runner.run(person.leave(politely=True))
        point = since % (self.conversation.seq + 1)
        self.runner.run(person.connect(self.conversation, since=point))
        self.catch_up()

    def teardown(self) -> None:
        """The list says what the frames have said."""
        try:
            self.catch_up()
            listed = self.http.get(self.path).json()
            assert [
                (one["id"], one["content"], one["is_edited"], one["is_deleted"], one["seq"])
                for one in listed
            ] == [
                (one.id, one.content, one.is_edited, one.is_deleted, one.seq)
                for one in self.conversation.messages.values()
            ]
        finally:
            for person in self.people:
                self.runner.run(person.leave(politely=False))
            self.runner.close()
            self.http.close()


def test_every_frame_is_the_one_that_the_model_expects(embedded: Seeded) -> None:
    """Connect, send, edit, delete, be cut off and resume, in any order."""
    Chat.seeded = embedded
    run_state_machine_as_test(
        Chat,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
