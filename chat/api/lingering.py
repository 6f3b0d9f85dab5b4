"""Answers that come before the request has been read to its end.

A connection that is closed while the client still sends is reset, and the answer may be
lost with it: whoever uploads too much would see a broken connection instead of the
reason. So the answer goes out first, and what still arrives is read and thrown away for
a while before the connection is closed.
"""

import asyncio
from contextlib import suppress
from typing import Any

from sanic import HTTPResponse, Request
from sanic.exceptions import BadRequest

LINGER_SECONDS = 30.0


def is_unread(request: Request) -> bool:
    """Whether a part of the request's body has not been read."""
    stream: Any = request.stream
    return stream is not None and bool(stream.request_body)


async def answer(request: Request, response: HTTPResponse) -> None:
    """Send the response, then let the client finish; the connection is not used again."""
    stream: Any = request.stream
    stream.keep_alive = False
    request.reset_response()
    sent = await request.respond(response)
    await sent.send(end_stream=True)
    stream.request_max_size = float("inf")
    with suppress(TimeoutError, BadRequest):
        async with asyncio.timeout(LINGER_SECONDS):
            async for _ in stream:
                pass
    # Sanic would wait for the rest, and without a limit in time.
    stream.request_body = None
