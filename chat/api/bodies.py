"""Decodes bodies, which are JSON or a form, into the structs of `schemas`."""

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
from chat.services.malformed import explain, explain_whole, half_pair, shown, too_deep
from chat.services.repeats import repeated

T = TypeVar("T", bound=msgspec.Struct)

JSON_TYPE = re.compile(r"(text/.+|.+/json|.+\+json)?", re.IGNORECASE)
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FIELDS_MAX = 1000
"""Most fields of a form. The repeated fields of a list are counted one by one."""


def decode(request: Request, schema: type[T]) -> T:
    """Decode the body as `schema`. An empty body is an object without fields.

    Raises UnsupportedMedia for a body of another type. Raises InvalidInput, which names the
    first field that is wrong, that is there twice or that the schema does not have.
    """
    media_type = media_type_of(request)
    try:
        if media_type in (URLENCODED, MULTIPART):
            # A form has only texts, so texts stand for numbers and truth values there.
            return msgspec.convert(form_of(request, media_type, schema), schema, strict=False)
        if not JSON_TYPE.fullmatch(media_type):
            raise UnsupportedMedia(f"The body must be application/json, not {media_type}.")
        body = request.body.strip() or b"{}"
        try:
            decoded = msgspec.json.decode(body, type=schema)
        except msgspec.ValidationError as error:
            msgspec.json.decode(body, type=msgspec.Raw)  # is it JSON at all?
            raise InvalidInput(
                explain_whole(error, body, schema, WHOLE, names_of(schema))
            ) from None
        if repeats := repeated(body):
            raise InvalidInput({shown(repeats): ["May be there only once."]})
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(str(error), WHOLE, names_of(schema))) from None
    except RecursionError:
        raise InvalidInput(too_deep(request.body.decode(errors="replace"), WHOLE)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if half := half_pair(request.body, schema, WHOLE, names_of(schema)):
            raise InvalidInput(half) from None
        raise InvalidInput({WHOLE: [f"Not valid JSON: {error}."]}) from None
    return decoded


def names_of(schema: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(schema)]


def media_type_of(request: Request) -> str:
    """The media type in lower case, without parameters; empty if the client named none."""
    given = headers.one(request, "Content-Type") or ""
    return given.partition(";")[0].strip().lower()


def is_json(request: Request) -> bool:
    """Whether the client says that the body is JSON."""
    media_type = media_type_of(request)
    return bool(media_type) and JSON_TYPE.fullmatch(media_type) is not None


def form_of(request: Request, media_type: str, schema: type[T]) -> dict[str, Any]:
    """The fields of a form by name. A field that is a list in the schema becomes a list."""
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
    """Whether the type is a list, or a union with a list in it."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(is_list(one) for one in kind.types)
    if isinstance(kind, msgspec.inspect.Metadata):
        return is_list(kind.type)
    return isinstance(kind, msgspec.inspect.ListType)
