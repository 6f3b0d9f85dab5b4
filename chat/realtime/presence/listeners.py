"""Decides which sockets of this process receive whose presence: those of `/ws/` in shared
conversations.
"""

from collections.abc import Sequence

from chat.realtime import server_frames
from chat.realtime.hub import Hub
from chat.realtime.presence.presence import Presence
from chat.realtime.protocol import frame_of
from chat.realtime.subscribers import UserSocket
from chat.times import to_text


def deliver(hub: Hub, changed: Sequence[Presence]) -> None:
    """One write per socket, whatever number of users changed. Nobody hears of oneself."""
    frames: dict[UserSocket, list[bytes]] = {}
    for one in changed:
        frame = frame_of(frame_for(one))
        for connection in hub.wide(one.conversations):
            user_id = connection.identity.user_id
            if user_id != one.user_id and user_id not in one.hidden_from:
                frames.setdefault(connection, []).append(frame)
    for connection, of_one in frames.items():
        connection.send(b"".join(of_one))


def frame_for(changed: Presence) -> server_frames.PresenceChanged:
    if changed.last_seen is None:
        return server_frames.PresenceChanged(changed.user, changed.user_id, "online", None)
    last_seen = to_text(changed.last_seen)
    return server_frames.PresenceChanged(changed.user, changed.user_id, "offline", last_seen)
