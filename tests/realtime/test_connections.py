"""What time brings to sockets: heartbeats and the ends of tokens, with chosen times."""

from collections import defaultdict
from typing import Any, cast

import pytest

from chat.auth.identity import Identity
from chat.errors import RateLimited
from chat.events import FamilyRevoked
from chat.realtime import connections as module
from chat.realtime.connection import Connection
from chat.realtime.connections import WARNING, Connections

START = 1_800_000_000.0
"""By the wall clock."""


class Clock:
    """Both clocks, as the test sets them."""

    def __init__(self) -> None:
        self.wall, self.monotonic = START, 1000.0

    def go_on(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    set_by_hand = Clock()
    monkeypatch.setattr(module, "time", lambda: set_by_hand.wall)
    monkeypatch.setattr(module, "monotonic", lambda: set_by_hand.monotonic)
    return set_by_hand


class Recorder:
    """Stands for a connection: keeps what is done to it."""

    def __init__(self, user_id: int = 1, expires_in: float = 3600, family: str = "f") -> None:
        self.identity = Identity(user_id, "ali", False, START + expires_in, family)
        self.missed = 0
        self.look_at = self.ends_at = 0
        self.pings = 0
        self.is_dropped = False
        self.heard: list[bytes] = []
        self.closed_with = 0

    def ping(self) -> None:
        self.pings += 1

    def drop(self) -> None:
        self.is_dropped = True

    def send(self, frame: bytes) -> None:
        self.heard.append(frame)

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


def test_a_token_ends_with_a_warning_before(clock: Clock) -> None:
    """A minute ahead; at the end the socket is closed with 4401."""
    connections, ending = Connections(20, None), Recorder(expires_in=100)
    add(connections, ending)
    clock.go_on(100 - WARNING - 1)
    connections._look_at_tokens()
    assert ending.heard == []
    clock.go_on(1)
    connections._look_at_tokens()
    assert b'"expires_in":60' in ending.heard[0]
    clock.go_on(59)
    connections._look_at_tokens()
    assert ending.closed_with == 0
    clock.go_on(1)
    connections._look_at_tokens()
    assert (len(ending.heard), ending.closed_with) == (1, 4401)


def test_a_renewed_token_is_looked_at_anew(clock: Clock) -> None:
    """The old one's end passes without a word."""
    connections, renewed = Connections(20, None), Recorder(expires_in=100)
    connection = add(connections, renewed)
    renewed.identity = Identity(1, "ali", False, clock.wall + 1100, "f")
    connections.renewed(connection)
    clock.go_on(101)
    connections._look_at_tokens()
    assert (renewed.heard, renewed.closed_with) == ([], 0)
    clock.go_on(999)
    connections._look_at_tokens()
    assert renewed.closed_with == 4401


def test_a_clock_that_is_put_back_prolongs_nothing(clock: Clock) -> None:
    """An hour back: the socket is warned and closed after the seconds that its token had."""
    connections, ending = Connections(20, None), Recorder(expires_in=100)
    add(connections, ending)
    clock.wall -= 3600
    connections._look_at_tokens()
    clock.go_on(99)
    connections._look_at_tokens()
    assert (len(ending.heard), ending.closed_with) == (1, 0)
    clock.go_on(1)
    connections._look_at_tokens()
    assert ending.closed_with == 4401


def test_a_clock_that_jumps_ten_years_ends_the_tokens_that_are_over(clock: Clock) -> None:
    """At the next two looks, each of which takes no more than the sockets need."""
    connections = Connections(20, None)
    over, lasting = Recorder(expires_in=100), Recorder(expires_in=4e9)
    add(connections, over)
    add(connections, lasting)
    clock.wall += 10 * 365 * 86400
    seconds = count_seconds(connections)
    for _ in range(2):
        clock.go_on(1)
        connections._look_at_tokens()
    assert (over.closed_with, lasting.closed_with) == (4401, 0)
    assert seconds.looked_up <= 4


def test_a_process_that_was_stopped_looks_only_at_what_is_due(clock: Clock) -> None:
    """However long that was: the monotonic clock went on for 300 million seconds."""
    connections, over = Connections(20, None), Recorder(expires_in=100)
    add(connections, over)
    clock.go_on(3e8)
    seconds = count_seconds(connections)
    connections._look_at_tokens()
    assert over.closed_with == 4401
    assert seconds.looked_up <= 2


def test_a_token_of_the_leeway_is_good_until_the_leeway_ends(clock: Clock) -> None:
    """It was let in a second after its end; the socket is not closed at once."""
    connections, late = Connections(20, None, leeway=10), Recorder(expires_in=-1)
    add(connections, late)
    clock.go_on(8)
    connections._look_at_tokens()
    assert late.closed_with == 0
    clock.go_on(1)
    connections._look_at_tokens()
    assert late.closed_with == 4401


class CountingDict(defaultdict[int, set[Connection]]):
    looked_up = 0

    def pop(self, *arguments: Any) -> Any:
        self.looked_up += 1
        return super().pop(*arguments)


def count_seconds(connections: Connections) -> CountingDict:
    """Counts from now on the seconds that are looked up."""
    counting = CountingDict(set, connections._due)
    connections._due = counting
    return counting


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
