"""The OpenAPI 3.1 document of the paths over HTTP, made from the routes and their structs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct
from sanic import Sanic
from sanic.exceptions import SanicException

from chat.api import tracing
from chat.api.operations import Operation
from chat.api.parameters import OnceHeaders, SendHeaders
from chat.api.problems import CONTENT_TYPE, Problem, describe
from chat.docs.endpoints import Endpoint, endpoints
from chat.docs.examples import example_of
from chat.docs.located import PREFIX
from chat.docs.shapes import fields_of, prose, required_of, schemas_of, security_schemes
from chat.errors import (
    Failed,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PayamError,
    RateLimited,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
)
from chat.records import ID_MAX
from config.settings import Settings

ABOUT = f"""
Conversations, messages and attachments. Live changes come over websockets, whose document is
`{PREFIX}/docs/asyncapi.json`.

Everything is JSON in UTF-8. Times are UTC, in whole seconds. A path answers with and without the
slash at its end. It answers HEAD where it answers GET, and OPTIONS always; any other method gets
405 with `Allow`. An unknown field of a body, or an unknown parameter of a query, gets a 400 that
names it. A body in JSON may also come as a form (urlencoded or multipart). A list is then a
field that comes several times. `?format=json` and `?_=…`, which some clients add to every
request, are ignored.

An error is `application/problem+json` (RFC 9457). `detail` is a sentence for people, `code` is
stable and for programs, and `errors` says by field what is wrong with the input. What does not
exist, and what is not for the caller, both answer 404. A request that is not valid HTTP, or that
takes too long to arrive, gets 400, 408, 414, 417 or 431.

