"""The hub against any history: what the relay loses, doubles or brings late, and who comes late."""

import asyncio
import re
from collections.abc import Collection
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.auth.identity import Identity
from chat.realtime.connection import Listener
from chat.realtime.deliveries import Batch, Delivery
from chat.realtime.framing import text_frame
from chat.realtime.hub import Hub
from chat.realtime.seats import Seat, new_seat, place_of
from chat.realtime.subscribers import ConversationSocket, Subscriber, UserSocket

TALK = 9
SEQ = re.compile(rb'"seq":(\d+)')
PAGE = 3

deliveries = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 4), st.booleans(), st.integers(0, 3)),
    max_size=25,
)
"""First change, how many more, whether it names its end only, and turns of the loop after it."""


class Recorder(Subscriber):
    """Stands for a connection: keeps the `seq` of each change that it receives."""

    seqs: list[int]

    def send(self, frames: bytes) -> None:
        assert not self.closed_with, "received something after its close"
        self.seqs += [int(number) for number in SEQ.findall(frames)]

    def close(self, code: int, reason: str = "") -> None:
        self.closed_with = code


class OfOne(Recorder, ConversationSocket):
    """A socket of `/ws/chat/`."""

    def __init__(self, user_id: int) -> None:
        ConversationSocket.__init__(self, cast("Listener", None), identity(user_id), TALK, 1024)
        self.seqs = []


class OfAll(Recorder, UserSocket):
    """A socket of `/ws/`, which outlives the conversation."""

    def __init__(self, user_id: int) -> None:
        UserSocket.__init__(self, cast("Listener", None), identity(user_id), 1024, self)
        self.seqs = []
        self.seat = new_seat(user_id)
        self.seat.add(self)
        self.seat.enter(self)
        self.lost: list[int] = []

    def conversation_lost(self, connection: UserSocket, conversation_id: int) -> None:
        assert connection is self
        self.lost.append(conversation_id)


def identity(user_id: int) -> Identity:
    return Identity(user_id, f"user{user_id}", False, 0.0, None)


KINDS: list[type[OfOne | OfAll]] = [OfOne, OfAll]
of_each_kind = pytest.mark.parametrize("kind", KINDS)


def frame(seq: int) -> bytes:
    return text_frame(b'{"seq":%d}' % seq)


def batch(first: int, last: int, *, removing: dict[int, int] | None = None) -> Batch:
    """The changes from `first` to `last`; `removing` has the user whom one of them removes."""
    users = removing or {}
    return Batch(
        first - 1,
        [Delivery(seq, frame(seq), users.get(seq, 0)) for seq in range(first, last + 1)],
    )


class Database:
    """One conversation that has come as far as `seq`, read a page at a time."""

    def __init__(self) -> None:
        self.seq = 0
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.hub = Hub(self.load, self.seqs, lambda _: None, lambda _: None)

    async def load(self, _: int, after: int) -> tuple[list[Delivery], int, bool]:
        await self.is_open.wait()
        last = max(after, min(after + PAGE, self.seq))
        return batch(after + 1, last).changes, last, last >= self.seq

    async def seqs(self, conversation_ids: Collection[int]) -> dict[int, int]:
        return dict.fromkeys(conversation_ids, self.seq)

    async def settled(self) -> None:
        """The hub has read all that it began to read."""
        async with asyncio.timeout(60):
            while self.hub.is_busy:
                await asyncio.sleep(0)

    def deliver(self, news: Batch) -> None:
        """Of what is in the database, as everything is that is published."""
        self.seq = max([self.seq, news.before, *(change.seq for change in news.changes)])
        self.hub.deliver(TALK, news)


@settings(max_examples=100)
@given(deliveries)
async def test_whatever_the_relay_does_changes_come_once_and_in_order(
    news: list[tuple[int, int, bool, int]],
) -> None:
    """Lost, doubled, overlapping, late and empty batches, with pauses anywhere."""
    database, members = Database(), [OfOne(1), OfAll(1)]
    for member in members:
        database.hub.join(member, TALK, 0)
    for first, more, is_empty, turns in news:
        last = first + more
        database.deliver(Batch(last, []) if is_empty else batch(first, last))
        for _ in range(turns):
            await asyncio.sleep(0)
    await database.settled()
    expected = list(range(1, database.seq + 1))
    assert [member.seqs for member in members] == [expected, expected]


@settings(max_examples=100)
@given(deliveries, st.integers(0, 24), st.integers(0, 30), st.sampled_from(KINDS))
async def test_who_resumes_among_live_news_misses_and_repeats_nothing(
    news: list[tuple[int, int, bool, int]], begins: int, since: int, kind: type[OfOne | OfAll]
) -> None:
    """It reads from its point on until the members are no further, and goes on with them."""
    database, resuming = Database(), kind(1)
    database.hub.join(OfOne(2), TALK, 0)
    reading: asyncio.Task[None] | None = None
    for place, (first, more, is_empty, turns) in enumerate(news):
        if place == begins:
            since = min(since, database.seq)
            database.hub.begin_resuming(resuming, TALK, since)
            reading = asyncio.create_task(resume(database, resuming, since))
        last = first + more
        database.deliver(Batch(last, []) if is_empty else batch(first, last))
        for _ in range(turns):
            await asyncio.sleep(0)
    if reading is not None:
        await reading
    await database.settled()
    expected = [] if reading is None else list(range(since + 1, database.seq + 1))
    assert resuming.seqs == expected


