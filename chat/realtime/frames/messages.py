"""Messages: send, edit, delete. The writer answers later, once for each."""

from functools import partial

from msgspec import UNSET

from chat.realtime.answers import Handlers, addressed, answer_change, refuse, shown
from chat.realtime.client_frames import ChatMessage, DeleteMessage, EditMessage
from chat.realtime.protocol import frame_of
from chat.realtime.server_frames import Ack
from chat.realtime.subscribers import Subscriber
from chat.services.guest_limits import GuestLimits
from chat.services.messages import Messages
from chat.store.sends import Send
from chat.times import to_text


class MessageFrames:
    def __init__(self, messages: Messages, guest_limits: GuestLimits) -> None:
        self._messages = messages
        self._guest_limits = guest_limits
        self.handlers: Handlers = {
            ChatMessage: self._send,
            EditMessage: self._edit,
            DeleteMessage: self._delete,
        }

    def _send(self, connection: Subscriber, conversation_id: int, frame: ChatMessage) -> None:
        if connection.identity.is_guest:
            self._guest_limits.message(connection.identity)
        # The writer answers later, so `send` exists by then.
        send = self._messages.send(
            connection.identity,
            conversation_id,
            frame.message,
            frame.client_id,
            lambda error: self._answer_send(connection, frame, send, error),
            frame.reply_to,
            frame.metadata,
        )

    def _answer_send(
        self, connection: Subscriber, frame: ChatMessage, send: Send, error: Exception | None
    ) -> None:
        if error is not None:
            refuse(connection, frame, shown(error))
        elif frame.client_id is not None or frame.ref is not None:
            ack = Ack(
                client_id=UNSET if frame.client_id is None else frame.client_id,
                id=send.id,
                seq=send.seq,
                timestamp=to_text(send.created_at),
                ref=UNSET if frame.ref is None else frame.ref,
            )
            # Nearly every sender is a member, so the message itself follows in the same write.
            connection.hold(addressed(connection, send.conversation_id, frame_of(ack)))

    def _edit(self, connection: Subscriber, conversation_id: int, frame: EditMessage) -> None:
        self._messages.submit_edit(
            connection.identity,
            conversation_id,
            frame.message_id,
            frame.content,
            partial(answer_change, connection, conversation_id, frame, frame.message_id),
        )

    def _delete(self, connection: Subscriber, conversation_id: int, frame: DeleteMessage) -> None:
        self._messages.submit_delete(
            connection.identity,
            conversation_id,
            frame.message_id,
            partial(answer_change, connection, conversation_id, frame, frame.message_id),
        )
