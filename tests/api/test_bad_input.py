"""Bad values in every field of every body, and in every parameter: refused under the field's name.

The fields and their types are read from the routes, so a new one is tried too.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec.inspect import (
    AnyType,
    BoolType,
    DictType,
    EnumType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    Metadata,
    NoneType,
    RawType,
    StructType,
    Type,
    UnionType,
)

from chat.docs.endpoints import Endpoint, endpoints
from tests.api.client import Api, problem
from tests.contract.rights import EXPECTED, World, begin, sign_up

OTHERS = {
    "POST /api/users/": {"username": "x", "password": "correct horse"},
    "POST /api/token/": {"username": "x", "password": "correct horse"},
}
"""Bodies with every field that has to be there, where `EXPECTED` has not."""
OF_EACH_KIND: dict[str, Any] = {
    "null": None,
    "truth": True,
    "number": 7,
    "fraction": 1.5,
    "text": "x",
    "list": [[None]],
    "object": {"\0": 1},
}
TEXTS = {"NUL": "a\0b", "half of a pair": "\ud83d", "long": "x" * 100_000}
NUMBERS = {"large": 2**63, "huge": 10**4000, "negative": -1}
DEEP = "[" * 1100 + "]" * 1100
PARAMETERS = ("", "x", "-1", "1.5", "9" * 30, "9" * 5000, "%00", "%D9%A1", "1&{name}=1")


def kinds_of(type_: Type) -> set[str]:
    """The kinds of values that may be right."""
    match type_:
        case Metadata():
            return kinds_of(type_.type)
        case UnionType():
            return set().union(*(kinds_of(one) for one in type_.types))
        case NoneType():
            return {"null"}
        case BoolType():
            return {"truth"}
        case IntType():
            return {"number"}
        case FloatType():
            return {"fraction", "number"}
        case ListType():
            return {"list"}
        case StructType() | DictType() | RawType():  # what is raw is metadata
            return {"object"}
        case LiteralType() | EnumType():
            return set()
        case _:
            return {"text"}


def bad_values(type_: Type) -> Iterator[tuple[str, Any]]:
    """What no field of this type takes."""
    right = kinds_of(type_)
    yield from ((kind, value) for kind, value in OF_EACH_KIND.items() if kind not in right)
    if "text" in right:
        yield from TEXTS.items()
    if "number" in right:
        yield from NUMBERS.items()
    yield "half of a pair within", {"a": "\ud83d"}


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return begin(sign_up(api), with_ticket=True)


def ask(world: World, one: Endpoint, query: str = "", content: str | None = None) -> Any:
    """As somebody who may. A refusal is the same for who may not, or says that they may not."""
    for_staff = ("/api/staff", "/api/canned", "/api/webhooks", "/api/desk", "/api/reports")
    is_staff = one.path.startswith((*for_staff, "/api/support_tickets/"))
    asks = world.people["staff" if is_staff else "sender"]
    headers = {"Content-Type": "application/json"} if content is not None else {}
    path = world.path(one.path) + query
    return asks.request(one.method, path, content=content, headers=headers)


def require_refused(response: Any, field: str, what: object) -> None:
    """Refused; where for what was sent, then under the field's name alone. Of an object the error
    may name what in it is wrong: `metadata.a`.
    """
    assert 400 <= response.status_code < 500, (what, response.text)
    if response.status_code == 400:
        (wrong,) = problem(response, 400, "invalid")["errors"]
        assert field in (wrong, wrong.removesuffix(".a")), (what, response.text)


def test_every_field_refuses_what_is_not_of_its_type(api: Api, world: World) -> None:
    """And texts and numbers that nothing can store. Whoever sends them learns which field."""
    tried = 0
    before = ask(world, message_of(api)).json()
    for one in endpoints(api.app):
        if one.said.takes is None or one.said.is_form:
            continue
        line = f"{one.method} {one.path}"
        given = world.body(EXPECTED[line])
        base = OTHERS.get(line) or (given if isinstance(given, dict) else {})
        for schema in schemas_of(one.said.takes):
            for field in msgspec.structs.fields(schema):
                name = field.encode_name
                for kind, value in bad_values(msgspec.inspect.type_info(field.type)):
                    content = json.dumps({**base, name: value})
                    require_refused(ask(world, one, content=content), name, (line, name, kind))
                    tried += 1
                marked = json.dumps({**base, name: "@"}).replace('"@"', DEEP)
                require_refused(ask(world, one, content=marked), name, (line, name, "deep"))
    assert tried > 500
    assert ask(world, message_of(api)).json() == before


def wrong_within(type_: Type) -> Iterator[tuple[str, Any]]:
    """Objects of this type with one thing in each that is of no type there, by its name."""
    match type_:
        case Metadata():
            yield from wrong_within(type_.type)
        case UnionType():
            for one in type_.types:
                yield from wrong_within(one)
        case StructType():
            for field in type_.fields:
                yield field.encode_name, {field.encode_name: [[None]]}
                yield "colour", {"colour": 1}
        case DictType() if not isinstance(type_.value_type, AnyType):
            yield "b", {"b": {"c": 1}}


def test_what_is_wrong_within_an_object_is_named(api: Api, world: World) -> None:
    """By the names of both: `keys.auth`, `hours.monday`."""
    named = set()
    for one in endpoints(api.app):
        for schema in schemas_of(one.said.takes) if one.said.takes and not one.said.is_form else ():
            given = world.body(EXPECTED[f"{one.method} {one.path}"])
            for field in msgspec.structs.fields(schema):
                for name, value in wrong_within(msgspec.inspect.type_info(field.type)):
                    base = given if isinstance(given, dict) else {}
                    content = json.dumps({**base, field.encode_name: value})
                    wrong = problem(ask(world, one, content=content), 400, "invalid")["errors"]
                    assert list(wrong) == [f"{field.encode_name}.{name}"], (one.path, value)
                    named.update(wrong)
    assert named >= {"keys.auth", "keys.p256dh", "keys.colour", "hours.b", "first_answer_inside.b"}


def message_of(api: Api) -> Endpoint:
    path = "/api/conversations/{conversation_id}/messages/{message_id}/"
    return next(one for one in endpoints(api.app) if (one.method, one.path) == ("GET", path))


def schemas_of(takes: Any) -> tuple[type[msgspec.Struct], ...]:
    return takes if isinstance(takes, tuple) else (takes,)


def test_every_parameter_refuses_what_is_not_of_its_type(api: Api, world: World) -> None:
    """NUL and a second value are never right. Others may be, as a word to look for is."""
    tried = 0
    for one in endpoints(api.app):
        if one.said.query is None or one.said.takes_any_query or one.method != "GET":
            continue
        for field in msgspec.structs.fields(one.said.query):
            name = field.encode_name
            needed = "&q=x" if one.path == "/api/search/" and name != "q" else ""
            for value in PARAMETERS:
                query = f"?{name}={value.format(name=name)}{needed}"
                response = ask(world, one, query)
                if response.status_code != 200 or value in ("%00", PARAMETERS[-1]):
                    require_refused(response, name, (one.path, query[:60]))
                tried += 1
    assert tried > 300
