"""Entity tags (RFC 9110, section 8.8): a client that has the present answer gets no body."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sanic import HTTPResponse, Request

from chat import headers
from chat.api import places
from chat.api.responses import encode

ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')
KEPT = {"Cache-Control": "private, no-cache"}
"""The client may keep the answer, and asks each time whether it is still the present one."""

UNCHANGING = {"Cache-Control": "private, max-age=31536000, immutable"}
"""The client may keep the answer for a year (RFC 8246): at this address there is never another."""


def has_already(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this entity tag, quotes included."""
    given = ",".join(headers.every(request, "If-None-Match"))
    return given.strip() == "*" or tag in ENTITY_TAG.findall(given)


def json(request: Request, value: Any, also: Mapping[str, str] | None = None) -> HTTPResponse:
    """Answer with the value and the tag of its bytes; 304 if the client has them already.

    The value is built in both cases. No cheaper tag would change with everything that is in
    it, such as what others have read.
    """
    body = encode(places.shown(request, value))
    tag = f'"{sha256(body).hexdigest()[:24]}"'
    sent = {**KEPT, "ETag": tag, **(also or {})}
    if has_already(request, tag):
        return HTTPResponse(status=304, headers=sent)
    return HTTPResponse(body, 200, sent, "application/json")
