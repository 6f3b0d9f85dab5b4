"""All sockets of this process: how many a user has, and what time brings to each.

One task looks after all of them. A socket that has been silent for an interval is
pinged, one that does not answer until the next is dropped; a minute before its token
ends a client hears of it, and at the end the socket is closed.

A token ends at a moment of the wall clock, which people and programs may put forward or
back. So what is left of it is measured once, by the monotonic clock from then on: a clock
that is put back prolongs nothing. One that is put forward is found by comparing the two.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from math import ceil
from secrets import randbelow
from time import monotonic, time

from chat.errors import RateLimited
from chat.events import AccountChanged, FamilyRevoked, UserErased
from chat.realtime.connection import Connection
from chat.realtime.protocol import frame_of
from chat.realtime.server_frames import AuthExpiring
from chat.services.limits import say_hit

WARNING = 60
"""Seconds before a token's end at which its client is warned."""
MISSED_MAX = 2
RESTART_SPREAD = 3000
"""Milliseconds over which clients are asked to spread their return."""
JUMP = 1.0
"""Seconds by which the wall clock and the monotonic one drift apart before tokens' ends are
looked at anew."""


class Connections:
    def __init__(self, ping_interval: float, per_user: int | None, *, leeway: float = 0.0) -> None:
        """`ping_interval` is in seconds; `per_user` the most sockets of one user, or None.

        `leeway`, in seconds, is for a token that was good for its sake alone: its socket is
        closed at the end of that.
        """
        self._per_user = per_user
        self._leeway = leeway
        self._of_user: Counter[int] = Counter()
        self._moved: set[int] = set()
        self._step = min(1.0, ping_interval)
        # Spread over the interval, so that pings do not go out all at once.
        self._slots: list[set[Connection]] = [
            set() for _ in range(max(1, round(ping_interval / self._step)))
        ]
        self._ahead = WARNING + 2 * ping_interval
        """Seconds before its end from which a token is watched."""
        self._place = count()
        self._due: defaultdict[int, set[Connection]] = defaultdict(set)
        self._looked_at = int(monotonic())
        self._apart = time() - monotonic()

    def __len__(self) -> int:
        return sum([len(slot) for slot in self._slots])

    def __iter__(self) -> Iterator[Connection]:
        return iter([connection for slot in self._slots for connection in slot])

    def add(self, connection: Connection) -> None:
        """Look after one more; raises RateLimited for one too many of one user."""
        user_id = connection.identity.user_id
        if self._per_user is not None and self._of_user[user_id] >= self._per_user:
            say_hit("websockets", user_id)
            raise RateLimited(
                f"At most {self._per_user} websockets of one user.",
                retry_after=WARNING,
                code="too_many_connections",
                limit=self._per_user,
                unit="concurrent-requests",
            )
        connection.slot = next(self._place) % len(self._slots)
        self._slots[connection.slot].add(connection)
        self._of_user[user_id] += 1
        if self._of_user[user_id] == 1:
            self._moved.add(user_id)
        self._watch_token(connection)

    def remove(self, connection: Connection) -> None:
        slot = self._slots[connection.slot]
        if connection not in slot:
            return
        slot.discard(connection)
        self._unwatch_token(connection)
        user_id = connection.identity.user_id
        self._of_user[user_id] -= 1
        if not self._of_user[user_id]:
            del self._of_user[user_id]
            self._moved.add(user_id)

    def is_online(self, user_id: int) -> bool:
        """Whether the user has a socket here."""
        return user_id in self._of_user

    def take_moved(self) -> set[int]:
        """The users who since the last call got their first socket here, or lost their last."""
        moved, self._moved = self._moved, set()
        return moved

    def renewed(self, connection: Connection) -> None:
        """The connection's identity has a new token behind it."""
        self._unwatch_token(connection)
        self._watch_token(connection)

    def families(self) -> set[str]:
        """The sign-ins that the sockets' tokens come from."""
        return {family for one in self if (family := one.identity.family) is not None}

    def revoke(self, event: FamilyRevoked) -> None:
        for connection in self:
            if connection.identity.family == event.family:
                connection.close(4401, "token revoked")

    def erase(self, event: UserErased) -> None:
        for connection in self:
            if connection.identity.user_id == event.user_id:
                connection.close(4401, "user erased")

    def suspend(self, event: AccountChanged) -> None:
        for connection in self:
            if connection.identity.user_id == event.user_id:
                connection.close(4401, "user suspended")

    def send_away(self) -> None:
        """Close all sockets; their clients return one after the other."""
        for connection in self:
            connection.close(1012, str(randbelow(RESTART_SPREAD)))

    async def run(self) -> None:
        """Look after the sockets until cancelled."""
        while True:
            for slot in self._slots:
                await asyncio.sleep(self._step)
                self._beat(slot)
                self._look_at_tokens()

    def _beat(self, slot: set[Connection]) -> None:
        self._watch_ending(slot)
        for connection in list(slot):
            if connection.missed >= MISSED_MAX:
                connection.drop()
                continue
            if connection.missed:
                connection.ping()
            connection.missed += 1

    def _watch_token(self, connection: Connection) -> None:
        left = connection.identity.expires_at - time()
        if left <= 0:
            left += self._leeway
        connection.ends_at = monotonic() + left
        self._watch_ending([connection])

    def _watch_ending(self, connections: Iterable[Connection]) -> None:
        """Note those whose tokens end soon; the others are left to a later heartbeat."""
        soon = monotonic() + self._ahead
        for connection in connections:
            if connection.ends_at <= soon and not connection.look_at:
                self._look_again(connection, connection.ends_at - WARNING)

    def _look_again(self, connection: Connection, moment: float) -> None:
        connection.look_at = max(ceil(moment), self._looked_at + 1)
        self._due[connection.look_at].add(connection)

    def _unwatch_token(self, connection: Connection) -> None:
        due = self._due.get(connection.look_at)
        if due is not None:
            due.discard(connection)
            if not due:
                del self._due[connection.look_at]
        connection.look_at = 0

    def _look_at_tokens(self) -> None:
        self._follow_the_clock()
        moment = monotonic()
        now = int(moment)
        seconds: Iterable[int] = range(self._looked_at + 1, now + 1)
        if now - self._looked_at > self._ahead - WARNING:  # more than a whole round has passed
            self._watch_ending(self)
        if now - self._looked_at > len(self._due):  # the process was stopped for a while
            seconds = sorted(second for second in self._due if second <= now)
        self._looked_at = now
        for second in seconds:
            for connection in self._due.pop(second, ()):
                left = connection.ends_at - moment
                if left <= 0:
                    connection.close(4401, "token expired")
                    continue
                connection.send(frame_of(AuthExpiring(max(1, int(left)))))
                self._look_again(connection, connection.ends_at)

    def _follow_the_clock(self) -> None:
        """Where the wall clock was put forward, tokens end earlier than was thought."""
        apart = time() - monotonic()
        if abs(apart - self._apart) < JUMP:
            return
        self._apart = apart
        for connection in self:
            ends_at = connection.identity.expires_at - apart
            if ends_at < connection.ends_at:
                self._unwatch_token(connection)
                connection.ends_at = ends_at
                self._look_again(connection, ends_at - WARNING)
