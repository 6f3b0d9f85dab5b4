"""Which part of a file a request asks for.

RFC 9110, section 14. One range of bytes is supported. Several ranges, and a range that cannot
be understood, count as none. The RFC allows this, and clients expect it.
"""

import re
from dataclasses import dataclass

from sanic import Request
from sanic.exceptions import RangeNotSatisfiable

from chat import headers

RANGE = re.compile(r"bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """`size` bytes from `start`, of `total`."""

    start: int
    size: int
    total: int

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.start + self.size - 1}/{self.total}"


def wanted(request: Request, tag: str, total: int) -> Part | None:
    """The part that is asked for; None for the whole. Raises RangeNotSatisfiable (416)."""
    header = headers.one(request, "Range") or ""
    if headers.one(request, "If-Range") not in (None, tag):
        return None  # the client has a part of an older file
    match = RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    if first:
        start, end = int(first), min(int(last or total), total - 1)
    else:
        start, end = max(0, total - int(last)), total - 1
    if start > end:
        raise not_satisfiable(total)
    return Part(start, end - start + 1, total)


def not_satisfiable(total: int) -> RangeNotSatisfiable:
    error = RangeNotSatisfiable(f"The file has {total} bytes.")
    error.headers = {"Content-Range": f"bytes */{total}"}
    return error
