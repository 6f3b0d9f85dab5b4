"""Delivers ephemeral frames to those who are connected: typing, marks of reading, new names.

Each such frame goes to every socket of its conversation. In a conversation of thousands that would
be most of what a node does, so there the frames wait a little, and go out together:

1. A conversation has 400 sockets here. Sara reads: her mark goes out at once.
2. In the next 0.4 s 90 others read, and Sara reads further, twice. These marks wait.
3. Then each socket gets one write with 91 marks: of the same user only the newest counts.

With few sockets nothing waits.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextvars import Context

import msgspec
from msgspec import Struct

from chat.realtime.framing import payload_of
from chat.realtime.group import Group
from chat.realtime.parts import LARGE, write_soon
from chat.realtime.protocol import of_conversation
from chat.realtime.subscribers import Subscriber

AT_ONCE = 20
"""With up to so many sockets here, no frame of a conversation waits."""
SECONDS_PER_SOCKET = 0.001
MOST_SECONDS = 1.0
"""With more, a conversation makes at most 1,000 writes per second, or one per socket."""


class Addressed(Struct, frozen=True):
    """A frame that is not for sockets of `except_users`, and not for `except_connection`.

    A frame for every user, as a mark of reading is, also goes to sockets that still resume. It may
    be later than the marks that were read for them.
    """

    frame: bytes
    except_users: Collection[int] = ()
    except_connection: object = None

    def is_for(self, member: Subscriber, *, is_resuming: bool) -> bool:
        if member is self.except_connection or (is_resuming and self.except_users):
            return False
        return member.identity.user_id not in self.except_users


class _Subject(Struct):
    """The user is whatever JSON the frame has there."""

    type: str
    user: msgspec.Raw


_decode_subject = msgspec.json.Decoder(_Subject).decode


def subject_of(frame: bytes) -> tuple[str, bytes]:
    """What the frame is about: a later one about the same replaces it."""
    subject = _decode_subject(payload_of(frame))
    return subject.type, bytes(subject.user)


def write(group: Group, news: Sequence[Addressed]) -> None:
    """Each socket gets at most one write, however many frames there are."""
    live = group.wide_ones() if group.wide else []
    reading, ahead = group.not_live()
    groups: tuple[tuple[Iterable[Subscriber], bool], ...] = (
        (group.members, False),
        (live, False),
        (ahead, False),
        (reading, True),
    )
    excepted = {user for one in news for user in one.except_users}
    origins = {one.except_connection for one in news} - {None}
    whole: dict[bool, bytes] = {}
    is_large = group.size > LARGE
    for members, is_resuming in groups:
        for member in members:
            is_wide = member.is_wide
            if is_resuming or member in origins or member.identity.user_id in excepted:
                own = [one for one in news if one.is_for(member, is_resuming=is_resuming)]
                if own:
                    member.send(_frames_of(group, own, is_wide=is_wide))
                continue
            if is_wide not in whole:
                whole[is_wide] = _frames_of(group, news, is_wide=is_wide)
            if is_large:
                write_soon(member, whole[is_wide])
            else:
                member.send(whole[is_wide])


def _frames_of(group: Group, news: Sequence[Addressed], *, is_wide: bool) -> bytes:
    frames = [one.frame for one in news]
    if is_wide:
        frames = [of_conversation(frame, group.conversation_id) for frame in frames]
    return b"".join(frames)


class EphemeralNews:
    """`find` gives the group of a conversation, if it has sockets here."""

    def __init__(self, find: Callable[[int], Group | None]) -> None:
        self._find = find
        self._waiting: dict[int, dict[tuple[str, bytes], Addressed]] = {}
        """Of each conversation whose sockets were written to a moment ago, what came since."""
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def pass_on(self, conversation_id: int, one: Addressed) -> None:
        """Write it to the live sockets of the conversation that it is for, now or soon."""
        group = self._find(conversation_id)
        if group is None:
            return
        waiting = self._waiting.get(conversation_id)
        if waiting is not None:
            subject = subject_of(one.frame)
            waiting.pop(subject, None)
            waiting[subject] = one
            return
        write(group, [one])
        self._pause(conversation_id, group)

    def _pause(self, conversation_id: int, group: Group) -> None:
        """Make what comes next wait, if there are many sockets."""
        size = group.size
        if size > AT_ONCE:
            self._waiting[conversation_id] = {}
            seconds = min(size * SECONDS_PER_SOCKET, MOST_SECONDS)
            loop = asyncio.get_running_loop()
            self._timers[conversation_id] = loop.call_later(
                seconds, self._write_waiting, conversation_id, context=Context()
            )

    def _write_waiting(self, conversation_id: int) -> None:
        del self._timers[conversation_id]
        waiting = self._waiting.pop(conversation_id)
        group = self._find(conversation_id)
        if waiting and group is not None:
            write(group, list(waiting.values()))
            self._pause(conversation_id, group)

    def close(self) -> None:
        """Write nothing more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()
