"""Marks of reading."""

from functools import partial

from chat.realtime.answers import Handlers, answer_change
from chat.realtime.client_frames import MarkRead
from chat.realtime.subscribers import Subscriber
from chat.services.conversations import Conversations


class AttentionFrames:
    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self.handlers: Handlers = {MarkRead: self._mark_read}

    def _mark_read(self, connection: Subscriber, conversation_id: int, frame: MarkRead) -> None:
        self._conversations.submit_read(
            connection.identity,
            conversation_id,
            frame.message_id,
            connection,
            partial(answer_change, connection, conversation_id, frame, frame.message_id),
        )
