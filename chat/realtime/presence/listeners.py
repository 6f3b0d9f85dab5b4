"""Tells the sockets of `/ws/` in this process whose presence changed, in shared conversations.

When a thousand users come back, each has perhaps a thousand who hear of it. A write for each of
these would take longer than the return itself. So frames wait a moment, and each socket gets in one
write what came meanwhile. Example:

1. Sara comes online. All who share a conversation with her are noted, each with the frame.
2. Within the next tenth of a second 500 others come online, and their frames are put behind it.
3. The first 100 sockets are written to, in the next turn of the event loop the next 100, and so on.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

from chat.realtime import server_frames
from chat.realtime.hub import Hub
from chat.realtime.presence.presence import Presence
from chat.realtime.protocol import frame_of
from chat.realtime.subscribers import UserSocket
from chat.times import to_text

PAUSE_SECONDS = 0.1
"""From the first frame to the first write."""
PART = 100
"""Sockets that are written to in one turn of the event loop."""


class Listeners:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: defaultdict[UserSocket, list[bytes]] = defaultdict(list)
        self._timer: asyncio.Handle | None = None

    def hear(self, changed: Sequence[Presence]) -> None:
        """Send who went online or offline to those who may know. Nobody hears of oneself."""
        waiting = self._waiting
        for one in changed:
            frame = frame_of(frame_for(one))
            excepted = {one.user_id, *one.hidden_from}
            for connection in self._hub.wide(one.conversations):
                if connection.identity.user_id not in excepted:
                    waiting[connection].append(frame)
        if waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._write_some)

    def _write_some(self) -> None:
        part = list(islice(self._waiting, PART))
        self._timer = None
        if len(part) < len(self._waiting):
            self._timer = asyncio.get_running_loop().call_soon(self._write_some)
        for connection in part:
            connection.send(b"".join(self._waiting.pop(connection)))

    def close(self) -> None:
        """Write nothing more."""
        if self._timer is not None:
            self._timer.cancel()


def frame_for(changed: Presence) -> server_frames.PresenceChanged:
    if changed.last_seen is None:
        return server_frames.PresenceChanged(changed.user, changed.user_id, "online", None)
    last_seen = to_text(changed.last_seen)
    return server_frames.PresenceChanged(changed.user, changed.user_id, "offline", last_seen)
