"""Answers to clients. On `/ws/` each answer names its conversation."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET, UnsetType

from chat.errors import PayamError
from chat.events import ServerFrame
from chat.realtime.client_frames import AnyClientFrame, ChatMessage, ConversationFrame
from chat.realtime.protocol import error_frame, frame_of, of_conversation
from chat.realtime.server_frames import Ack
from chat.realtime.subscribers import Subscriber

Handlers = dict[type, Callable[[Any, Any, Any], None]]
"""The handler of each type of frame. It gets the connection, the conversation and the frame."""


def given(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value


def addressed(connection: Subscriber, conversation_id: int | None, frame: bytes) -> bytes:
    """The frame for this connection: on `/ws/` with its conversation."""
    if connection.is_wide and conversation_id is not None:
        return of_conversation(frame, conversation_id)
    return frame


def answer(connection: Subscriber, conversation_id: int | None, frame: ServerFrame) -> None:
    connection.send(addressed(connection, conversation_id, frame_of(frame)))


def refuse(connection: Subscriber, frame: AnyClientFrame, error: PayamError) -> None:
    client_id = frame.client_id if isinstance(frame, ChatMessage) else None
    refusal = error_frame(error, ref=frame.ref, client_id=client_id)
    named = frame.conversation if isinstance(frame, ConversationFrame) else None
    connection.send(addressed(connection, named, refusal))


def shown(error: Exception) -> PayamError:
    """The part of an error that a client may see. The rest is in the log."""
    if isinstance(error, PayamError):
        return error
    return PayamError("Something went wrong here; it was logged.", code="internal_error")


def answer_change(
    connection: Subscriber,
    conversation_id: int,
    frame: AnyClientFrame,
    message_id: int,
    seq: int | None,
    error: Exception | None,
) -> None:
    """Answer a change that is not a send. `seq` is None if it takes no number."""
    if error is not None:
        refuse(connection, frame, shown(error))
    elif frame.ref is not None:
        number = UNSET if seq is None else seq
        answer(connection, conversation_id, Ack(id=message_id, seq=number, ref=frame.ref))
