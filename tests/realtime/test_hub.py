"""In order, once, and without a gap: the hub, with a history in a list as its database."""

import asyncio
from collections.abc import Collection
from typing import cast

import pytest

from chat import metrics
from chat.auth.identity import Identity
from chat.errors import Unavailable
from chat.events import MessageRead, UserTyping
from chat.realtime.bag import FEW as MANY
from chat.realtime.connection import Listener
from chat.realtime.deliveries import Batch, Delivery
from chat.realtime.ephemeral import AT_ONCE
from chat.realtime.healing import WAITING_MAX
from chat.realtime.hub import Hub
from chat.realtime.patience import Patience
from chat.realtime.protocol import frame_of, of_conversation
from chat.realtime.seats import new_seat
from chat.realtime.subscribers import ConversationSocket, Removals, UserSocket
from chat.realtime.writing import FEW

CONVERSATION = 7


class Member(ConversationSocket):
    """Stands for a connection: keeps what is delivered to it."""

    def __init__(self, user_id: int = 1) -> None:
        identity = Identity(user_id, f"user{user_id}", False, 0.0, None)
        super().__init__(cast("Listener", None), identity, CONVERSATION, 1024)
        self.received = b""
        self.writes = 0
        self.flushed_at: int | None = None

    def send(self, frames: bytes) -> None:
        self.received += frames
        self.writes += 1

    def flush(self) -> None:
        self.flushed_at = len(self.received)

    def close(self, code: int, reason: str = "") -> None:
        self.closed_with = code


class World:
    """A hub whose database is `history`; `failures` reads fail first."""

    def __init__(self, seq: int = 0) -> None:
        self.history = [change_of(number) for number in range(1, seq + 1)]
        self.failures = 0
        self.loads = 0
        self.opened: list[int] = []
        self.closed: list[int] = []
        self.gone_back: list[tuple[int, int, int]] = []
        self.hub = Hub(
            self.load,
            self.seqs,
            self.opened.append,
            self.closed.append,
            self.go_back,
            Patience(retry=0.001),
        )

    def go_back(self, conversation_id: int, known: int, stored: int) -> None:
        self.gone_back.append((conversation_id, known, stored))

    def join(self, user_id: int = 1) -> Member:
        member = Member(user_id)
        self.hub.join(member, CONVERSATION, len(self.history))
        return member

    def commit(self, *removed: int) -> Batch:
        """So many changes are stored, each removing a user (0: none); the batch of them."""
        before = len(self.history)
        changes = [
            change_of(before + place + 1, removed=user)
            for place, user in enumerate(removed or (0,))
        ]
        self.history += changes
        return Batch(before, changes)

    def deliver_own(self, batch: Batch) -> None:
        """As a commit of this process is delivered."""
        self.hub.begin_commit()
        self.hub.deliver_own(CONVERSATION, batch)

    async def load(self, _: int, seq: int) -> tuple[list[Delivery], int, bool]:
        self.loads += 1
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise Unavailable("away", retry_after=1)
        page = self.history[seq : seq + 3]
        end = min(seq, len(self.history)) + len(page)
        return page, end, end == len(self.history)

    async def seqs(self, ids: Collection[int]) -> dict[int, int]:
        if self.failures:
            self.failures -= 1
            raise Unavailable("away", retry_after=1)
        return dict.fromkeys(ids, len(self.history))

    async def settle(self) -> None:
        """Let the hub read what it has begun to read."""
        async with asyncio.timeout(60):
            while self.hub.is_busy:
                await asyncio.sleep(0)


def change_of(seq: int, *, removed: int = 0) -> Delivery:
    return Delivery(seq, f"<{seq}>".encode(), removed)


def numbers(first: int, last: int) -> bytes:
    return "".join(f"<{seq}>" for seq in range(first, last + 1)).encode()


async def test_a_batch_is_one_write() -> None:
    """For each member, whatever the number of its changes."""
    world = World()
    members = [world.join(), world.join(2)]
    world.hub.deliver(CONVERSATION, world.commit(0, 0, 0))
    assert [(member.received, member.writes) for member in members] == [(numbers(1, 3), 1)] * 2


async def test_among_many_what_is_held_goes_first() -> None:
    """A few get it together with the message, in one write."""
    for count in (FEW, FEW + 1):
        world = World()
        members = [world.join(user) for user in range(1, count + 1)]
        members[0].hold(b"ack")
        world.deliver_own(world.commit())
        assert members[0].flushed_at == (0 if count > FEW else None)
        await asyncio.sleep(0)
        assert members[0].flushed_at is not None, "it is written at the end of the step at last"


