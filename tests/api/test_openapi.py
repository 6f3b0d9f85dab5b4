"""The OpenAPI document: well-formed, complete, true to its own schemas."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from chat import errors
from chat.api import schemas
from chat.services import checks
from tests.api.client import Api, Person, operations

FIELDS = ("parameters", "requestBody", "responses")


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    response = api.request("GET", "/docs/openapi.json")
    assert response.headers["content-type"] == "application/json"
    found: dict[str, Any] = response.json()
    return found


def contents(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body there is, and where."""
    for (method, path), operation in operations(document).items():
        bodies = {"body": operation.get("requestBody", {}), **operation["responses"]}
        for name, body in bodies.items():
            for media_type, content in body.get("content", {}).items():
                yield f"{method} {path} {name} {media_type}", content


def check(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Raise ValidationError where the value is not what the schema says."""
    whole = {"components": document["components"], "allOf": [schema]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(value)


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    """By the specification's own schema, and by its rules for paths and parameters."""
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415 - takes long

    assert document["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_in_it(api: Api, document: dict[str, Any]) -> None:
    """Method and path of each in Sanic's router, and no other; but not the web client's files."""
    routed = {
        (method, "/" + "/".join(parameter(part) for part in route.parts))
        for route in api.app.router.routes
        if not getattr(route.ctx, "socket", False) and ".web." not in route.name
        for method in route.methods - {"HEAD", "OPTIONS"}
    }
    written = {(method, path.rstrip("/")) for method, path in operations(document)}
    assert written == routed


def parameter(part: str) -> str:
    return "{" + part.strip("<>").partition(":")[0] + "}" if part.startswith("<") else part


def test_every_path_is_one_that_answers(api: Api, document: dict[str, Any]) -> None:
    """As it is written, slash and all; only what is public answers without a token."""
    for (method, path), operation in operations(document).items():
        ids = {one["name"]: 1 for one in operation.get("parameters", []) if one["in"] == "path"}
        response = api.request(method, path.format(**ids))
        needs_token = operation.get("security", document["security"]) != []
        asked = response.headers.get("www-authenticate") is not None
        assert asked == needs_token, (method, path, response.status_code)


def test_every_operation_says_what_it_is(document: dict[str, Any]) -> None:
    """A name of its own, a summary, and a noun that is explained."""
    every = operations(document)
    assert len({one["operationId"] for one in every.values()}) == len(every)
    nouns = {tag["name"] for tag in document["tags"] if tag["description"]}
    for place, one in every.items():
        assert one["summary"], place
        assert set(one["tags"]) <= nouns, place


def test_what_must_be_there_is_marked(document: dict[str, Any]) -> None:
    """Parameters of queries and headers without which a request is refused."""
    required = {
        (operation["operationId"], parameter["name"])
        for operation in operations(document).values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "path" and parameter.get("required")
    }
    assert required == {
        ("search_find", "q"),
        ("resumable_uploads_create", "Upload-Length"),
        ("resumable_uploads_append", "Upload-Offset"),
    }


def test_every_example_is_what_its_schema_says(document: dict[str, Any]) -> None:
    """Those of bodies, of answers and of problems."""
    checked = 0
    for _, content in contents(document):
        given = [content["example"]] if "example" in content else []
        given += [one["value"] for one in content.get("examples", {}).values()]
        for value in given:
            check(document, content["schema"], value)
            checked += 1
    assert checked > 100


def test_everything_in_json_has_an_example(document: dict[str, Any]) -> None:
    """But these documents, which are their own."""
    bare = [
        place
        for place, content in contents(document)
        if "json" in place.rpartition(" ")[2] and not content.keys() & {"example", "examples"}
    ]
    assert bare == [
        "GET /docs/asyncapi.json 200 application/json",
        "GET /docs/openapi.json 200 application/json",
    ]


def test_a_problem_stands_under_its_status(document: dict[str, Any]) -> None:
    """With its code, and the headers that come with it."""
    for (method, path), operation in operations(document).items():
        for status, response in operation["responses"].items():
            problems = response.get("content", {}).get("application/problem+json", {})
            for code, one in problems.get("examples", {}).items():
                assert str(one["value"]["status"]) == status, (method, path)
                assert one["value"]["code"] == code, (method, path)
        refused = operation["responses"].get("401")
        assert refused is None or "WWW-Authenticate" in refused["headers"]


def test_every_answer_has_the_request_s_id(api: Api, document: dict[str, Any]) -> None:
    """The one that the request brought, as the document tells people and programs."""
    for (method, path), operation in operations(document).items():
        for status, response in operation["responses"].items():
            assert "X-Request-ID" in response["headers"], (method, path, status)
    assert "`X-Request-ID`" in document["info"]["description"]
    brought = {"X-Request-ID": "a1.b2:c3_d4-e5"}
    answer = api.request("GET", "/health/live", headers=brought)
    assert answer.headers["X-Request-ID"] == brought["X-Request-ID"]


def test_limits_are_those_of_this_server(api: Api, document: dict[str, Any]) -> None:
    """The settings' values, and the constants that the services check with."""
    components = document["components"]["schemas"]
    assert components["NewMessage"]["properties"]["content"]["maxLength"] == (
        api.settings.message_max_length
    )
    new_user = components["NewUser"]["properties"]
    assert new_user["password"]["minLength"] == api.settings.password_min_length
    assert new_user["username"]["maxLength"] == checks.USERNAME_MAX_LENGTH


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/users/", {"username": "x" * 151, "password": "correct horse"}),
        ("/api/users/", {"username": "a b", "password": "correct horse"}),
        ("/api/users/", {"username": "ali", "password": "short"}),
        ("/api/conversations/", {"participants": [0]}),
        ("/api/conversations/", {"participants": [], "title": "x" * 201}),
        ("messages/", {"content": " "}),
        ("messages/", {"content": "a\0b"}),
        ("messages/", {"content": "x", "client_id": "x" * 65}),
        ("support_ticket/", {"subject": "x", "priority": "vital"}),
    ],
)
def test_what_a_schema_forbids_is_refused(
    ali: Person, conversation: str, document: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    """By the document and by the server, which decide apart from each other."""
    place = path if path.startswith("/") else f"/api/conversations/{{conversation_id}}/{path}"
    taken = document["paths"][place]["post"]["requestBody"]["content"]["application/json"]
    with pytest.raises(jsonschema_rs.ValidationError):
        check(document, taken["schema"], body)
    where = path if path.startswith("/") else conversation + path
    assert ali.post(where, body).status_code == 400


def test_shapes_are_those_that_requests_are_checked_with(document: dict[str, Any]) -> None:
    """Each of the bodies' structs, field by field."""
    components = document["components"]["schemas"]
    for shape in vars(schemas).values():
        if shape is schemas.Body:
            continue  # of which they are made
        if isinstance(shape, type) and shape.__module__ == schemas.__name__:
            names = {field.encode_name for field in msgspec.structs.fields(shape)}
            assert set(components[shape.__name__]["properties"]) == names


def test_every_kind_of_error_has_its_place(document: dict[str, Any]) -> None:
    """The code of each in the tree of errors, but its root's, and one that stands for another."""
    written = {code for _, content in contents(document) for code in content.get("examples", {})}

    def codes(kind: type[errors.PayamError]) -> Iterator[str]:
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                yield child.code
                yield from codes(child)

    assert set(codes(errors.PayamError)) - written == {"error", "outcome_unknown"}
