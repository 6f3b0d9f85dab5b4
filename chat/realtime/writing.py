"""Writes changes to the sockets of a group: in order, each once, in as few writes as possible.

There are three kinds of sockets to write to. A group at 7, to which the changes 8 and 9 come:

1. The members of the one conversation get both frames in one write.
2. Sockets of `/ws/` get the same frames, which name their conversation.
3. A socket that has resumed and is ahead of the group, at 8, gets only 9.
"""

from collections.abc import Collection, Iterable

from chat import metrics
from chat.realtime.bag import Bag
from chat.realtime.connection import flush_held
from chat.realtime.deliveries import Delivery
from chat.realtime.group import Group
from chat.realtime.parts import LARGE, write_soon
from chat.realtime.protocol import of_conversation
from chat.realtime.seats import WIDTH
from chat.realtime.subscribers import Subscriber

FEW = 8
"""With up to so many members, a sender's ack goes out together with its message. With more,
acks go out first, so that senders can send again while the others are being written to."""


def deliver(group: Group, changes: list[Delivery]) -> bool:
    """Write the changes that are new to the members. Returns whether they removed somebody."""
    if not changes or changes[-1].seq <= group.seq:
        return False
    if changes[0].seq <= group.seq:
        changes = [change for change in changes if change.seq > group.seq]
    start = 0
    is_removed = False
    for place, change in enumerate(changes):
        if change.removed:
            # Somebody who is removed receives the removal, and nothing after it.
            _write(group, changes[start : place + 1])
            group.remove(change.removed)
            start = place + 1
            is_removed = True
        elif change.readers is not None:
            _write(group, changes[start:place])
            _write_to(group, change.readers, change)
            start = place + 1
    _write(group, changes[start:] if start else changes)
    group.advance(changes[-1].seq)
    return is_removed


def _write(group: Group, changes: list[Delivery]) -> None:
    """Each socket gets one write, however many changes there are."""
    if not changes:
        return
    members: Bag = group.members
    count = len(members)
    if count + len(group.wide) // WIDTH > FEW:
        flush_held()
    if len(changes) == 1:  # nearly always, so this comes first
        (change,) = changes
        senders: Collection[int] = (change.sender,) if change.sender else ()
        frames = change.frame
    else:
        senders = {change.sender for change in changes if change.sender}
        frames = b"".join([change.frame for change in changes])
    if count:
        _write_by_user(group, members, changes, frames, senders)
    if group.wide:
        wide = group.wide_ones()
        count += len(wide)
        frames = _frames_of(group, changes, is_wide=True)
        _write_by_user(group, wide, changes, frames, senders)
    metrics.delivered_frames.add(count * len(changes))
    if group.others:
        _write_ahead(group, changes)


def _write_to(group: Group, readers: Collection[int], change: Delivery) -> None:
    """Write a change that only some users may see."""
    ahead = [
        one
        for one, place in (group.others or {}).items()
        if not place.is_reading and place.position < change.seq
    ]
    groups: tuple[Iterable[Subscriber], ...] = (group.members, group.wide_ones(), ahead)
    for members in groups:
        for member in members:
            if (user_id := member.identity.user_id) in readers:
                member.send(_frames_of(group, [change], is_wide=member.is_wide, user_id=user_id))
                metrics.delivered_frames.add(1)


def _write_by_user(
    group: Group,
    members: Collection[Subscriber],
    changes: list[Delivery],
    frames: bytes,
    senders: Collection[int],
) -> None:
    """Write `frames`, but to the senders of messages their own frames."""
    if len(members) > LARGE:
        for one in members:
            if (user_id := one.identity.user_id) in senders:
                one.send(_frames_of(group, changes, is_wide=one.is_wide, user_id=user_id))
            else:
                write_soon(one, frames)
        return
    if not senders:
        for one in members:
            one.send(frames)
        return
    for one in members:
        if one.identity.user_id in senders:
            user_id = one.identity.user_id
            one.send(_frames_of(group, changes, is_wide=one.is_wide, user_id=user_id))
        elif one.held:
            one.send(frames)
        elif not one.is_closing:
            one.transport.write(frames)  # as `send` does, without a call more for each


def _write_ahead(group: Group, changes: list[Delivery]) -> None:
    """Write to sockets that are ahead of the group what is new to them."""
    for connection, subscription in (group.others or {}).items():
        if not subscription.is_reading and subscription.position < changes[-1].seq:
            new = [change for change in changes if change.seq > subscription.position]
            user_id = connection.identity.user_id
            connection.send(_frames_of(group, new, is_wide=connection.is_wide, user_id=user_id))
            metrics.delivered_frames.add(len(new))


def _frames_of(group: Group, changes: list[Delivery], *, is_wide: bool, user_id: int = 0) -> bytes:
    """The bytes of these changes for sockets of this kind, of this user."""
    if len(changes) == 1 and user_id and not is_wide:
        return changes[0].frame_for(user_id)
    frames = [change.frame_for(user_id) if user_id else change.frame for change in changes]
    if is_wide:
        number = group.conversation_id
        return b"".join([of_conversation(frame, number) for frame in frames])
    return b"".join(frames)
