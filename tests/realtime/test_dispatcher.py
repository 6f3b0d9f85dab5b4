"""Events out: to this process's sockets, to the other processes, and what these make of it."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import cast

import msgspec
import pytest

from chat.auth.identity import Identity
from chat.changes.messages import MessageDeleted
from chat.changes.participants import ParticipantLeft
from chat.events import (
    AccountChanged,
    Change,
    Ephemeral,
    Event,
    FamilyRevoked,
    MessageRead,
    Reached,
    UserErased,
    UserTyping,
)
from chat.realtime import ends
from chat.realtime.announcements import Announcements
from chat.realtime.connection import Listener
from chat.realtime.deliveries import Batch, Delivery
from chat.realtime.dispatcher import Dispatcher
from chat.realtime.patience import Patience
from chat.realtime.presence.board import Board, LocalBoard
from chat.realtime.relay.relay import Relay, RelayListener
from chat.realtime.subscribers import ConversationSocket
from chat.records import User
from chat.store.history import Name

TALK = 9


class Wire(Relay):
    """Stands for Redis between two processes: keeps what is published, for a test to carry."""

    has_others = True
    is_connected = True
    backlog = 0

    def __init__(self) -> None:
        self.published: list[tuple[int, bytes, int | None]] = []
        self.announced: list[bytes] = []

    def publish(self, conversation_id: int, payload: bytes, seq: int | None) -> None:
        self.published.append((conversation_id, payload, seq))

    def announce(self, payload: bytes) -> None:
        self.announced.append(payload)

    async def flush(self) -> None:
        pass

    async def run(self, listener: RelayListener) -> None:
        pass

    def subscribe(self, conversation_id: int) -> None:
        pass

    def unsubscribe(self, conversation_id: int) -> None:
        pass

    def carry(self, *listeners: RelayListener) -> None:
        """Everything so far arrives, at the one who published it too."""
        for listener in listeners:
            for conversation_id, payload, _ in self.published:
                listener.relayed(conversation_id, payload)
            for payload in self.announced:
                listener.announced(payload)


class Member(ConversationSocket):
    """Stands for a connection: keeps what it receives."""

    def __init__(self, user_id: int = 1) -> None:
        identity = Identity(user_id, f"user{user_id}", False, 0.0, None)
        super().__init__(cast("Listener", None), identity, TALK, 1024)
        self.heard = b""
        self.closed_with = 0

    def send(self, frames: bytes) -> None:
        self.heard += frames

    def close(self, code: int, reason: str = "") -> None:
        self.closed_with = code


class OnBoard(LocalBoard):
    """Stands for Redis, where the nodes `others` live besides this one."""

    def __init__(self, node: str, *others: str) -> None:
        super().__init__()
        self.node = node
        self._others = set(others)

    async def others(self) -> set[str]:
        return set(self._others)


class Node(Announcements):
    """A process; `history` is what the database has."""

    def __init__(self, wire: Wire, history: list[Change], board: Board | None = None) -> None:
        self.history = history
        self.loads = 0
        self.asked = 0
        self.misses = 0
        self.suspicions = 0
        self.revocations: list[FamilyRevoked] = []
        self.ends: list[UserErased | AccountChanged] = []
        self.dispatcher = Dispatcher(wire, self.load, self.seqs, Patience(strange=0.001), board)
        self.dispatcher.listener = self

    def join(self, user_id: int = 1) -> Member:
        member = Member(user_id)
        self.dispatcher.hub.join(member, TALK, len(self.history))
        return member

    async def load(self, _: int, seq: int) -> tuple[list[Change], int, bool]:
        self.loads += 1
        return self.history[seq:], len(self.history), True

    def revoked(self, event: FamilyRevoked) -> None:
        self.revocations.append(event)

    def erased(self, event: UserErased) -> None:
        self.ends.append(event)

    def account_changed(self, event: AccountChanged) -> None:
        self.ends.append(event)

    def missed(self) -> None:
        self.misses += 1

    def suspect(self) -> None:
        self.suspicions += 1

    async def seqs(self, ids: Collection[int]) -> dict[int, int]:
        self.asked += 1
        return dict.fromkeys(ids, len(self.history))

    async def settled(self) -> None:
        async with asyncio.timeout(60):
            while self.dispatcher.is_busy:
                await asyncio.sleep(0)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def nodes(wire: Wire) -> AsyncIterator[tuple[Node, Node]]:
    """Two processes on one database."""
    history: list[Change] = []
    both = Node(wire, history), Node(wire, history)
    yield both
    for node in both:
        await node.dispatcher.close()


def commit(node: Node, count: int = 1) -> list[Event]:
    new: list[Event] = []
    for _ in range(count):
        change = deleted(len(node.history) + 1, 100 + len(node.history))
        node.history.append(change)
        new.append(change)
    return new


def deleted(seq: int, message_id: int = 100) -> Change:
    return Change(TALK, MessageDeleted(message_id, seq=seq))


def typing(user_id: int) -> Ephemeral:
    return Ephemeral(TALK, UserTyping(f"user{user_id}", True), user_id)


def numbers(member: Member) -> list[int]:
    """The `seq` of each change that it received."""
    return [int(part.split(b"}")[0]) for part in member.heard.split(b'"seq":')[1:]]


async def test_changes_reach_the_sockets_of_both_processes_once(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """At once here, and there when the relay brings them; what comes back here is dropped."""
    here, there = nodes
    members = here.join(), there.join(2)
    here.dispatcher.publish(commit(here, 3))
    assert [numbers(member) for member in members] == [[1, 2, 3], []]
    wire.carry(here.dispatcher.incoming, there.dispatcher.incoming)
    wire.carry(there.dispatcher.incoming)
    assert [numbers(member) for member in members] == [[1, 2, 3]] * 2
    assert (here.loads, there.loads) == (0, 0)
    assert [seq for _, _, seq in wire.published] == [3]


async def test_what_another_process_committed_between_is_not_passed_over(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """A batch of the writer may take several transactions, and has a gap then."""
    here, there = nodes
    members = here.join(), there.join(2)
    first, between, *last = commit(here, 4)
    here.dispatcher.publish([first, *last])
    await here.settled()
    assert numbers(members[0]) == [1, 2, 3, 4]
    there.dispatcher.publish([between])
    wire.carry(here.dispatcher.incoming, there.dispatcher.incoming)
    await there.settled()
    assert [numbers(member) for member in members] == [[1, 2, 3, 4]] * 2


async def test_what_the_relay_lost_is_read(nodes: tuple[Node, Node], wire: Wire) -> None:
    """Before what it brings next."""
    here, there = nodes
    member = there.join()
    here.dispatcher.publish(commit(here, 2))
    wire.published.clear()
    here.dispatcher.publish(commit(here))
    wire.carry(there.dispatcher.incoming)
    await there.settled()
    assert numbers(member) == [1, 2, 3]


async def test_a_repeat_beside_its_first_asks_nobody(nodes: tuple[Node, Node]) -> None:
    """Its position is reached by what comes with it; that of something unseen is looked up."""
    here, _ = nodes
    member = here.join()
    here.dispatcher.publish([Reached(TALK, 1), *commit(here)])
    assert (numbers(member), here.loads) == ([1], 0)
    commit(here)
    here.dispatcher.publish([Reached(TALK, 2)])
    await here.settled()
    assert (numbers(member), here.loads) == ([1, 2], 1)


async def test_doubt_is_settled_by_the_database_in_every_process(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """The others receive its position, and read for themselves."""
    here, there = nodes
    members = here.join(), there.join(2)
    commit(here, 2)
    here.dispatcher.doubt([TALK])
    await here.settled()
    wire.carry(there.dispatcher.incoming)
    await there.settled()
    assert [numbers(member) for member in members] == [[1, 2]] * 2


async def test_something_ephemeral_reaches_the_others_everywhere(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """Typing no socket of the user's, reading all but the socket that it came from."""
    here, there = nodes
    origin, beside, again, far = here.join(1), here.join(1), there.join(1), there.join(2)
    here.dispatcher.pass_on(typing(1))
    here.dispatcher.publish([Ephemeral(TALK, MessageRead("user1", 5), 1, origin)])
    wire.carry(here.dispatcher.incoming, there.dispatcher.incoming)
    heard = [one.heard for one in (origin, beside, again, far)]
    assert [b"user.typing" in each for each in heard] == [False, False, False, True]
    assert [b"message.read" in each for each in heard] == [False, True, True, True]


