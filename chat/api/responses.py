"""What handlers answer with: JSON, nothing, or a body that is sent while it is made."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec
from sanic import HTTPResponse, Request

log = logging.getLogger("payam.api")

encode = msgspec.json.Encoder().encode


def json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    return HTTPResponse(encode(value), status, dict(headers or {}), "application/json")


def empty() -> HTTPResponse:
    return HTTPResponse(status=204)


async def stream_array(
    request: Request, pages: AsyncIterator[Sequence[Any]]
) -> HTTPResponse | None:
    """All items of all pages as one JSON array, with a page in memory at a time."""

    async def chunks() -> AsyncGenerator[bytes, None]:
        opening = b"["
        async for page in pages:
            yield opening + encode(page)[1:-1]
            opening = b","
        yield b"]" if opening == b"," else b"[]"

    return await stream(request, HTTPResponse(content_type="application/json"), chunks())


async def stream(
    request: Request, head: HTTPResponse, chunks: AsyncGenerator[bytes, None]
) -> HTTPResponse | None:
    """Send `head`, then the chunks as they come, as fast as the client takes them.

    What the first chunk raises is answered as any other error. When a later one fails
    the connection is cut: ended in any other way, half an answer would look whole.
    """
    async with aclosing(chunks):
        if request.method == "HEAD":
            return head
        first = await anext(chunks, b"")
        response = await request.respond(head)
        try:
            await response.send(first)
            async for chunk in chunks:
                await response.send(chunk)
            await response.eof()
        except Exception:
            log.exception("an answer was cut off: %s %s", request.method, request.path)
            transport: Any = request.transport
            transport.abort()
    return None
