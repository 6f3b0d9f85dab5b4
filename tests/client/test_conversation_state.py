"""What an account knows of one conversation, after events that a resume has left out."""

from datetime import UTC, datetime

import pytest

from payam_client import ParticipantJoined, ParticipantLeft
from payam_client.conversation_state import ConversationState
from payam_client.records import ConversationRecord, Profile, User

ALI, SARA, OMID = [User(id_, name) for id_, name in ((1, "ali"), (2, "sara"), (3, "omid"))]
MANY = 5_000


@pytest.mark.parametrize(
    ("event", "count"),
    [
        (ParticipantJoined(OMID, seq=6), 3),
        (ParticipantLeft(SARA, seq=6), 1),
        (ParticipantLeft(OMID, seq=7), 2),  # he came and left meanwhile
        (ParticipantJoined(SARA, seq=7), 2),  # she left and came back
    ],
)
def test_participants_are_counted_whatever_a_resume_left_out(
    event: ParticipantJoined | ParticipantLeft, count: int
) -> None:
    state = state_of(2)
    state.take(event)
    assert state.record.participant_count == count == len(state.record.participants)


def test_of_very_many_one_who_leaves_need_not_be_known() -> None:
    state = state_of(MANY)
    state.take(ParticipantLeft(OMID, seq=6))
    assert state.record.participant_count == MANY - 1


def state_of(count: int) -> ConversationState:
    people = [Profile(one.id, one.username) for one in (ALI, SARA)]
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    record = ConversationRecord(12, "", people, count, begun, None, None, 0, 0, seq=5)
    return ConversationState(record, ALI, lambda _: None)
