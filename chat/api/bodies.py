"""Bodies, in JSON or as a form, decoded into the structs of `schemas`."""

import re
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from sanic import Request

from chat import headers
from chat.api import forms
from chat.api.forms import WHOLE
from chat.errors import InvalidInput, UnsupportedMedia
from chat.services.malformed import explain

T = TypeVar("T", bound=msgspec.Struct)

JSON_TYPE = re.compile(r"(text/.+|.+/json|.+\+json)?", re.IGNORECASE)
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FIELDS_MAX = 1000
"""Fields of a form, the repeated ones of a list counted one by one."""


def decode(request: Request, schema: type[T]) -> T:
    """The body as `schema`. An empty one is an object without fields.

    Raises UnsupportedMedia for what says that it is another type, and InvalidInput, which
    names the first field that is wrong, or that the schema does not have.
    """
    media_type = media_type_of(request)
    try:
        if media_type in (URLENCODED, MULTIPART):
            # Texts stand for numbers and truth values there, since a form has nothing else.
            return msgspec.convert(form_of(request, media_type, schema), schema, strict=False)
        if not JSON_TYPE.fullmatch(media_type):
            raise UnsupportedMedia(f"The body must be application/json, not {media_type}.")
        body = request.body.strip() or b"{}"
        try:
            return msgspec.json.decode(body, type=schema)
        except msgspec.ValidationError:
            msgspec.json.decode(body, type=msgspec.Raw)  # what is no JSON has no wrong fields
            raise
    except msgspec.ValidationError as error:
        known = msgspec.structs.fields(schema)
        names = [field.encode_name for field in known]
        raise InvalidInput(explain(str(error), WHOLE, names)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput({WHOLE: [f"Not valid JSON: {error}."]}) from None


def media_type_of(request: Request) -> str:
    """Without its parameters, in lower case; empty where the client says nothing."""
    given = headers.one(request, "Content-Type") or ""
    return given.partition(";")[0].strip().lower()


def form_of(request: Request, media_type: str, schema: type[T]) -> dict[str, Any]:
    """The fields by name, those of lists as lists."""
    try:
        if media_type == MULTIPART:
            form = forms.Fields(forms.boundary_of(request, WHOLE), FIELDS_MAX)
            pairs = form.read(request.body)
        else:
            pairs = parse_qsl(
                request.body.decode(),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=FIELDS_MAX,
            )
    except UnicodeDecodeError:
        raise InvalidInput({WHOLE: ["The form is not in UTF-8."]}) from None
    except ValueError:
        raise InvalidInput({WHOLE: [f"At most {FIELDS_MAX} fields."]}) from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists_of(schema):
            found.setdefault(name, []).append(value)
        elif name in found:
            raise InvalidInput({name: ["May be there only once."]})
        else:
            found[name] = value
    return found


@lru_cache
def lists_of(schema: type[msgspec.Struct]) -> frozenset[str]:
    """The names of the fields that are lists."""
    info = msgspec.inspect.type_info(schema)
    assert isinstance(info, msgspec.inspect.StructType)
    return frozenset(field.encode_name for field in info.fields if is_list(field.type))


def is_list(kind: msgspec.inspect.Type) -> bool:
    """Or may be one."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(is_list(one) for one in kind.types)
    if isinstance(kind, msgspec.inspect.Metadata):
        return is_list(kind.type)
    return isinstance(kind, msgspec.inspect.ListType)
