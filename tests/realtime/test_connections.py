"""What time brings to sockets: heartbeats and the ends of tokens, with chosen times."""

from time import time
from typing import cast

import pytest

from chat.auth.identity import Identity
from chat.errors import RateLimited
from chat.events import FamilyRevoked
from chat.realtime.connection import Connection
from chat.realtime.connections import WARNING, Connections


class Recorder:
    """Stands for a connection: keeps what is done to it."""

    def __init__(self, user_id: int = 1, expires_in: float = 3600, family: str = "f") -> None:
        self.identity = Identity(user_id, "ali", False, time() + expires_in, family)
        self.missed = 0
        self.look_at = 0
        self.pings = 0
        self.is_dropped = False
        self.told: list[bytes] = []
        self.closed_with = 0

    def ping(self) -> None:
        self.pings += 1

    def drop(self) -> None:
        self.is_dropped = True

    def send(self, frame: bytes) -> None:
        self.told.append(frame)

    def close(self, code: int, reason: str = "") -> None:
        self.closed_with = code


def add(connections: Connections, recorder: Recorder) -> Connection:
    connection = cast("Connection", recorder)
    connections.add(connection)
    return connection


def beat(connections: Connections, times: int = 1) -> None:
    """So many whole intervals pass."""
    for _ in range(times):
        for slot in connections._slots:
            connections._beat(slot)


def test_a_silent_socket_is_pinged_and_then_dropped() -> None:
    """After one interval, and after two."""
    connections, silent = Connections(20, None), Recorder()
    add(connections, silent)
    beat(connections)
    assert (silent.pings, silent.is_dropped) == (0, False)
    beat(connections)
    assert (silent.pings, silent.is_dropped) == (1, False)
    beat(connections)
    assert silent.is_dropped


def test_a_socket_that_speaks_is_left_alone() -> None:
    """Whatever it says resets the count."""
    connections, talking = Connections(20, None), Recorder()
    add(connections, talking)
    for _ in range(10):
        beat(connections)
        talking.missed = 0
    assert (talking.pings, talking.is_dropped) == (0, False)


def test_pings_are_spread_over_the_interval() -> None:
    """Sockets that came together are not all pinged in the same second."""
    connections = Connections(20, None)
    for _ in range(40):
        add(connections, Recorder())
    assert {len(slot) for slot in connections._slots} == {2}


def test_a_token_ends_with_a_warning_before() -> None:
    """A minute ahead; at the end the socket is closed with 4401."""
    connections, ending = Connections(20, None), Recorder(expires_in=100)
    add(connections, ending)
    end = int(ending.identity.expires_at)
    connections._look_at_tokens(end - WARNING - 1)
    assert ending.told == []
    connections._look_at_tokens(end - WARNING)
    assert b'"expires_in":60' in ending.told[0]
    connections._look_at_tokens(end - 1)
    assert ending.closed_with == 0
    connections._look_at_tokens(end)
    assert ending.closed_with == 4401


def test_a_renewed_token_is_looked_at_anew() -> None:
    """The old one's end passes without a word."""
    connections, renewed = Connections(20, None), Recorder(expires_in=100)
    connection = add(connections, renewed)
    old = int(renewed.identity.expires_at)
    renewed.identity = Identity(1, "ali", False, old + 1000, "f")
    connections.renewed(connection)
    connections._look_at_tokens(old + 1)
    assert (renewed.told, renewed.closed_with) == ([], 0)
    connections._look_at_tokens(old + 1000)
    assert renewed.closed_with == 4401


def test_a_socket_that_left_is_forgotten() -> None:
    """Nothing is kept of it, its token's end included."""
    connections, gone = Connections(20, None), Recorder(expires_in=100)
    connection = add(connections, gone)
    connections.remove(connection)
    connections.remove(connection)
    assert (len(connections), dict(connections._due)) == (0, {})
    assert not any(connections._slots)


def test_a_user_has_room_for_so_many() -> None:
    """One that leaves makes room for the next; others have their own."""
    connections = Connections(20, 2)
    first = add(connections, Recorder(user_id=1))
    add(connections, Recorder(user_id=1))
    with pytest.raises(RateLimited):
        add(connections, Recorder(user_id=1))
    assert len(connections) == 2
    add(connections, Recorder(user_id=2))
    connections.remove(first)
    add(connections, Recorder(user_id=1))


def test_a_revoked_family_is_closed() -> None:
    """With 4401; sockets of other sign-ins stay."""
    connections = Connections(20, None)
    revoked, other = Recorder(family="one"), Recorder(family="two")
    add(connections, revoked)
    add(connections, other)
    assert connections.families() == {"one", "two"}
    connections.revoke(FamilyRevoked("one"))
    assert (revoked.closed_with, other.closed_with) == (4401, 0)