async def resume(database: Database, resuming: Recorder, point: int) -> None:
    is_last = False
    while not (is_last and database.hub.finish_resuming(resuming, TALK, point)):
        changes, point, is_last = await database.load(TALK, point)
        resuming.seqs += [change.seq for change in changes]
        await asyncio.sleep(0)


@of_each_kind
async def test_removing_the_last_member_in_the_midst_of_a_batch_ends_the_group(
    kind: type[OfOne | OfAll],
) -> None:
    """What follows is nobody's, and who joins later begins where the database is."""
    database, removed = Database(), kind(1)
    database.hub.join(removed, TALK, 0)
    database.deliver(batch(1, 3, removing={2: 1}))
    assert removed.seqs == [1, 2]
    if isinstance(removed, OfAll):
        assert (removed.lost, removed.closed_with, list(removed.seat.conversations)) == (
            [TALK],
            0,
            [],
        )
    else:
        assert removed.closed_with == 4404
    assert TALK not in database.hub
    later = kind(2)
    database.hub.join(later, TALK, database.seq)
    database.deliver(batch(3, 4))
    assert later.seqs == [4]


@of_each_kind
async def test_who_leaves_while_a_gap_is_read_hears_nothing_and_who_joins_hears_the_rest(
    kind: type[OfOne | OfAll],
) -> None:
    """The reading for the old group does not disturb the new one."""
    database, gone, new = Database(), kind(1), kind(1)
    database.hub.join(gone, TALK, 0)
    database.is_open.clear()
    database.deliver(batch(5, 5))
    await asyncio.sleep(0)
    database.hub.leave(gone, TALK)
    database.hub.join(new, TALK, database.seq)
    database.deliver(batch(6, 6))
    database.is_open.set()
    await database.settled()
    assert (gone.seqs, new.seqs) == ([], [6])


steps = st.lists(
    st.sampled_from(["say", "open", "close", "remove", "add", "add to one", "vacate", "rest"]),
    max_size=30,
)


def another_of(seat: Seat) -> OfAll:
    one = OfAll(seat.user_id)
    one.seat = seat
    seat.add(one)
    return one


def add(database: Database, sockets: list[OfAll]) -> None:
    for one in sockets:
        database.hub.begin_resuming(one, TALK, database.seq)
        assert database.hub.finish_resuming(one, TALK, database.seq)


async def look_after(hub: Hub, seat: Seat, step: str) -> None:
    if step == "vacate":
        await hub.seating.vacate(seat)
        assert seat.sockets or not seat.conversations
    elif step == "rest":
        await hub.rest()
        await hub.rest()


@settings(max_examples=200)
@given(steps, st.booleans())
async def test_sockets_of_one_user_come_and_go_and_each_gets_what_happens_while_it_is_in(
    history: list[str], has_others: bool
) -> None:
    """One seat for all of them; a conversation that is lost and had again; a seat that is kept, and
    a group that rests.
    """
    database, seat = Database(), new_seat(1)
    hub = database.hub
    witness = OfOne(2)
    if has_others:
        hub.join(witness, TALK, 0)
    sockets: list[OfAll] = []
    expected: dict[OfAll, list[int]] = {}
    is_participant = True
    for step in history:
        is_in = [one for one in sockets if hub.is_in(one, TALK)]
        if step in ("say", "remove"):
            seq = database.seq + 1
            is_removal = step == "remove" and is_participant
            database.deliver(batch(seq, seq, removing={seq: 1} if is_removal else None))
            for one in is_in:
                expected[one].append(seq)
            is_participant = is_participant and not is_removal
        elif step == "open":
            one = another_of(seat)
            sockets.append(one)
            expected[one] = []
            positions = {TALK: database.seq} if is_participant else {}
            hub.seating.seat(seat, {} if TALK in seat.conversations else positions)
            assert hub.seating.enter(one, positions, {}) == {}
        elif step == "close" and sockets:
            gone = sockets.pop(0)
            seat.remove(gone)
            hub.seating.exit(gone)
        elif step in ("add", "add to one") and not set(sockets) <= set(is_in):
            is_participant = True
            out = [one for one in sockets if one not in is_in]
            add(database, out[: 1 if step == "add to one" else None])
        else:
            await look_after(hub, seat, step)
        assert (place_of(hub._groups.wide_of(TALK), seat) >= 0) == (TALK in seat.conversations)
        assert {one: one.seqs for one in sockets} == {one: expected[one] for one in sockets}
        assert [one for one in sockets if one.unsettled] == [
            one for one in sockets if TALK in seat.conversations and not hub.is_in(one, TALK)
        ]
    await database.settled()
    assert witness.seqs == (list(range(1, database.seq + 1)) if has_others else [])
