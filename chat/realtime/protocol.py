"""Text in to typed frames, frames out to bytes: pure, no I/O.

What frames there are: `client_frames`, `server_frames`, `chat.events` and `chat.changes`.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct

from chat.errors import InvalidInput, PayamError, RetryLater
from chat.events import ServerFrame
from chat.realtime.client_frames import AnyClientFrame
from chat.realtime.framing import payload_of, text_frame
from chat.realtime.server_frames import Error
from chat.services.checks import KEY_MAX_LENGTH
from chat.services.malformed import explain_whole, half_pair, plain_text_of, too_deep


class MalformedFrame(InvalidInput):
    """A client's frame that says nothing we understand. `ref` is its own, if it had one."""

    code = "malformed_frame"

    def __init__(self, fields: dict[str, list[str]], ref: str | None) -> None:
        super().__init__(fields)
        self.ref = ref


class _OnlyRef(Struct):
    ref: Any = None


_decoder: msgspec.json.Decoder[AnyClientFrame] = msgspec.json.Decoder(AnyClientFrame)
_decode = _decoder.decode
_decode_ref = msgspec.json.Decoder(_OnlyRef).decode
_encode = msgspec.json.Encoder().encode


def decode(text: str) -> AnyClientFrame:
    """The typed frame of a text message; raises MalformedFrame."""
    try:
        frame = _decode(text)
    except msgspec.ValidationError as error:
        raise MalformedFrame(
            explain_whole(error, text, AnyClientFrame, "frame"), _ref_of(text)
        ) from None
    except RecursionError:
        raise MalformedFrame(too_deep(text, "frame"), _ref_of(text)) from None
    except msgspec.DecodeError as error:
        if half := half_pair(text, AnyClientFrame, "frame"):
            raise MalformedFrame(half, _ref_of(text)) from None
        raise MalformedFrame({"frame": [f"Is not JSON: {error}."]}, None) from None
    if frame.ref is not None and len(frame.ref) > KEY_MAX_LENGTH:
        raise MalformedFrame({"ref": [f"At most {KEY_MAX_LENGTH} characters."]}, None)
    return frame


def _ref_of(text: str) -> str | None:
    try:
        ref = _decode_ref(text).ref
    except msgspec.ValidationError:  # it is no object
        return None
    except (msgspec.DecodeError, RecursionError):  # perhaps because of what else there is
        ref = plain_text_of(text, "ref")
    return ref if isinstance(ref, str) and len(ref) <= KEY_MAX_LENGTH else None


def frame_of(frame: ServerFrame) -> bytes:
    """The bytes on the wire: the same for every client."""
    return text_frame(_encode(frame))


def frame_in(conversation_id: int, frame: ServerFrame) -> bytes:
    """The same on `/ws/`, where it says which conversation it belongs to."""
    return text_frame(b'%b,"conversation":%d}' % (_encode(frame)[:-1], conversation_id))


def of_conversation(frame: bytes, conversation_id: int) -> bytes:
    """The same frame on `/ws/`: it says which conversation it belongs to."""
    return text_frame(b'%b,"conversation":%d}' % (payload_of(frame)[:-1], conversation_id))


def with_client_id(frame: bytes, client_id: str) -> bytes:
    """The same frame of a message for its sender, who called it so."""
    return text_frame(b'%b,"client_id":%b}' % (payload_of(frame)[:-1], _encode(client_id)))


def error_frame(
    error: PayamError, *, ref: str | None = None, client_id: str | None = None
) -> bytes:
    return frame_of(
        Error(
            code=error.code,
            detail=error.detail,
            errors=error.fields if isinstance(error, InvalidInput) else UNSET,
            retry_after=round(error.retry_after, 3) if isinstance(error, RetryLater) else UNSET,
            client_id=UNSET if client_id is None else client_id,
            ref=UNSET if ref is None else ref,
        )
    )
