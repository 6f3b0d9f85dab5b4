"""What all paths have in common: who may come in, and how errors look."""

from typing import Any

import pytest

from tests.api.client import Api, Person, problem, wrong_fields

ANY_CALLER = [
    ("GET", "/api/users/me/"),
    ("GET", "/api/users/"),
    ("GET", "/api/conversations/"),
    ("POST", "/api/conversations/"),
    ("GET", "/api/support_tickets/"),
]
PARTICIPANTS = [
    ("GET", ""),
    ("PATCH", ""),
    ("GET", "participants/"),
    ("GET", "participants/?limit=1"),
    ("POST", "participants/"),
    ("DELETE", "participants/1/"),
    ("POST", "read/"),
    ("GET", "messages/"),
    ("GET", "messages/?limit=1"),
    ("GET", "messages/?since=0"),
    ("POST", "messages/"),
    ("GET", "messages/1/"),
    ("PATCH", "messages/1/"),
    ("DELETE", "messages/1/"),
    ("GET", "messages/1/attachments/"),
    ("POST", "messages/1/attachments/"),
    ("GET", "messages/1/attachments/1/"),
    ("GET", "pins/"),
    ("PUT", "messages/1/pin/"),
    ("DELETE", "messages/1/pin/"),
    ("POST", "support_ticket/"),
    ("PATCH", "support_ticket/"),
    ("DELETE", "support_ticket/"),
]
TICKETS = [
    ("GET", ""),
    ("PATCH", ""),
    ("POST", "close/"),
    ("POST", "reopen/"),
    ("POST", "assign/"),
]
JSON_BODIES = [
    ("POST", "/api/users/"),
    ("POST", "/api/token/"),
    ("POST", "/api/token/refresh/"),
    ("POST", "/api/token/revoke/"),
    ("POST", "/api/conversations/"),
    ("PATCH", "/api/conversations/1/"),
    ("POST", "/api/conversations/1/participants/"),
    ("POST", "/api/conversations/1/read/"),
    ("POST", "/api/conversations/1/messages/"),
    ("PATCH", "/api/conversations/1/messages/1/"),
    ("POST", "/api/conversations/1/support_ticket/"),
    ("PATCH", "/api/conversations/1/support_ticket/"),
    ("PATCH", "/api/support_tickets/1/"),
    ("POST", "/api/support_tickets/1/assign/"),
]
COMPLETE = {
    "": {"title": "x"},
    "participants/": {"user_id": 1},
    "read/": {"message_id": 1},
    "messages/": {"content": "x"},
    "messages/1/": {"content": "x"},
    "support_ticket/": {"subject": "x"},
    "assign/": {"user_id": 1},
}
"""By path, a body in which nothing is missing."""


def body_of(method: str, path: str) -> dict[str, Any]:
    if path.endswith("attachments/") and method == "POST":
        return {"files": {"file": ("f", b"x")}}
    has_body = method in ("POST", "PATCH")
    return {"json": COMPLETE.get(path, {})} if has_body else {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *ANY_CALLER,
        *[(method, "/api/conversations/1/" + path) for method, path in PARTICIPANTS],
        *[(method, "/api/support_tickets/1/" + path) for method, path in TICKETS],
    ],
)
def test_a_token_is_needed(api: Api, method: str, path: str) -> None:
    """401 that asks for one, with the trailing slash and without."""
    for variant in (path, path.replace("/?", "?").removesuffix("/")):
        response = api.request(method, variant, **body_of(method, path))
        problem(response, 401, "not_authenticated")
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), PARTICIPANTS)
def test_others_do_not_learn_that_a_conversation_exists(
    stranger: Person, conversation: str, method: str, path: str
) -> None:
    """404 with the same text for a conversation of others as for none."""
    options = body_of(method, path)
    theirs = stranger.request(method, conversation + path, **options)
    nobodys = stranger.request(method, f"/api/conversations/{2**62}/{path}", **options)
    assert problem(theirs, 404, "not_found") == problem(nobodys, 404, "not_found")


