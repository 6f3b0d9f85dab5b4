"""Somebody joins a conversation or leaves it."""

from chat import records
from chat.changes.examples import SARA
from chat.changes.family import Family
from chat.events import ChangeFrame


class ParticipantJoined(ChangeFrame, tag="participant.joined", frozen=True):
    """Somebody was added to the conversation."""

    participant: records.User


class ParticipantLeft(ChangeFrame, tag="participant.left", frozen=True):
    """Somebody left the conversation, or was removed from it."""

    participant: records.User


FAMILY = Family(examples=(ParticipantJoined(SARA, seq=349), ParticipantLeft(SARA, seq=350)))