class Wide(UserSocket):
    """A socket of all conversations that keeps what is delivered to it, and how often."""

    def __init__(self, user_id: int) -> None:
        identity = Identity(user_id, f"user{user_id}", False, 0.0, None)
        super().__init__(cast("Listener", None), identity, 1024, cast("Removals", None))
        self.received = b""
        self.writes = 0

    def send(self, frames: bytes) -> None:
        self.received += frames
        self.writes += 1


async def test_each_batch_goes_to_the_sockets_that_a_user_has_by_then() -> None:
    """They come and go between the batches, and the group's seats stay the same."""
    world, seat = World(), new_seat(5)

    def enter() -> Wide:
        socket = Wide(5)
        socket.seat = seat
        seat.add(socket)
        world.hub.seating.seat(seat, {} if seat.conversations else {CONVERSATION: 0})
        world.hub.seating.enter(socket, {CONVERSATION: len(world.history)}, {})
        return socket

    phone = enter()
    world.deliver_own(world.commit())
    tablet = enter()
    world.deliver_own(world.commit())
    seat.remove(phone)
    world.hub.seating.exit(phone)
    world.deliver_own(world.commit())
    seat.remove(tablet)
    world.deliver_own(world.commit())
    assert (phone.writes, tablet.writes) == (2, 2)


async def test_what_was_delivered_is_not_delivered_again() -> None:
    """A batch that comes twice, and one that overlaps."""
    world = World()
    member = world.join()
    first, second = world.commit(0, 0), world.commit(0)
    world.hub.deliver(CONVERSATION, first)
    world.hub.deliver(CONVERSATION, first)
    world.hub.deliver(CONVERSATION, Batch(1, [*first.changes[1:], *second.changes]))
    assert member.received == numbers(1, 3)
    assert world.loads == 0


async def test_a_gap_is_read_before_anything_later() -> None:
    """Once for all members, page by page; then what came meanwhile."""
    world = World()
    members = [world.join(), world.join(2)]
    for _ in range(7):
        world.commit()
    late = world.commit()
    world.hub.deliver(CONVERSATION, late)
    world.hub.deliver(CONVERSATION, world.commit())
    assert members[0].received == b""
    await world.settle()
    assert [member.received for member in members] == [numbers(1, 9)] * 2
    assert world.loads == 3


async def test_batches_in_the_wrong_order_come_out_right() -> None:
    """The later one first."""
    world = World()
    member = world.join()
    first, second = world.commit(), world.commit()
    world.hub.deliver(CONVERSATION, second)
    world.hub.deliver(CONVERSATION, first)
    await world.settle()
    assert member.received == numbers(1, 2)


async def test_a_database_that_is_away_is_asked_again() -> None:
    """Until it answers; nothing later is delivered before."""
    world = World()
    member = world.join()
    world.commit()
    world.failures = 3
    world.hub.deliver(CONVERSATION, world.commit())
    await world.settle()
    assert member.received == numbers(1, 2)


async def test_progress_alone_makes_the_hub_look() -> None:
    """A batch without changes says how far the conversation is."""
    world = World()
    member = world.join()
    world.commit(0, 0)
    world.hub.deliver(CONVERSATION, Batch(2, []))
    await world.settle()
    assert member.received == numbers(1, 2)
    world.hub.deliver(CONVERSATION, Batch(2, []))
    assert world.loads == 1


