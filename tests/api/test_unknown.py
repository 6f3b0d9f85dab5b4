"""A field or a parameter that there is not: a 400 that names it, and nothing is changed."""

import re
from typing import Any

import pytest

from chat.docs.endpoints import Endpoint, endpoints
from tests.api.client import Api, Person, wrong_fields


@pytest.fixture
def place(ali: Person, conversation: str) -> dict[str, int]:
    """Ids that lead somewhere for Ali, by the name of the path's parameter."""
    message = ali.say(conversation, "see")["id"]
    files = {"file": ("f", b"x")}
    path = f"{conversation}messages/{message}/attachments/"
    attachment = ali.post(path, files=files).json()["id"]
    return {
        "conversation_id": int(conversation.split("/")[3]),
        "message_id": message,
        "attachment_id": attachment,
        "user_id": ali.id,
    }


def routes(api: Api) -> list[Endpoint]:
    """Every route of which something is said."""
    found = endpoints(api.app)
    assert len(found) > 20
    return found


def path_of(one: Endpoint, place: dict[str, int]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: str(place.get(name[1], 1)), one.path)


def test_no_body_may_have_an_unknown_field(api: Api, ali: Person, place: dict[str, int]) -> None:
    """On any route that takes one: in JSON, and in a form."""
    with_bodies = [one for one in routes(api) if one.said.takes and not one.said.is_form]
    assert with_bodies
    for one in with_bodies:
        path = path_of(one, place)
        for options in ({"json": {"partcipants": [1]}}, {"data": {"partcipants": "1"}}):
            response = ali.request(one.method, path, **options)
            assert wrong_fields(response) == {"partcipants"}, path
            assert "there are: " in response.json()["detail"]


def test_what_takes_no_fields_refuses_some(
    api: Api, ali: Person, conversation: str, place: dict[str, int]
) -> None:
    """A field is refused and changes nothing; no body, or an object without fields, is fine."""
    ticket = ali.post(f"{conversation}support_ticket/", json={"subject": "late"}).json()["id"]
    without = [
        one
        for one in routes(api)
        # An upload has bytes for a body, and says what they are in headers.
        if one.method in ("POST", "PUT") and not one.said.takes and one.path != "/api/uploads/"
    ]
    ends = {one.path.split("/")[-2] for one in without}
    assert ends >= {"close", "reopen", "pin", "block", "{emoji}"}
    for one in without:
        path = path_of(one, {**place, "ticket_id": ticket})
        for options in ({"json": {"note": "x"}}, {"data": {"note": "x"}}):
            assert wrong_fields(ali.request(one.method, path, **options)) == {"note"}, path
    pins = f"{conversation}pins/"
    assert ali.get(pins).json() == []
    path = f"/api/support_tickets/{ticket}/"
    assert ali.get(path).json()["status"] == "open"
    nothing: list[dict[str, Any]] = [{}, {"json": {}}, {"data": {}}]
    for options in nothing:
        assert ali.post(f"{path}close/", **options).status_code == 200
        pin = f"{conversation}messages/{place['message_id']}/pin/"
        assert ali.request("PUT", pin, **options).status_code == 204


def test_no_query_may_have_an_unknown_parameter(
    api: Api, ali: Person, place: dict[str, int]
) -> None:
    """Of any method; also of routes that take none, and where all others are in order."""
    strict = [one for one in routes(api) if not one.said.takes_any_query]
    assert len(strict) > 20
    for one in strict:
        response = ali.request(one.method, path_of(one, place) + "?limt=5")
        assert wrong_fields(response) == {"limt"}, one.path
    assert wrong_fields(ali.get("/api/users/?search=a&limit=5&LIMIT=5")) == {"LIMIT"}
    assert "there are: search, limit" in ali.get("/api/users/?limt=5").json()["detail"]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/docs", "/"])
def test_pages_and_what_monitors_ask_for_take_any_query(api: Api, path: str) -> None:
    """Browsers, links and probes add to it."""
    assert api.request("GET", f"{path}?utm_source=x&_=1").status_code == 200


def test_a_download_takes_any_query(ali: Person, conversation: str, place: dict[str, int]) -> None:
    """Its address may get a moment against caches."""
    path = f"{conversation}messages/{place['message_id']}/attachments/{place['attachment_id']}/"
    assert ali.get(f"{path}?t=1&download").content == b"x"


def test_nothing_is_said_of_parameters_to_strangers(api: Api) -> None:
    """First the token."""
    assert api.request("GET", "/api/users/?limt=5").status_code == 401


def test_a_preflight_may_have_any_query(api: Api) -> None:
    """It repeats that of the request that it asks for."""
    assert api.request("OPTIONS", "/api/users/?limt=5").status_code == 204


BODIES: list[dict[str, Any]] = [
    {"participants": [], "partcipants": [1]},
    {"participants": [], "titel": "x"},
    {"participants": [], "colour": {"a": 1}},
]


@pytest.mark.parametrize("body", BODIES)
def test_what_is_refused_is_not_half_done(ali: Person, body: dict[str, Any]) -> None:
    """No conversation begins without what was meant."""
    before = len(ali.get("/api/conversations/").json())
    assert len(wrong_fields(ali.post("/api/conversations/", body))) == 1
    assert len(ali.get("/api/conversations/").json()) == before
