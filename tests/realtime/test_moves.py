"""Who comes back hears of the groups that moved since a moment, whatever happened to them."""

import tracemalloc
from collections.abc import Collection

from hypothesis import given, settings
from hypothesis import strategies as st

from chat.realtime.deliveries import Delivery
from chat.realtime.hub import Hub
from chat.realtime.moves import Moves
from chat.realtime.seating import Before
from chat.realtime.seats import new_seat
from tests.realtime.test_hub_histories import another_of, batch

MANY = 300_000
CONVERSATIONS = range(1, 5)

steps = st.lists(
    st.tuples(st.sampled_from(["say", "remove", "add", "rest"]), st.sampled_from(CONVERSATIONS)),
    max_size=20,
)


class World:
    """A user with a live socket in all conversations, who may be removed from some and added."""

    def __init__(self) -> None:
        self.seqs = dict.fromkeys(CONVERSATIONS, 0)
        self.hub = Hub(self.load, self.read, lambda _: None, lambda _: None)
        self.seat = new_seat(1)
        self.live = another_of(self.seat)
        self.hub.seating.seat(self.seat, self.seqs)
        self.hub.seating.enter(self.live, self.seqs, {})

    async def load(self, conversation: int, after: int) -> tuple[list[Delivery], int, bool]:
        seq = self.seqs[conversation]
        return batch(after + 1, seq).changes, seq, True

    async def read(self, conversations: Collection[int]) -> dict[int, int]:
        return {one: self.seqs[one] for one in conversations}

    async def happens(self, step: str, conversation: int) -> None:
        is_in = conversation in self.seat.conversations
        if step == "say" or (step == "remove" and is_in):
            self.seqs[conversation] += 1
            seq = self.seqs[conversation]
            removing = {seq: 1} if step == "remove" else None
            self.hub.deliver(conversation, batch(seq, seq, removing=removing))
        elif step == "add" and not is_in:
            seq = self.seqs[conversation]
            self.hub.begin_resuming(self.live, conversation, seq)
            assert self.hub.finish_resuming(self.live, conversation, seq)
        elif step == "rest":
            await self.hub.rest()
            await self.hub.rest()

    def positions(self) -> dict[int, int]:
        """Of the groups in which the user is."""
        here = {one: self.hub._groups.position(one) for one in self.seat.conversations}
        return {one: seq for one, seq in here.items() if seq is not None}


@settings(max_examples=300)
@given(steps, steps)
async def test_a_group_that_moved_since_the_moment_is_read_from_where_it_was_then(
    earlier: list[tuple[str, int]], meanwhile: list[tuple[str, int]]
) -> None:
    """Also where its group rested, or ended and began anew. Of the others nothing is read."""
    world = World()
    back = another_of(world.seat)
    for step, conversation in earlier:
        await world.happens(step, conversation)
    noted = world.positions()
    before = Before(world.seat.conversations[:], world.hub.seating.now())
    for step, conversation in meanwhile:
        await world.happens(step, conversation)
    here = world.positions()
    late = world.hub.seating.enter_again(back, before, {}, {})
    assert late == {one: at for one, at in noted.items() if here.get(one, at) != at}
    assert set(back.lost) == noted.keys() - here.keys()
    is_in = {one for one in CONVERSATIONS if world.hub.is_in(back, one)}
    assert is_in == noted.keys() & here.keys()
    heard = len(back.seqs)
    for conversation in CONVERSATIONS:
        await world.happens("say", conversation)
    assert len(back.seqs) - heard == len(is_in - late.keys())


def test_moves_that_nobody_waits_for_are_not_kept() -> None:
    moves = Moves()
    moves.note(1, 1)
    tracemalloc.start()
    try:
        for position in range(1000):
            moves.note(1, position)
        assert tracemalloc.get_traced_memory()[0] < 1000
    finally:
        tracemalloc.stop()


def test_very_many_moves_are_found_and_then_let_go() -> None:
    moves = Moves()
    moment = moves.last
    for number in range(MANY):
        moves.note(number % 1000, number)
    assert moment.since() == {number: number for number in range(1000)}
    del moment
    assert moves.last.since() == {}
