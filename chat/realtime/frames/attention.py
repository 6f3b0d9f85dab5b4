"""Marks of reading, and typing."""

from functools import partial

from chat.events import Passing, UserTyping
from chat.realtime.answers import Handlers, answer, answer_change
from chat.realtime.client_frames import MarkRead, Typing
from chat.realtime.dispatcher import Dispatcher
from chat.realtime.server_frames import Ack
from chat.realtime.subscribers import Subscriber
from chat.services.conversations import Conversations
from chat.store.sends import not_a_participant


class AttentionFrames:
    def __init__(self, conversations: Conversations, dispatcher: Dispatcher) -> None:
        self._conversations = conversations
        self._dispatcher = dispatcher
        self.handlers: Handlers = {MarkRead: self._mark_read, Typing: self._type}

    def _mark_read(self, connection: Subscriber, conversation_id: int, frame: MarkRead) -> None:
        self._conversations.submit_read(
            connection.identity,
            conversation_id,
            frame.message_id,
            connection,
            partial(answer_change, connection, conversation_id, frame, frame.message_id),
        )

    def _type(self, connection: Subscriber, conversation_id: int, frame: Typing) -> None:
        """Publish that somebody types. The database is not asked: it let every subscriber in."""
        if not self._dispatcher.hub.is_in(connection, conversation_id):
            raise not_a_participant()
        who = connection.identity
        typing = UserTyping(who.username, frame.is_typing)
        self._dispatcher.pass_on(Passing(conversation_id, typing, who.user_id))
        if frame.ref is not None:
            answer(connection, conversation_id, Ack(ref=frame.ref))
