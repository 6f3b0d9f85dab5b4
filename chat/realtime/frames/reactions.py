"""Reactions: add one, take one back."""

from functools import partial

from chat.realtime.answers import Handlers, answer_change
from chat.realtime.client_frames import AddReaction, RemoveReaction
from chat.realtime.subscribers import Subscriber
from chat.services.reactions import Reactions


class ReactionFrames:
    def __init__(self, reactions: Reactions) -> None:
        self._reactions = reactions
        self.handlers: Handlers = {AddReaction: self._put, RemoveReaction: self._put}

    def _put(
        self, connection: Subscriber, conversation_id: int, frame: AddReaction | RemoveReaction
    ) -> None:
        self._reactions.submit(
            connection.identity,
            conversation_id,
            frame.message_id,
            frame.emoji,
            partial(answer_change, connection, conversation_id, frame, frame.message_id),
            is_there=isinstance(frame, AddReaction),
        )
