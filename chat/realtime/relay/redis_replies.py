"""Reads what a Redis server has said, all that has come at once.

redis-py's own reading takes some microseconds per answer. Each message that is published has two:
what the server says to it, and the message itself, which comes back. What has come with the first
answer is in hiredis' buffer already, and is taken from there. That is private to redis-py, whose
version is pinned.
"""

import math
from typing import Any

from redis._parsers.hiredis import NOT_ENOUGH_DATA
from redis.exceptions import ConnectionError as Lost
from redis.exceptions import ResponseError


async def replies(connection: Any) -> list[Any]:
    """Wait for the next answer. Returns it with all that came behind it, in order, as bytes.

    A refusal is among them as a ResponseError. Raises FAILURES if the connection is lost.
    """
    try:
        found = [await connection.read_response(disable_decoding=True, timeout=math.inf)]
    except ResponseError as error:
        found = [error]
    take = connection._parser._reader.gets
    while (reply := take(False)) is not NOT_ENOUGH_DATA:
        if isinstance(reply, Lost):  # the server says so, and ends
            raise reply
        found.append(reply)
    return found
