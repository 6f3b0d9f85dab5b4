"""JSON bodies, decoded into the structs of `schemas`."""

import re
from typing import TypeVar

import msgspec
from sanic import Request

from chat import headers
from chat.errors import InvalidInput, UnsupportedMedia
from chat.services.malformed import explain

T = TypeVar("T")

WHOLE = "body"
"""What errors call a body that is wrong as a whole."""
JSON_TYPE = re.compile(r"(text/.+|.+/json|.+\+json)?", re.IGNORECASE)


def decode(request: Request, schema: type[T]) -> T:
    """The body as `schema`. An empty one is an object without fields.

    Raises UnsupportedMedia for what says that it is no JSON, and InvalidInput, which
    names the first field that is wrong.
    """
    media_type = (headers.one(request, "Content-Type") or "").partition(";")[0].strip()
    if not JSON_TYPE.fullmatch(media_type):
        raise UnsupportedMedia(f"The body must be application/json, not {media_type}.")
    try:
        return msgspec.json.decode(request.body.strip() or b"{}", type=schema)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(str(error), WHOLE)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput({WHOLE: [f"Not valid JSON: {error}."]}) from None