A request may have an id of its own in `X-Request-ID`: up to 64 ASCII letters, digits, `_`, `.`,
`:` or `-`. Otherwise it gets a new one. The answer has the id in the same header, and each line
that the server logs of the request has it too.
"""
BEARER = """
An access token, from `POST /api/token/` or from another identity provider that this server
trusts: `Authorization: Bearer <JWT>`. `Token <JWT>` and `JWT <JWT>` work too.
"""
HEADERS = {
    "Accept-Ranges": "`bytes`: ranges of the file can be asked for.",
    "Cache-Control": "Who may keep the answer, and for how long.",
    "Content-Disposition": "The name under which to save the file.",
    "Content-Range": "Which bytes these are, and how many there are.",
    "Location": "The path of what was made.",
    "Tus-Resumable": "The version of the tus protocol that this is.",
    "Upload-Expires": "When the upload is deleted, unless it is attached before.",
    "Upload-Length": "The size of the file, in bytes.",
    "Upload-Metadata": "What the client said of the file.",
    "Upload-Offset": "How many bytes have arrived, and are on the disk.",
    "ETag": "Names this content, for `If-None-Match`.",
    "Link": "RFC 8288: the `next` page, or the `prev` one.",
    "RateLimit": "The IETF's draft: what is left (`r`), and in how many seconds more is (`t`).",
    "RateLimit-Policy": "The same: how many (`q`) in how many seconds (`w`), and of what (`qu`).",
    "Retry-After": "Seconds after which to come back.",
    "WWW-Authenticate": 'RFC 6750: `Bearer`, with `error="invalid_token"` where one was sent.',
    tracing.HEADER: "The request's id: the one that it brought, or a new one.",
}
REFUSALS = {
    400: "The input is wrong; `errors` says which field of it, and how.",
    404: "Not there, or not for the caller.",
    503: "Something that the server needs is away, or the server restarts.",
}
OF_ALL = {tracing.HEADER: {"$ref": f"#/components/headers/{tracing.HEADER}"}}
"""The headers of every answer."""
SENT_WITH = {
    401: ("WWW-Authenticate",),
    416: ("Content-Range",),
    429: ("Retry-After", "RateLimit-Policy", "RateLimit"),
    503: ("Retry-After",),
}

TEXTS: Mapping[str, dict[str, Any]] = {
    "code": {"type": "string", "minLength": 1, "maxLength": 64},
    "upload_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "emoji": {"type": "string", "minLength": 1, "maxLength": 16},
}
"""The parameters of paths that are no numbers."""
ABOUT_TEXTS = {"emoji": "Exactly one emoji of Unicode.", "code": "The `code` of an invite link."}
"""The parameters of paths that are no ids."""
KEY, KEYED = "Idempotency-Key", (OnceHeaders, SendHeaders)
"""The header that every route with one of these headers checks."""
FILES = ("*/", "image/", "application/zip")
"""How media types of bytes begin."""

Schemas = Mapping[Any, dict[str, Any]]
"""By shape."""


def document(app: Sanic[Any, Any], settings: Settings) -> dict[str, Any]:
    described = endpoints(app)
    shapes = list(dict.fromkeys([Problem, *(s for one in described for s in shapes_of(one.said))]))
    schemas, components = schemas_of(shapes, settings)
    for one in described:
        if one.said.takes is not None:
            leave_out_defaults(components[one.said.takes.__name__])
    of_shape = dict(zip(shapes, schemas, strict=True))
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for one in described:
        paths[one.path][one.method.lower()] = operation(one, of_shape, settings)
    return {
        "openapi": "3.1.1",
        "info": {
            # Generators name their package after the title, and `payam_client` is Payam's own.
            "title": "Payam REST API",
            "version": "1",
            "summary": "A chat server to put behind an app of your own",
            "description": prose(ABOUT),
        },
        "servers": [{"url": PREFIX}],
        "security": [{"bearer": []}],
        "tags": [
            {"name": noun, "description": about}
            for noun, about in {one.noun: one.about_noun for one in described}.items()
        ],
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(BEARER),
            "headers": {name: {**header(name), "required": True} for name in OF_ALL},
            "schemas": components,
        },
    }


def leave_out_defaults(body: dict[str, Any]) -> None:
    """Make fields of a body optional without a default.

    Generators of types understand that a field with a default always has a value. So they would
    require it in what a client sends.
    """
    for field in body["properties"].values():
        default = field.pop("default", None)
        if default:
            field["description"] = (
                f"{field.get('description', '')} Without it: `{default}`.".strip()
            )


def shapes_of(said: Operation) -> Iterator[Any]:
    """The shapes that become schemas of the document."""
    if said.takes is not None:
        yield said.takes
    if said.takes_json is not None:
        yield said.takes_json
    yield from (shape for shape in said.gives.values() if is_struct(shape))


def is_struct(shape: Any) -> bool:
    """Whether the shape is a struct or a list of structs."""
    return shape is not None and shape is not dict and not isinstance(shape, str)


def operation(one: Endpoint, schemas: Schemas, settings: Settings) -> dict[str, Any]:
    summary, _, description = one.about.partition("\n\n")
    written: dict[str, Any] = {
        "operationId": f"{one.noun}_{one.name}",
        "tags": [one.noun],
        "summary": summary.removesuffix("."),
    }
    if description:
        written["description"] = description
    if one.is_public:
        written["security"] = []
    if parameters := list(parameters_of(one, settings)):
        written["parameters"] = parameters
    if one.said.takes is not None:
        written["requestBody"] = body_of(one.said.takes, schemas, is_form=one.said.is_form)
        if one.said.takes_json is not None:
            written["requestBody"]["content"] |= json_of(one.said.takes_json, schemas)
    written["responses"] = responses_of(one, schemas)
    return written


def parameters_of(one: Endpoint, settings: Settings) -> Iterator[dict[str, Any]]:
    for name in one.parameters:
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": ABOUT_TEXTS.get(name, f"The {name.removesuffix('_id')}'s id."),
            "schema": TEXTS.get(name, {"type": "integer", "minimum": 1, "maximum": ID_MAX}),
        }
    for place, shape in (("query", one.said.query), ("header", one.said.headers)):
        required = required_of(shape) if shape else ()
        for name, schema in (fields_of(shape, settings) if shape else {}).items():
            parameter: dict[str, Any] = {"name": name, "in": place, "schema": schema}
            if name in required:
                parameter["required"] = True
            if description := schema.pop("description", ""):
                parameter["description"] = description
            yield parameter


def body_of(takes: type[Struct], schemas: Schemas, *, is_form: bool) -> dict[str, Any]:
    if is_form:
        return {
            "required": True,
            "content": {"multipart/form-data": {"schema": schemas[takes]}},
        }
    needs_any = any(field.required for field in msgspec.structs.fields(takes))
    return {"required": needs_any, "content": json_of(takes, schemas)}


def responses_of(one: Endpoint, schemas: Schemas) -> dict[str, Any]:
    answers = {
        str(status): {"description": HTTPStatus(status).phrase, **answer(one.said, shape, schemas)}
        for status, shape in one.said.gives.items()
    }
    examples: defaultdict[int, list[Problem]] = defaultdict(list)
    for refused in refusals(one):
        examples[refused.status].append(refused)
    for status, problems in sorted(examples.items()):
        answers.setdefault(str(status), refusal(status, problems, schemas))
    return answers


def answer(said: Operation, shape: Any, schemas: Schemas) -> dict[str, Any]:
    written: dict[str, Any] = {"headers": {name: header(name) for name in said.sends} | OF_ALL}
    if is_struct(shape):
        written["content"] = json_of(shape, schemas)
    elif shape is dict:
        written["content"] = {"application/json": {"schema": {"type": "object"}}}
    elif shape is not None and shape.startswith(FILES):
        # Generators recognise bytes by this type. A file comes with a type of its own.
        octets = {"schema": {"type": "string", "format": "binary"}}
        written["content"] = {"application/octet-stream": octets, shape: {"schema": {}}}
    elif shape is not None:
        written["content"] = {shape: {"schema": {"type": "string"}}}
    return written


def json_of(shape: Any, schemas: Schemas) -> dict[str, Any]:
    return {"application/json": {"schema": schemas[shape], "example": example_of(shape)}}


def refusals(one: Endpoint) -> Iterator[Problem]:
    """The errors with which this route may answer: its own, then those of all routes."""
    own: set[int] = set()
    for error in one.said.refuses:
        refused = describe(error)
        own.add(refused.status)
        yield refused
    for error in common(one):
        refused = describe(error)
        if refused.status not in own:
            yield refused
    yield describe(Failed())


def common(one: Endpoint) -> Iterator[PayamError | SanicException]:
    if one.said.headers in KEYED:
        yield InvalidInput({KEY: ["May not contain half of a surrogate pair."]})
    if one.said.query:
        yield InvalidInput({"limit": ["A whole number from 1 to 200."]})
    if one.said.takes:
        yield InvalidInput({"body": ["Expected `object`, got `array`."]})
    if not one.is_public:
        yield NotAuthenticated("A token is needed: Authorization: Bearer <token>.")
        yield RateLimited("Too many requests.", retry_after=1)
    if one.parameters:
        yield NotFound("There is no such conversation for you.")
    if one.said.takes:
        yield TooLarge("The body is too large.")
        yield UnsupportedMedia("The body must be of another type.")
    yield Unavailable("The server restarts.", retry_after=1)


def refusal(status: int, problems: list[Problem], schemas: Schemas) -> dict[str, Any]:
    written: dict[str, Any] = {
        "description": REFUSALS.get(status) or " ".join(one.detail for one in problems),
        "headers": dict(OF_ALL),
        "content": {
            CONTENT_TYPE: {
                "schema": schemas[Problem],
                "examples": {one.code: {"value": msgspec.to_builtins(one)} for one in problems},
            }
        },
    }
    for name in SENT_WITH.get(status, ()):
        written["headers"][name] = header(name)
    return written


def header(name: str) -> dict[str, Any]:
    return {"description": HEADERS[name], "schema": {"type": "string"}}