async def test_what_the_database_does_not_have_is_asked_for_less_and_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Members get what is their own meanwhile, at once; each question in vain is counted."""
    pauses: list[float] = []
    loops = 0

    async def sleep(seconds: float) -> None:
        nonlocal loops
        if seconds:
            pauses.append(seconds)
        loops += 1
        await real_sleep(0)

    real_sleep = asyncio.sleep
    world = World(3)
    member = world.join()
    before = counted()
    monkeypatch.setattr(asyncio, "sleep", sleep)
    world.hub.deliver(CONVERSATION, Batch(1000, [change_of(1001)]))
    while len(pauses) < 10:
        await real_sleep(0)
    world.hub.deliver(CONVERSATION, world.commit())
    assert member.received == numbers(4, 4)
    expected = Patience().in_vain
    assert pauses[:10] == [*expected, *[expected[-1]] * 3]
    assert world.loads - len(pauses) in (0, 1)
    assert counted() - before == len(pauses)
    assert world.gone_back == []
    world.history += [change_of(seq) for seq in range(5, 1001)]
    await world.settle()
    assert member.received == numbers(4, 1001)


def counted() -> float:
    """How often the database was asked in vain."""
    value = metrics.registry.get_sample_value("payam_heals_in_vain_total")
    assert value is not None
    return value


async def test_a_group_that_is_left_asks_no_more() -> None:
    """Even while something waits that the database does not have."""
    world = World(3)
    member = world.join()
    world.hub.deliver(CONVERSATION, Batch(1000, [change_of(1001)]))
    world.hub.leave(member, CONVERSATION)
    await world.settle()
    assert world.loads <= 1


@pytest.mark.parametrize("stored", [2, 0])
async def test_a_database_that_was_put_back_is_noticed(stored: int) -> None:
    """By a check and by reading what is missing: it has less than the members here."""
    world = World(5)
    world.join()
    del world.history[stored:]
    world.hub.check([CONVERSATION])
    await world.settle()
    assert world.gone_back == [(CONVERSATION, 5, stored)]
    world.hub.deliver(CONVERSATION, Batch(9, []))
    while len(world.gone_back) < 2:
        await asyncio.sleep(0)
    await world.hub.close()
    assert world.gone_back[1] == (CONVERSATION, 5, stored)


async def test_a_commit_with_numbers_that_were_given_before_is_noticed() -> None:
    """Members have received the present 4 and 5, and now this process commits others."""
    world = World(3)
    member = world.join()
    world.deliver_own(world.commit(0, 0))
    del world.history[2:]
    world.deliver_own(world.commit())
    assert world.gone_back == [(CONVERSATION, 5, 3)]
    assert member.received == numbers(4, 5)


async def test_a_commit_that_was_read_before_it_was_delivered_is_no_going_back() -> None:
    """The hub has met it in the database, where it came to read, or where a member joined."""
    world = World(3)
    member = world.join()
    first = world.commit()
    world.hub.deliver(CONVERSATION, Batch(4, []))
    await world.settle()
    world.deliver_own(first)
    second = world.commit()
    world.hub.leave(member, CONVERSATION)
    late = world.join()
    world.deliver_own(second)
    world.deliver_own(world.commit())
    assert (member.received, late.received) == (numbers(4, 4), numbers(6, 6))
    assert world.gone_back == []


async def test_what_is_committed_during_a_check_is_no_going_back() -> None:
    """The answer is older than what the members have got since it was asked for."""
    world = World(5)
    member = world.join()

    async def slow(ids: Collection[int]) -> dict[int, int]:
        answer = dict.fromkeys(ids, len(world.history))
        world.hub.deliver(CONVERSATION, world.commit())
        return answer

    world.hub._comparing._seqs = slow
    world.hub.check([CONVERSATION])
    await world.settle()
    assert (member.received, world.gone_back) == (numbers(6, 6), [])


async def test_after_a_clearing_a_conversation_begins_anew() -> None:
    """Where the database is then; who was there before gets nothing and leaves nothing."""
    world = World(5)
    before = world.join()
    world.hub.clear()
    del world.history[2:]
    after = world.join(2)
    world.hub.deliver(CONVERSATION, world.commit())
    world.hub.leave(before, CONVERSATION)
    world.hub.deliver(CONVERSATION, world.commit())
    assert (before.received, after.received) == (b"", numbers(3, 4))
    assert (world.opened, world.closed) == ([CONVERSATION] * 2, [CONVERSATION])


async def test_doubt_is_settled_by_the_database() -> None:
    """In one query for all that are in doubt, again when it fails."""
    world = World()
    member = world.join()
    world.commit(0, 0)
    world.failures = 1
    world.hub.check([CONVERSATION, 99])
    await world.settle()
    assert member.received == numbers(1, 2)


async def test_more_than_can_wait_is_read_instead() -> None:
    """What is dropped from the bounded wait is a gap like any other."""
    world = World()
    member = world.join()
    world.commit()
    count = WAITING_MAX + 50
    for _ in range(count):
        world.hub.deliver(CONVERSATION, world.commit())
    await world.settle()
    assert member.received == numbers(1, count + 1)


async def test_who_is_removed_hears_of_it_and_of_nothing_later() -> None:
    """Closed with 4404 in the middle of a batch; the others get all of it."""
    world = World()
    stays, leaves = world.join(1), world.join(2)
    world.hub.deliver(CONVERSATION, world.commit(0, 2, 0))
    assert stays.received == numbers(1, 3)
    assert (leaves.received, leaves.closed_with) == (numbers(1, 2), 4404)
    world.hub.deliver(CONVERSATION, world.commit())
    assert leaves.received == numbers(1, 2)


async def test_what_passes_goes_to_the_others() -> None:
    """Not to the socket that it came from, and not to the user it is about."""
    world = World()
    one, again, other = world.join(1), world.join(1), world.join(2)
    world.hub.pass_on(CONVERSATION, b"typing", except_connection=one)
    assert [member.received for member in (one, again, other)] == [b"", b"typing", b"typing"]
    world.hub.pass_on(CONVERSATION, b" read", except_users=(1,))
    assert [member.received for member in (one, again, other)] == [b"", b"typing", b"typing read"]


async def test_what_passes_goes_to_who_is_ahead_too() -> None:
    """They are live, though the others are behind them."""
    world = World()
    behind, ahead = world.join(), Member(2)
    world.hub.begin_resuming(ahead, CONVERSATION, 0)
    world.hub.pass_on(CONVERSATION, b"early ", except_users=(9,))
    world.commit()
    assert world.hub.finish_resuming(ahead, CONVERSATION, 1)
    world.hub.pass_on(CONVERSATION, b"typing", except_users=(9,))
    assert (behind.received, ahead.received) == (b"early typing", b"typing")


async def test_a_mark_of_reading_goes_to_who_still_resumes() -> None:
    """The marks that were looked up for it may be older."""
    world = World()
    late = Member(2)
    world.hub.begin_resuming(late, CONVERSATION, 0)
    world.hub.pass_on(CONVERSATION, b"read")
    assert late.received == b"read"


def mark(name: str, message: int) -> bytes:
    return frame_of(MessageRead(name, message))


async def test_marks_of_reading_wait_for_each_other_among_many_sockets() -> None:
    """The first goes out at once. Then each socket gets one write, with the newest of each user;
    not its own, and nothing that its user may not see. With few sockets nothing waits.
    """
    world = World()
    few = [world.join(number) for number in range(1, AT_ONCE + 1)]
    for message in (1, 2, 3):
        world.hub.pass_on(CONVERSATION, mark("sara", message))
    assert few[0].received == mark("sara", 1) + mark("sara", 2) + mark("sara", 3)
    seat = new_seat(90)
    wide = Wide(90)
    wide.seat = seat
    seat.add(wide)
    world.hub.seating.seat(seat, {CONVERSATION: 0})
    world.hub.seating.enter(wide, {CONVERSATION: 0}, {})
    reader, blocker, other = few[:3]
    for member in few:
        member.received, member.writes = b"", 0
    world.hub.pass_on(CONVERSATION, mark("ali", 4))
    world.hub.pass_on(CONVERSATION, mark("sara", 4), except_connection=reader)
    world.hub.pass_on(CONVERSATION, mark("reza", 4))
    world.hub.pass_on(CONVERSATION, mark("sara", 5), except_connection=reader)
    typing = frame_of(UserTyping("ali", True))
    blocked = (blocker.identity.user_id,)
    world.hub.pass_on(CONVERSATION, typing, except_users=blocked)
    assert other.received == mark("ali", 4)
    late = Member(92)
    world.hub.begin_resuming(late, CONVERSATION, 0)
    async with asyncio.timeout(60):
        while other.writes < 2:
            await asyncio.sleep(0.001)
    marks = mark("reza", 4) + mark("sara", 5)
    assert (other.received, other.writes) == (mark("ali", 4) + marks + typing, 2)
    assert reader.received == mark("ali", 4) + mark("reza", 4) + typing
    assert blocker.received == mark("ali", 4) + marks
    assert late.received == marks
    frames = (mark("ali", 4), mark("reza", 4), mark("sara", 5), typing)
    assert wide.received == b"".join(of_conversation(one, CONVERSATION) for one in frames)
    world.hub.pass_on(CONVERSATION, mark("ali", 6))
    async with asyncio.timeout(60):
        while other.writes < 3:
            await asyncio.sleep(0.001)
    assert other.received.endswith(mark("ali", 6))
    await world.hub.close()


async def test_many_members_are_few_again() -> None:
    """Each gets each change once, however the group keeps them, and nobody who left does."""
    world = World()
    members = [world.join(number) for number in range(1, 4 * MANY)]
    world.hub.join(members[0], CONVERSATION, 0)
    world.hub.deliver(CONVERSATION, world.commit())
    for member in members[1:]:
        world.hub.leave(member, CONVERSATION)
        world.hub.leave(member, CONVERSATION)
    world.hub.deliver(CONVERSATION, world.commit())
    assert members[0].received == numbers(1, 2)
    assert {member.received for member in members[1:]} == {numbers(1, 1)}
    world.hub.leave(members[0], CONVERSATION)
    assert world.closed == [CONVERSATION]


async def test_a_conversation_opens_with_its_first_and_closes_with_its_last() -> None:
    """Once each, and what comes for a closed one is nobody's."""
    world = World()
    members = [world.join(), world.join(2)]
    for member in members:
        world.hub.leave(member, CONVERSATION)
    world.hub.leave(members[0], CONVERSATION)
    assert (world.opened, world.closed) == ([CONVERSATION], [CONVERSATION])
    world.hub.deliver(CONVERSATION, world.commit())
    assert [member.received for member in members] == [b"", b""]


async def test_a_fault_in_reading_closes_the_sockets() -> None:
    """With 1011: they come back and resume, instead of missing changes in silence."""
    world = World()
    member = world.join()
    world.history = cast("list[Delivery]", None)
    world.hub.deliver(CONVERSATION, Batch(5, []))
    await world.settle()
    assert member.closed_with == 1011
    assert world.closed == [CONVERSATION]