async def test_who_is_removed_is_closed_in_every_process(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """With 4404, after hearing of it."""
    here, there = nodes
    members = here.join(1), there.join(1)
    left = Change(TALK, ParticipantLeft(User(1, "user1"), seq=1))
    here.history.append(left)
    here.dispatcher.publish([left])
    wire.carry(there.dispatcher.incoming)
    assert [(one.closed_with, b"participant.left" in one.heard) for one in members] == [
        (4404, True)
    ] * 2


async def test_a_revoked_family_is_announced_to_every_process_once(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """Here at once."""
    here, there = nodes
    here.dispatcher.ends.revoked(FamilyRevoked("family"))
    wire.carry(here.dispatcher.incoming, there.dispatcher.incoming)
    assert here.revocations == there.revocations == [FamilyRevoked("family")]


async def test_an_end_of_a_user_is_announced_too(nodes: tuple[Node, Node], wire: Wire) -> None:
    """Whether they were erased or suspended; once."""
    here, there = nodes
    here.dispatcher.ends.erased(UserErased(7))
    here.dispatcher.ends.account_changed(AccountChanged(8, is_suspended=True))
    wire.carry(here.dispatcher.incoming, there.dispatcher.incoming)
    assert here.ends == there.ends == [UserErased(7), AccountChanged(8, is_suspended=True)]


async def test_who_announces_an_end_waits_for_all_other_nodes(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has acted on it then. Two who wait at once do not take each other's answers."""
    monkeypatch.setattr(ends, "ANNOUNCE_SECONDS", 60.0)
    names = "one", "two", "three"
    one, two, three = [Node(wire, [], OnBoard(name, *{*names} - {name})) for name in names]
    one.dispatcher.ends.revoked(FamilyRevoked("family"))
    waiting = [asyncio.create_task(node.dispatcher.ends.announced_to_all()) for node in (one, two)]
    async with asyncio.timeout(60):
        while len(wire.announced) < 3:  # the end, and two questions
            await asyncio.sleep(0)
    said = [*wire.announced]
    for payload in said:
        two.dispatcher.incoming.announced(payload)
    assert two.revocations == [FamilyRevoked("family")]
    for payload in wire.announced[len(said) :]:  # the answer of the second, to the first alone
        one.dispatcher.incoming.announced(payload)
        two.dispatcher.incoming.announced(payload)
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting), "the third has not heard of it"
    answered = len(wire.announced)
    for payload in said:
        three.dispatcher.incoming.announced(payload)
    assert three.revocations == [FamilyRevoked("family")]
    for payload in wire.announced[answered:]:
        one.dispatcher.incoming.announced(payload)
    await waiting[0]
    assert not waiting[1].done(), "the first has not answered the second"
    waiting[1].cancel()
    for node in (one, two, three):
        await node.dispatcher.close()


async def test_a_node_that_does_not_answer_holds_nobody_up(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that has just died. It ends by itself, without an error."""
    monkeypatch.setattr(ends, "ANNOUNCE_SECONDS", 0.01)
    alone = Node(wire, [], OnBoard("one", "dead"))
    alone.dispatcher.ends.revoked(FamilyRevoked("family"))
    await alone.dispatcher.ends.announced_to_all()
    assert alone.revocations == [FamilyRevoked("family")]
    for junk in (b"", b"\xc1", msgspec.msgpack.encode(("one", 1))):
        alone.dispatcher.ends.heard(b"Y", junk)
        alone.dispatcher.ends.heard(b"Q", junk)
    await alone.dispatcher.close()


def batch_of_an_older_version(before: int, seq: int) -> bytes:
    """A mark of 8 bytes, a letter, and a batch that could be decoded."""
    return b"12345678C" + msgspec.msgpack.encode(Batch(before, [Delivery(seq, b'{"seq":99}')]))


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"x",
        b"12345678",
        b"12345678C\xff",
        b"12345678P\x00",
        b"12345678C\xc1",
        batch_of_an_older_version(0, 1),
    ],
)
async def test_what_another_version_publishes_harms_nobody(
    nodes: tuple[Node, Node], junk: bytes
) -> None:
    """The database has whatever it was about."""
    here, _ = nodes
    member = here.join()
    commit(here)
    here.dispatcher.incoming.relayed(TALK, junk)
    here.dispatcher.incoming.announced(junk)
    here.dispatcher.incoming.announced(b"12345678R\xff")
    here.dispatcher.incoming.relayed(TALK, b"12345678C\xff")
    await here.settled()
    assert numbers(member) == [1]
    assert here.revocations == []


async def test_older_versions_look_into_the_database_for_what_this_one_publishes(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """They read a letter behind a mark of 8 bytes, and then a batch, which must fail."""
    here, _ = nodes
    here.dispatcher.publish(commit(here))
    [(_, payload, _)] = wire.published
    assert payload[8:9] == b"C"
    with pytest.raises(msgspec.DecodeError):
        msgspec.msgpack.decode(payload[9:], type=Batch)


async def test_a_revocation_of_another_version_is_looked_up(nodes: tuple[Node, Node]) -> None:
    """The database says which sign-ins are revoked."""
    here, _ = nodes
    here.dispatcher.incoming.announced(b"12345678Rfamily")
    assert (here.misses, here.revocations) == (1, [])


async def test_news_of_another_deployment_is_nobodys(nodes: tuple[Node, Node], wire: Wire) -> None:
    """Neither what lasts nor what passes, nor a revocation, nor how far a conversation is."""
    here, other = nodes
    other.dispatcher.belong(Name("another", "b7c2"))
    member = here.join()
    other.dispatcher.publish([deleted(1), Reached(TALK, 9)])
    other.dispatcher.publish([deleted(10)])
    other.dispatcher.pass_on(typing(2))
    other.dispatcher.ends.revoked(FamilyRevoked("family"))
    other.dispatcher.announce_history()
    wire.carry(here.dispatcher.incoming)
    await here.settled()
    assert member.heard == b""
    assert (here.revocations, here.misses, here.suspicions) == ([], 0, 0)
    assert (here.loads, here.asked) == (0, 0)


async def test_a_batch_of_another_epoch_is_not_believed(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """The database is asked instead, and what the history is called by now; not each time."""
    here, there = nodes
    there.dispatcher.belong(Name("", "another epoch"))
    member = here.join()
    for _ in range(1000):
        there.dispatcher.publish([deleted(1, 666)])
    there.dispatcher.pass_on(typing(2))
    commit(here)
    wire.carry(here.dispatcher.incoming)
    await here.settled()
    assert b"666" not in member.heard
    assert b"user.typing" not in member.heard
    assert numbers(member) == [1]
    assert here.suspicions > 0
    assert here.asked + here.loads <= 3


async def test_a_revocation_of_another_epoch_counts(nodes: tuple[Node, Node], wire: Wire) -> None:
    """It is the same deployment's, and one of the two is only late."""
    here, there = nodes
    there.dispatcher.belong(Name("", "another epoch"))
    there.dispatcher.ends.revoked(FamilyRevoked("family"))
    wire.carry(here.dispatcher.incoming)
    assert here.revocations == [FamilyRevoked("family")]
    assert here.suspicions == 1


async def test_a_new_name_of_the_history_is_announced(nodes: tuple[Node, Node], wire: Wire) -> None:
    """To all processes, which look, each once; here at once."""
    here, there = nodes
    here.dispatcher.announce_history()
    assert (here.suspicions, there.suspicions) == (1, 0)
    wire.carry(here.dispatcher.incoming, there.dispatcher.incoming)
    assert (here.suspicions, there.suspicions) == (1, 1)
