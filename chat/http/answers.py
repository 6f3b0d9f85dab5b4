"""The heads of answers, as bytes.

An answer has about ten headers, and most of them are the same in every answer. Sanic makes the
bytes of each one anew, which takes a twentieth of the time of a small request. Here they are kept.
"""

from functools import lru_cache

from sanic.headers import format_http1_response
from sanic.response import BaseHTTPResponse

BODILESS = (204, 304)
"""Statuses of answers that never have a body."""
KEPT = 512
"""Lines that are kept. Lines that are new in each answer, such as the request's id, push out old
ones, so there is room for many.
"""
NEVER = str.maketrans("", "", "\r\n\x00")
"""What would end a header, and is left out of it as Sanic does."""


def head_of(response: BaseHTTPResponse) -> bytes:
    """The status line, the headers and the empty line that ends them."""
    headers = response.headers
    # Of an answer that names no type, Sanic says that it is `None`.
    if response.status not in BODILESS and response.content_type is not None:
        headers.setdefault("content-type", response.content_type)
    lines = [line(name, f"{value}") for name, value in headers.items()]
    return status_line(response.status) + b"".join(lines) + b"\r\n"


@lru_cache
def status_line(status: int) -> bytes:
    return format_http1_response(status, []).removesuffix(b"\r\n")


@lru_cache(KEPT)
def line(name: str, value: str) -> bytes:
    cleaned = value.translate(NEVER).encode(errors="surrogateescape")
    return b"%b: %b\r\n" % (name.translate(NEVER).encode("ascii"), cleaned)
