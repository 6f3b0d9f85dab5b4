"""Entity tags (RFC 9110, section 8.8): who has the present answer already is not sent it again."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from sanic import HTTPResponse, Request

from chat import headers
from chat.api import places
from chat.api.responses import encode

ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')
KEPT = {"Cache-Control": "private, no-cache"}
"""Who asked may keep the answer, and asks each time whether it still holds."""


def has_already(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this entity tag, quotes included."""
    given = ",".join(headers.every(request, "If-None-Match"))
    return given.strip() == "*" or tag in ENTITY_TAG.findall(given)


def json(request: Request, value: Any, also: Mapping[str, str] | None = None) -> HTTPResponse:
    """The value with the tag of its bytes; 304 without them to who has that already.

    What it costs to build is spent either way: no other tag holds for all that is in it, such as
    what others have read.
    """
    body = encode(places.shown(request, value))
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    sent = {**KEPT, "ETag": tag, **(also or {})}
    if has_already(request, tag):
        return HTTPResponse(status=304, headers=sent)
    return HTTPResponse(body, 200, sent, "application/json")
