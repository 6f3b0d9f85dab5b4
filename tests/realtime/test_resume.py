"""Catching up, over a hub of its own and a history in a list instead of a database."""

import asyncio
from typing import Any, cast

import pytest

from chat.auth.identity import Identity
from chat.errors import NotFound, Unavailable
from chat.events import Ephemeral, MessageRead
from chat.realtime import resume
from chat.realtime.connection import Listener
from chat.realtime.deliveries import Batch, Delivery
from chat.realtime.hub import Hub
from chat.realtime.patience import Patience
from chat.realtime.subscribers import ConversationSocket

CONVERSATION = 7
HASTY = Patience(retry=0.001, reader=0.05)


class Transport:
    """What a connection writes, and how much of it the client has not read."""

    def __init__(self) -> None:
        self.unread = 0

    def get_write_buffer_size(self) -> int:
        return self.unread

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return 0, 4 * resume.CHUNK


class Recorder(ConversationSocket):
    """Stands for a connection: keeps what it receives."""

    def __init__(self) -> None:
        identity = Identity(1, "ali", False, 0.0, None)
        super().__init__(cast("Listener", None), identity, CONVERSATION, 1024)
        self.buffer = Transport()
        self.transport = cast("asyncio.Transport", self.buffer)
        self.heard: list[bytes] = []

    def send(self, frames: bytes) -> None:
        self.heard.append(frames)

    def close(self, code: int, reason: str = "") -> None:
        self.closed_with = code
        self.is_closing = True

    @property
    def text(self) -> str:
        return b"".join(self.heard).decode(errors="replace")


class World:
    """A conversation's history, a hub whose members follow it, and one who resumes."""

    def __init__(self, length: int, page: int = 10) -> None:
        self.history = [change_of(seq) for seq in range(1, length + 1)]
        self.page = page
        self.before_load: list[Any] = []
        self.is_removed = False
        self.marks: list[int] = []
        self.hub = Hub(self.load_live, self.seqs, lambda _: None, lambda _: None, patience=HASTY)
        self.member, self.late = Recorder(), Recorder()
        self.hub.join(self.member, CONVERSATION, length)
        self.hub.begin_resuming(self.late, CONVERSATION, length)

    def happen(self, *, is_told: bool = True) -> None:
        """One more change; without `is_told` the hub does not hear of it yet."""
        change = change_of(len(self.history) + 1)
        self.history.append(change)
        if is_told:
            self.hub.deliver(CONVERSATION, Batch(change.seq - 1, [change]))

    async def seqs(self, _: Any) -> dict[int, int]:
        return {CONVERSATION: len(self.history)}

    async def load_live(self, _: int, seq: int) -> tuple[list[Delivery], int, bool]:
        return self.history[seq:], len(self.history), True

    async def load(self, _: int, seq: int) -> tuple[list[Delivery], int, bool]:
        if self.before_load:
            self.before_load.pop(0)()
        found = self.history[seq : seq + self.page]
        end = min(seq + len(found), len(self.history))
        return found, end, end == len(self.history)

    async def require(self) -> None:
        """Who is no participant any more does not receive what was read."""
        if self.is_removed:
            raise NotFound("There is no such conversation for you.")

    async def look_at_marks(self, conversation_id: int, since: int) -> list[Ephemeral]:
        return [
            Ephemeral(conversation_id, MessageRead(f"user{user_id}", since), user_id)
            for user_id in self.marks
        ]

    async def catch_up(self, since: int, *, epoch: str = "", knows_epochs: bool = False) -> None:
        place = self.hub.subscription(self.late, CONVERSATION)
        assert place is not None
        async with asyncio.timeout(60):
            await resume.catch_up(
                self.late,
                CONVERSATION,
                place,
                self.hub,
                self.load,
                self.require,
                self.look_at_marks,
                since,
                None,
                epoch=epoch,
                knows_epochs=knows_epochs,
            )

    async def members_are_told(self, first: int, last: int) -> None:
        async with asyncio.timeout(60):
            while self.member.text != numbers(first, last):
                await asyncio.sleep(0)

    def assert_told(self, *, late: tuple[int, int], member: tuple[int, int], resumed: int) -> None:
        """From which change to which, each once; `late` has `resumed` in between."""
        first, last = late
        before, after = self.late.text.split(is_resumed_at(resumed))
        assert before.startswith(numbers(first, resumed))
        assert before.count("<") == resumed - first + 1
        assert after == numbers(resumed + 1, last)
        assert self.member.text == numbers(*member)


def change_of(seq: int) -> Delivery:
    return Delivery(seq, f"<{seq}>".encode())


def numbers(first: int, last: int) -> str:
    return "".join(f"<{seq}>" for seq in range(first, last + 1))


def is_resumed_at(seq: int) -> str:
    return f'{{"type":"resumed","seq":{seq}}}'


async def test_what_was_missed_comes_in_pages_and_then_live() -> None:
    """Each once, in order, `resumed` after the last that was missed."""
    world = World(35)
    await world.catch_up(5)
    world.happen()
    before, after = world.late.text.split(is_resumed_at(35))
    assert before.startswith(numbers(6, 35))
    assert after == "<36>"


async def test_what_happens_meanwhile_is_neither_missed_nor_repeated() -> None:
    """A change at each page, delivered live to the members: the one who resumes reads it."""
    world = World(35)
    world.before_load = [world.happen] * 4
    await world.catch_up(0)
    world.happen()
    assert world.late.text.replace(is_resumed_at(39), "|").count("<") == 40
    assert numbers(1, 39) in world.late.text
    assert world.late.text.endswith("<40>")
    assert world.member.text == numbers(36, 40)


