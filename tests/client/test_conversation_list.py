"""The list of an account, which reads by itself what no event says."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

from payam_client import MessageDeleted, MessageSent
from payam_client.calls import Calls
from payam_client.conversation_list import ConversationList
from payam_client.conversation_state import ConversationState
from payam_client.live_conversation import LiveConversation
from payam_client.records import ConversationRecord, Profile, User

ALI, SARA = User(1, "ali"), User(2, "sara")
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = 60.0


class Answers(Calls):
    """The server's answers, in their order; the last one again and again."""

    def __init__(self, *records: ConversationRecord) -> None:
        self._records = list(records)

    async def conversation(self, conversation_id: int) -> ConversationRecord:
        return self._records.pop(0) if len(self._records) > 1 else self._records[0]

    async def conversation_pages(
        self, *_: Any, **__: Any
    ) -> AsyncIterator[list[ConversationRecord]]:
        yield [record(5, unread=0)]


def record(seq: int, *, unread: int) -> ConversationRecord:
    people = [Profile(one.id, one.username) for one in (ALI, SARA)]
    return ConversationRecord(12, "", people, 2, BEGUN, None, None, unread, 0, seq=seq, epoch="e")


async def test_an_answer_that_changes_have_overtaken_is_asked_for_again() -> None:
    """1. A message comes as 6 and counts as unread. 2. It is deleted as 7. Its page is not here, so
    the list asks whether it counted. 3. The first answer is of 6, and the message counts in it.
    """
    answers = Answers(record(6, unread=1), record(7, unread=0))

    def make(found: ConversationRecord) -> tuple[ConversationState, LiveConversation]:
        state = ConversationState(found, ALI, conversations.refresh)
        return state, cast(LiveConversation, object())

    conversations = ConversationList(answers, make, lambda _: None, lambda _: None)
    conversations.me = ALI
    conversations.start()
    try:
        async with asyncio.timeout(PATIENCE):
            await conversations.first_page.wait()
            state = conversations.states[12]
            state.take(MessageSent(31, "sara", "hello", BEGUN, seq=6))
            state.take(MessageDeleted(31, seq=7))
            assert state.record.unread_count == 1
            while state.record.unread_count:
                await asyncio.sleep(0.01)
        assert state.record.seq == 7
    finally:
        await conversations.stop()
