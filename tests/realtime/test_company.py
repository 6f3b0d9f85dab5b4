"""A node that is alone publishes no changes, and one that is not does."""

from collections.abc import AsyncIterator

import pytest

from chat.events import Change, OwnChanged, Reached
from chat.realtime import company as module
from chat.realtime import news
from chat.realtime.company import Company
from chat.realtime.presence.board import Beat
from tests.realtime.test_dispatcher import TALK, Node, Wire, commit, numbers, typing

ALONE = Beat(True, set(), 0)


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def nodes(wire: Wire) -> AsyncIterator[tuple[Node, Node]]:
    """Two processes on one database. The first does not know of the second."""
    history: list[Change] = []
    both = Node(wire, history), Node(wire, history)
    here, _ = both
    here.dispatcher.company = Company(quiet=0.0)
    here.dispatcher.beaten(ALONE)
    wire.announced.clear()
    yield both
    for node in both:
        await node.dispatcher.close()


async def test_a_node_that_is_alone_publishes_nothing(nodes: tuple[Node, Node], wire: Wire) -> None:
    """Of conversations. Its own sockets get it all the same, and announcements still go out."""
    here, _ = nodes
    member = here.join()
    here.dispatcher.publish([*commit(here, 2), typing(2), Reached(TALK, 2), OwnChanged(TALK, 1)])
    assert numbers(member) == [1, 2]
    assert b"user.typing" in member.heard
    assert wire.published == []
    here.dispatcher.announce_history()
    assert len(wire.announced) == 1


async def test_it_publishes_from_the_moment_at_which_another_one_listens(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """What it did not publish before that, the other one reads before what comes next."""
    here, there = nodes
    member = there.join()
    here.dispatcher.publish(commit(here))
    there.dispatcher.incoming.interrupted()
    wire.carry(here.dispatcher.incoming)
    here.dispatcher.publish(commit(here))
    wire.carry(there.dispatcher.incoming)
    await there.settled()
    assert numbers(member) == [1, 2]


async def test_whatever_another_one_says_shows_that_it_is_there(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """Also in a conversation, and one that the board gave up says so itself."""
    here, there = nodes
    there.dispatcher.publish(commit(there))
    wire.carry(here.dispatcher.incoming)
    assert here.dispatcher.has_others
    here.dispatcher.beaten(ALONE)
    assert not here.dispatcher.has_others
    there.dispatcher.beaten(Beat(False, set(), 0))
    wire.carry(here.dispatcher.incoming)
    assert here.dispatcher.has_others


async def test_the_board_says_whether_another_one_is_there(nodes: tuple[Node, Node]) -> None:
    here, _ = nodes
    here.dispatcher.beaten(Beat(True, set(), 1))
    assert here.dispatcher.has_others
    here.dispatcher.beaten(ALONE)
    assert not here.dispatcher.has_others


async def test_a_node_that_hears_nothing_does_not_take_itself_for_alone(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """While it is not connected it could not hear that another one has begun; nor before."""
    here, _ = nodes
    wire.is_connected = False
    assert here.dispatcher.has_others
    wire.is_connected = True
    assert not here.dispatcher.has_others
    here.dispatcher.incoming.interrupted()
    assert here.dispatcher.has_others


async def test_news_of_another_deployment_is_no_company(
    nodes: tuple[Node, Node], wire: Wire
) -> None:
    """Of which there may be several on one Redis."""
    here, _ = nodes
    stranger = b"another." + news.FORMAT + bytes(16) + news.BEGUN
    here.dispatcher.incoming.announced(stranger)
    here.dispatcher.incoming.relayed(TALK, stranger)
    assert not here.dispatcher.has_others


def test_a_node_that_has_just_heard_another_one_waits_for_the_board(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that has just begun may announce itself before it is on the board."""
    now = 100.0
    monkeypatch.setattr(module, "monotonic", lambda: now)
    company = Company(quiet=1.0)
    company.counted(0)
    assert company.may_be_there
    now += 1.1
    company.counted(0)
    assert not company.may_be_there
    company.heard()
    company.counted(0)
    assert company.may_be_there
