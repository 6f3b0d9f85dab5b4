"""The AsyncAPI 3 document of the websockets, made from the structs of their frames."""

from typing import Any, get_args

import msgspec
from msgspec import Struct
from sanic import Sanic

from chat.docs.closes import CLOSES
from chat.docs.endpoints import Socket, sockets
from chat.docs.examples import example_of
from chat.docs.located import HOST, PREFIX, PROTOCOL
from chat.docs.shapes import prose, schemas_of, security_schemes
from chat.realtime import client_frames, server_frames
from chat.services.fields import CURSOR_MAX_LENGTH
from chat.services.history import EPOCH_MAX_LENGTH
from config.settings import Settings

ABOUT = f"""
What happens in a conversation, as it happens. What is asked for once is HTTP's, whose
document is `{PREFIX}/docs/openapi.json`.

A frame is a text message with one JSON object in it. Whatever reports a change carries
`seq`, its number in the conversation. A client keeps the highest `seq` that came as a
change (`chat.message`, `message.edited`, …) or in `resumed`, and gets everything after it,
in order and once, by `?since=` or a `resume` frame.

The `seq` of an `ack` is not a position. It says where the client's own message stands,
while changes of others before it may still be on their way:

1. A client has received the changes up to 7.
2. Another user's message becomes 8, and the client's own becomes 9.
3. The `ack` with 9 arrives before 8, and then the connection breaks.
4. With `since=9` the client would never get 8. With `since=7` it gets 8 and 9.

A `seq` counts within an `epoch`, which comes in `resumed` and in a conversation's JSON. A
client sends it back with `since`. When the database was put back to an older state, the same
numbers belong to other changes:

1. A client has received the changes up to 5.
2. A backup with 2 changes is restored. New messages become 3, 4, 5, and then 6 and 7.
3. Without an epoch, `since=5` is answered with 6 and 7; the new 3, 4 and 5 never come.
4. With its epoch, the client gets `reset`: it reads the conversation again.

`/ws/` carries all conversations of the caller, those that begin later too. Each frame that
belongs to one says which by `conversation`. A client keeps the last `cursor` that came, and
gets what it missed in all of them by `?cursor=` or a `resume` frame.

A handshake is refused with 401, 404, 429 or 503. A browser cannot see that: for a token that
came as a subprotocol the socket is accepted, and closed with a code that says the same. A
frame that cannot be carried out is answered with `error` and changes nothing.
"""
BEARER = """
An access token: `Authorization: Bearer <JWT>`, where `Token` and `JWT` do as well, or from a
browser `Sec-WebSocket-Protocol: chat.v1, bearer.<JWT>`, of which the server selects `chat.v1`.
"""
FROM_CLIENT: tuple[type[Struct], ...] = get_args(client_frames.AnyClientFrame)
TO_CLIENT: tuple[type[Struct], ...] = server_frames.TO_CLIENT
EVERYTHING = "/ws/"
"""The socket of all conversations."""
ANSWERS = (server_frames.Ack, server_frames.Error)
OF_CONVERSATION = (*server_frames.HAPPENINGS, *server_frames.ANSWERS)


def document(app: Sanic[Any, Any], settings: Settings) -> dict[str, Any]:
    """The document. Each websocket is two channels with one address, one for each direction.

    Generators of models make one type from everything that a channel carries. From a channel with
    both directions they would keep only the server's frames.
    """
    frames = [*FROM_CLIENT, *TO_CLIENT]
    schemas, components = schemas_of(frames, settings)
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for socket in sockets(app):
        channels |= channels_of(socket)
        operations |= operations_of(socket)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Payam websockets", "version": "1", "description": prose(ABOUT)},
        "defaultContentType": "application/json",
        "servers": {PROTOCOL: server()},
        "channels": channels,
        "operations": operations,
        "components": {
            "securitySchemes": security_schemes(BEARER),
            "messages": {
                tag_of(frame): message(frame, schema)
                for frame, schema in zip(frames, schemas, strict=True)
            },
            "schemas": components,
        },
    }


def tag_of(frame: type[Struct]) -> str:
    """The `type` of a frame on the wire."""
    return str(frame.__struct_config__.tag)


