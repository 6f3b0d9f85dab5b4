"""Changes as clients get them: encoded once, for every socket."""

from msgspec import UNSET

from chat.changes.participants import ParticipantLeft
from chat.events import Change, MessageSent
from chat.realtime.group import Batch, Delivery
from chat.realtime.protocol import frame_of


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