@pytest.mark.parametrize(("method", "path"), TICKETS)
def test_others_do_not_learn_that_a_ticket_exists(
    ali: Person, stranger: Person, conversation: str, method: str, path: str
) -> None:
    """404 with the same text for a ticket of others as for none."""
    opened = ali.post(conversation + "support_ticket/", {"subject": "x"}).json()["id"]
    options = body_of(method, path or "support_ticket/")
    theirs = stranger.request(method, f"/api/support_tickets/{opened}/{path}", **options)
    nobodys = stranger.request(method, f"/api/support_tickets/{2**62}/{path}", **options)
    assert problem(theirs, 404, "not_found") == problem(nobodys, 404, "not_found")


@pytest.mark.parametrize("id_", ["-1", "0", "x", "1.0", "9223372036854775808", "9" * 100, "%DB%B1"])
def test_what_is_no_id_is_not_found(ali: Person, id_: str) -> None:
    """404 rather than an error of the database."""
    for path in (
        f"/api/conversations/{id_}/",
        f"/api/conversations/{id_}/messages/",
        f"/api/support_tickets/{id_}/",
    ):
        problem(ali.get(path), 404, "not_found")


def test_paths_answer_without_the_slash(ali: Person, conversation: str) -> None:
    """The same as with it."""
    message = f"{conversation}messages/{ali.say(conversation, 'x')['id']}/"
    paths = ["/api/conversations/", conversation, conversation + "messages/", message]
    for path in paths:
        assert ali.get(path.rstrip("/")).json() == ali.get(path).json()


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/api/users/", "DELETE", {"GET", "POST"}),
        ("/api/token/", "GET", {"POST"}),
        ("/api/conversations/", "PUT", {"GET", "POST"}),
        ("/api/conversations/1/", "POST", {"GET", "PATCH"}),
        ("/api/conversations/1/messages/", "PATCH", {"GET", "POST"}),
        ("/api/conversations/1/messages/1/", "PUT", {"GET", "PATCH", "DELETE"}),
        ("/api/conversations/1/support_ticket/", "GET", {"POST", "PATCH", "DELETE"}),
    ],
)
def test_another_method_is_not_allowed(
    ali: Person, path: str, method: str, allowed: set[str]
) -> None:
    """405 that says which are."""
    response = ali.request(method, path)
    problem(response, 405, "method_not_allowed")
    given = {name.strip() for name in response.headers["allow"].split(",")}
    assert given - {"HEAD", "OPTIONS"} == allowed


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/conversations/", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/api/conversations/1/support_ticket/", {"POST", "PATCH", "DELETE", "OPTIONS"}),
        ("/docs", {"GET", "HEAD", "OPTIONS"}),
        ("/", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_options_says_which_methods_a_path_takes(api: Api, path: str, allowed: set[str]) -> None:
    """To anybody, without a body."""
    response = api.request("OPTIONS", path)
    assert (response.status_code, response.content) == (204, b"")
    assert set(response.headers["allow"].split(", ")) == allowed


def test_an_unknown_path_is_not_found(api: Api) -> None:
    """404, without a token too."""
    problem(api.request("GET", "/api/nothing/"), 404, "not_found")


@pytest.mark.parametrize(("method", "path"), JSON_BODIES)
def test_a_picture_is_no_body(ali: Person, method: str, path: str) -> None:
    """415, rather than a complaint about what is in it."""
    response = ali.request(method, path, content=b"x", headers={"Content-Type": "image/png"})
    problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(("method", "path"), JSON_BODIES)
def test_malformed_json_is_refused(ali: Person, method: str, path: str) -> None:
    """400."""
    assert wrong_fields(ali.request(method, path, content=b'{"a": ')) == {"body"}


def test_a_body_above_the_limit_gets_its_answer(ali: Person) -> None:
    """413 that a client can read which still sends."""
    content = b"x" * 20_000_000
    problem(ali.post("/api/conversations/", content=content), 413, "too_large")


def test_health_needs_no_token(api: Api) -> None:
    """200 for alive and ready, by GET and HEAD."""
    assert api.request("GET", "/health/live").status_code == 200
    ready = api.request("GET", "/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert api.request("HEAD", "/health/ready").status_code == 200


def test_readiness_names_what_is_missing(api: Api) -> None:
    """503 while the process is on its way out; alive all the same."""
    payam = api.app.ctx.payam
    payam.is_draining = True
    try:
        ready = api.request("GET", "/health/ready")
        live = api.request("GET", "/health/live")
    finally:
        payam.is_draining = False
    assert (ready.status_code, ready.json()["missing"]) == (503, ["worker"])
    assert live.status_code == 200