def server() -> dict[str, Any]:
    """The server. `chat.docs.located` puts in where it is when somebody asks."""
    return {
        "host": HOST,
        "pathname": PREFIX,
        "protocol": PROTOCOL,
        "description": "Where this document came from.",
        "security": [{"$ref": "#/components/securitySchemes/bearer"}],
    }


def from_client(socket: Socket) -> str:
    return f"{socket.name}_from_client"


def to_client(socket: Socket) -> str:
    return f"{socket.name}_to_client"


def channels_of(socket: Socket) -> dict[str, Any]:
    return {
        from_client(socket): channel(socket, "What a client sends.", FROM_CLIENT),
        to_client(socket): channel(socket, "What the server sends.", sent_on(socket)),
    }


def channel(socket: Socket, summary: str, frames: tuple[type[Struct], ...]) -> dict[str, Any]:
    return {
        "address": socket.path,
        "summary": summary,
        "description": socket.about,
        "parameters": {
            name: {"description": f"The {name.removesuffix('_id')}'s id."}
            for name in socket.parameters
        },
        "messages": {tag_of(frame): carried(socket, frame) for frame in frames},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {"type": "object", "properties": query_of(socket)},
            }
        },
        "x-close-codes": msgspec.to_builtins(CLOSES),
    }


def sent_on(socket: Socket) -> tuple[type[Struct], ...]:
    if socket.path == EVERYTHING:
        return TO_CLIENT
    return tuple(frame for frame in TO_CLIENT if frame not in server_frames.TO_USER)


def carried(socket: Socket, frame: type[Struct]) -> dict[str, Any]:
    """The message; on the socket of all conversations it says which one it belongs to."""
    message = {"$ref": f"#/components/messages/{tag_of(frame)}"}
    if socket.path != EVERYTHING or frame not in OF_CONVERSATION:
        return message
    example = {**example_of(frame), "conversation": 12}
    named: dict[str, Any] = {
        "type": "object",
        "properties": {"conversation": {"type": "integer", "minimum": 1}},
    }
    if frame in server_frames.HAPPENINGS:
        named["required"] = ["conversation"]
    return {
        "name": tag_of(frame),
        "title": f"{frame.__name__} of a conversation",
        "payload": {"allOf": [{"$ref": f"{message['$ref']}/payload"}, named]},
        "examples": [{"payload": example}],
    }


def query_of(socket: Socket) -> dict[str, Any]:
    if socket.path == EVERYTHING:
        return {
            "cursor": {
                "description": "The last `cursor` that came: what was missed comes first, then"
                " `resumed`.",
                "type": "string",
                "minLength": 1,
                "maxLength": CURSOR_MAX_LENGTH,
            }
        }
    return {
        "since": {
            "description": "The highest `seq` that came as a change or in `resumed`, not that"
            " of an `ack`: everything after it comes first, then `resumed`.",
            "type": "integer",
            "minimum": 0,
            "maximum": 10**18 - 1,
        },
        "epoch": {
            "description": "The epoch that came with that `seq`: where it is not the present"
            " one, `reset` comes instead.",
            "type": "string",
            "minLength": 1,
            "maxLength": EPOCH_MAX_LENGTH,
        },
    }


def operations_of(socket: Socket) -> dict[str, Any]:
    def frames_of(channel: str, frames: tuple[type[Struct], ...]) -> list[dict[str, str]]:
        return [{"$ref": f"#/channels/{channel}/messages/{tag_of(frame)}"} for frame in frames]

    def reference(channel: str) -> dict[str, str]:
        return {"$ref": f"#/channels/{channel}"}

    said, heard = from_client(socket), to_client(socket)
    return {
        said: {
            "action": "receive",
            "channel": reference(said),
            "summary": "What a client sends",
            "messages": frames_of(said, FROM_CLIENT),
            "reply": {"channel": reference(heard), "messages": frames_of(heard, ANSWERS)},
        },
        heard: {
            "action": "send",
            "channel": reference(heard),
            "summary": "What the server sends",
            "messages": frames_of(heard, sent_on(socket)),
        },
    }


def message(frame: type[Struct], schema: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = prose(frame.__doc__).partition("\n\n")
    written: dict[str, Any] = {
        "name": tag_of(frame),
        "title": frame.__name__,
        "summary": summary,
        "payload": schema,
        "examples": [{"payload": example_of(frame)}],
    }
    if description:
        written["description"] = description
    return written
