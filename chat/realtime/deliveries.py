"""Changes as clients get them: encoded once, for every socket."""

from msgspec import UNSET, Struct

from chat.changes.participants import ParticipantLeft
from chat.events import Change, MessageSent
from chat.realtime.protocol import frame_in, frame_of, of_conversation, with_client_id


class Delivery(Struct, array_like=True, frozen=True):
    """One change as bytes for clients. `removed` is the user whom it removes, or 0.

    `sender` is the user who sent the message with this `client_id`, or 0. The sockets of that user
    get the frame with the `client_id`, and others without it. `readers` are the users who may see
    it; None for all. One with readers never goes over the relay: each process reads it from the
    database.
    """

    seq: int
    frame: bytes
    removed: int = 0
    sender: int = 0
    client_id: str = ""
    readers: frozenset[int] | None = None

    def is_for(self, user_id: int) -> bool:
        return self.readers is None or user_id in self.readers

    def frame_for(self, user_id: int) -> bytes:
        return with_client_id(self.frame, self.client_id) if user_id == self.sender else self.frame


class Batch(Struct, array_like=True, frozen=True):
    """Changes that follow each other and the position `before`, without a gap.

    Without changes, it says only that the conversation has come as far as `before`.
    """

    before: int
    changes: list[Delivery]


def batches_of(changes: list[Change]) -> list[Batch]:
    """The batches of one conversation, each without a gap in the numbers; nearly always one.

    One batch of the writer may take several transactions. What another process committed between
    two of them is missing here. So there is a gap, and each group must find it.
    """
    before = changes[0].frame.seq - 1
    if changes[-1].frame.seq - before == len(changes):
        return [Batch(before, [delivery_of(change) for change in changes])]
    batches: list[Batch] = []
    for change in changes:
        if batches and change.seq == batches[-1].changes[-1].seq + 1:
            batches[-1].changes.append(delivery_of(change))
        else:
            batches.append(Batch(change.seq - 1, [delivery_of(change)]))
    return batches


def delivery_of(change: Change) -> Delivery:
    frame = change.frame
    if change.readers is not None:
        return Delivery(frame.seq, frame_of(frame), readers=change.readers)
    if isinstance(frame, MessageSent):
        if change.client_id is None or frame.sender_id is UNSET:
            return Delivery(frame.seq, frame_of(frame))
        return Delivery(frame.seq, frame_of(frame), 0, frame.sender_id, change.client_id)
    removed = frame.participant.id if isinstance(frame, ParticipantLeft) else 0
    return Delivery(frame.seq, frame_of(frame), removed)


def wide_frame_of(change: Change, user_id: int) -> bytes:
    """The change as a client of `/ws/` of this user gets it, which is encoded for it alone."""
    frame = change.frame
    if isinstance(frame, MessageSent) and frame.sender_id == user_id:
        return of_conversation(delivery_of(change).frame_for(user_id), change.conversation_id)
    return frame_in(change.conversation_id, frame)
