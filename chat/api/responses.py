"""Answers of handlers: JSON, nothing, or a body that is sent while it is made.

No answer keeps the event loop busy for long, however large it is. A list is encoded item by
item, and others have their turn between two pieces.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, nullcontext
from itertools import islice
from typing import Any

import msgspec
from sanic import HTTPResponse, Request, Sanic

from chat.api import places
from chat.errors import Forbidden, NotAuthenticated, NotFound
from chat.http import addresses
from chat.http.room import OF_A_STREAM, SMALL, Room
from config.settings import Settings

log = logging.getLogger("payam.api")

encode = msgspec.json.Encoder().encode

PIECE = 64 * 1024
"""Bytes of a list that are encoded in one step. So many items as AT_ONCE may have more."""
AT_ONCE = 64
"""Items that are encoded by one call. One call per item takes twice as long."""


def install(app: Sanic[Any, Any], settings: Settings) -> Room:
    """Give connections the limits of their answers."""

    def reader_of(request: Request) -> int | str:
        identity = getattr(request.ctx, "identity", None)
        if identity is not None:
            return int(identity.user_id)
        return addresses.of_client(request, settings.trusted_proxies)

    app.ctx.room = Room(settings.send_buffer_per_user, settings.send_buffer_per_worker)
    app.ctx.reader_of = reader_of
    app.ctx.send_timeout = settings.send_timeout
    places.install(app, settings)
    room: Room = app.ctx.room
    return room


def json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    """Answer with a value that is not a long list. It is encoded in one step."""
    # The request is not an argument, so no handler can forget to give it.
    body = encode(places.shown(Request.get_current(), value))
    return HTTPResponse(body, status, dict(headers or {}), "application/json")


def empty() -> HTTPResponse:
    return HTTPResponse(status=204)


async def json_array(
    request: Request, items: Sequence[Any], headers: Mapping[str, str] | None = None
) -> HTTPResponse | None:
    """Answer with items that are all in memory, as one JSON array; many items are streamed."""
    head = HTTPResponse(headers=dict(headers or {}), content_type="application/json")
    if len(items) <= AT_ONCE:
        head.body = encode(places.shown(request, items))
        return head
    pieces = pieces_of(places.shown(request, items))
    first = next(pieces)
    second = next(pieces, None)
    if second is None:
        head.body = b"[" + first + b"]"
        return head

    async def chunks() -> AsyncGenerator[bytes, None]:
        yield b"[" + first
        yield b"," + second
        for piece in pieces:
            await asyncio.sleep(0)
            yield b"," + piece
        yield b"]"

    return await stream(request, head, chunks())


async def stream_array(
    request: Request, pages: AsyncIterator[Sequence[Any]]
) -> HTTPResponse | None:
    """Answer with all items of all pages as one JSON array. One page is in memory at once."""

    async def chunks() -> AsyncGenerator[bytes, None]:
        opening = b"["
        async for page in pages:
            encoded = list(pieces_of(places.shown(request, page)))
            del page  # otherwise it would stay in memory beside its bytes
            encoded.reverse()
            while encoded:
                yield opening + encoded.pop()
                opening = b","
        yield b"]" if opening == b"," else b"[]"

    return await stream(request, HTTPResponse(content_type="application/json"), chunks())


def pieces_of(items: Iterable[Any]) -> Iterator[bytes]:
    """The items, encoded and with commas between them, in pieces of about PIECE bytes."""
    encoded: list[bytes] = []
    size = 0
    remaining = iter(items)
    while some := list(islice(remaining, AT_ONCE)):
        encoded.append(encode(some)[1:-1])
        size += len(encoded[-1])
        if size >= PIECE:
            yield b",".join(encoded)
            encoded, size = [], 0
    if encoded:
        yield b",".join(encoded)


async def stream(
    request: Request, head: HTTPResponse, chunks: AsyncGenerator[bytes, None]
) -> HTTPResponse | None:
    """Send `head`, then the chunks as they come, as fast as the client takes them.

    An error before the first chunk is answered like any other error. When a later chunk
    fails, the connection is cut, because otherwise half an answer would look complete. It is
    also cut when the caller's sign-in, or the right to this, is revoked meanwhile. Raises
    RateLimited or Unavailable where too many such answers wait to be read.
    """
    protocol: Any = request.transport.get_protocol()
    async with aclosing(chunks):
        if request.method == "HEAD":
            await anext(chunks, b"")
            response = await request.respond(head)
            await response.send(b"", end_stream=False)
            await response.eof()
            return None
        size = min(OF_A_STREAM, int(head.headers.get("content-length", OF_A_STREAM)))
        with protocol.hold(request, size) if size > SMALL else nullcontext():
            first = await anext(chunks, b"")
            response = await request.respond(head)
            try:
                await response.send(first)
                del first
                async for chunk in chunks:
                    require_working(request)
                    await response.send(chunk)
                await response.eof()
            except (
                NotAuthenticated,
                NotFound,
                Forbidden,
            ) as error:  # this is no fault of the server
                log.info("an answer ended: %s %s: %s", request.method, request.path, error.code)
                cut(request)
            except Exception:
                log.exception("an answer was cut off: %s %s", request.method, request.path)
                cut(request)
    return None


def require_working(request: Request) -> None:
    """Raises NotAuthenticated if the caller's sign-in was revoked since the request began."""
    identity = getattr(request.ctx, "identity", None)
    if identity is not None:
        request.app.ctx.services.sessions.require_working(identity)


def cut(request: Request) -> None:
    transport: Any = request.transport
    transport.abort()