async def test_who_reads_further_than_the_members_waits_for_them() -> None:
    """What the database has and the hub has not heard of yet is not sent twice."""
    world = World(3)
    world.before_load = [lambda: world.happen(is_told=False)]
    await world.catch_up(0)
    assert is_resumed_at(4) in world.late.text
    world.hub.deliver(CONVERSATION, Batch(3, [world.history[3]]))
    world.happen()
    assert world.late.text.endswith(is_resumed_at(4) + "<5>")
    assert world.member.text == "<4><5>"


async def test_who_is_ahead_hears_the_rest_of_what_the_members_are_healed_with() -> None:
    """Not what it knows of that already."""
    world = World(3)
    world.before_load = [lambda: world.happen(is_told=False)]
    await world.catch_up(0)
    world.happen(is_told=False)
    world.hub.deliver(CONVERSATION, Batch(5, []))
    await world.members_are_told(4, 5)
    world.happen()
    world.assert_told(late=(1, 6), member=(4, 6), resumed=4)


async def test_who_comes_while_the_members_are_healed_goes_on_with_them() -> None:
    """At their position, or beyond it: nothing is sent twice."""
    world = World(3)
    world.happen(is_told=False)
    world.hub.deliver(CONVERSATION, Batch(4, []))
    await world.catch_up(0)
    await world.members_are_told(4, 4)
    world.happen()
    world.assert_told(late=(1, 5), member=(4, 5), resumed=4)


async def test_a_database_that_is_away_is_waited_for() -> None:
    """Nothing is sent twice when it is back."""
    world = World(15)

    def fail() -> None:
        raise Unavailable("away", retry_after=1)

    world.before_load = [lambda: None, fail, fail]
    await world.catch_up(0)
    assert world.late.text.startswith(numbers(1, 15))


async def test_who_knows_more_than_there_is_goes_on_from_what_there_is() -> None:
    """A backup was restored: the next changes take numbers that the client has seen."""
    world = World(3)
    await world.catch_up(9)
    for _ in range(2):
        world.happen()
    assert world.late.text.endswith(is_resumed_at(3) + "<4><5>")
    assert world.late.text.count("<") == 2


@pytest.mark.parametrize("happen_meanwhile", [0, 3, 12])
async def test_who_knows_of_epochs_is_reset_instead(happen_meanwhile: int) -> None:
    """No change comes before it, though the members go on; all that come later do."""
    world = World(3)
    read = world.load

    async def load(_: int, seq: int) -> tuple[list[Delivery], int, bool]:
        page = await read(CONVERSATION, seq)
        while len(world.history) < 3 + happen_meanwhile:
            world.happen()
        return page

    world.load = load  # type: ignore[method-assign]
    await world.catch_up(9, epoch="b7c2", knows_epochs=True)
    for _ in range(2):
        world.happen()
    last = 3 + happen_meanwhile
    reset = f'{{"type":"reset","seq":{last},"epoch":"b7c2"}}'
    assert world.late.text.endswith(reset + numbers(last + 1, last + 2))
    assert world.late.text.count("<") == 2


async def test_resumed_says_in_which_epoch() -> None:
    """What was missed comes as ever."""
    world = World(3)
    await world.catch_up(1, epoch="b7c2", knows_epochs=True)
    assert world.late.text.startswith(numbers(2, 3))
    assert world.late.text.endswith('{"type":"resumed","seq":3,"epoch":"b7c2"}')


async def test_marks_of_others_come_before_resumed() -> None:
    """Not the user's own, and none with `reset`: then all is read again."""
    world = World(3)
    world.marks = [1, 2, 3]
    await world.catch_up(2)
    read = [text for text in world.late.text.split("}") if "message.read" in text]
    assert ["user2" in text or "user3" in text for text in read] == [True, True]
    assert world.late.text.startswith(numbers(3, 3))
    assert world.late.text.endswith(is_resumed_at(3))
    world = World(3)
    world.marks = [1, 2]
    await world.catch_up(9, epoch="b7c2", knows_epochs=True)
    assert "message.read" not in world.late.text


async def test_who_has_missed_little_gets_all_of_it_in_one_write() -> None:
    """Each write is a call of the kernel, and thousands may come back at once."""
    world = World(length=9)
    world.marks = [2]
    await world.catch_up(4)
    (written,) = world.late.heard
    sent = written.decode(errors="replace")
    assert numbers(5, 9) in sent
    assert sent.index(numbers(5, 9)) < sent.index("message.read") < sent.index("resumed")


async def test_who_does_not_read_is_closed() -> None:
    """With 4408, and not given another page."""
    world = World(100)
    world.late.buffer.unread = resume.CHUNK
    await world.catch_up(0)
    assert world.late.closed_with == 4408
    assert world.late.text == numbers(1, 10)


async def test_who_is_removed_while_a_page_is_read_does_not_receive_it() -> None:
    """Though nobody here has heard of the removal: the database has been asked once more."""
    world = World(35)

    def remove() -> None:
        world.is_removed = True

    world.before_load = [lambda: None, remove]
    await world.catch_up(0)
    assert world.late.text == numbers(1, 10)
    assert world.late.closed_with == 4404


async def test_who_leaves_meanwhile_is_forgotten() -> None:
    """The reading ends, and the hub has no trace of it."""
    world = World(35)

    def leave() -> None:
        world.late.is_closing = True
        world.hub.leave(world.late, CONVERSATION)

    world.before_load = [lambda: None, leave]
    await world.catch_up(0)
    world.happen()
    assert "<36>" not in world.late.text
    assert world.member.text == "<36>"
