"""Text above its limit: refused by name, before anything is done with it."""

import secrets
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from tests.api.client import PASSWORD, Api, Person, problem

# Marks of two classes in turn: to compose this takes minutes, with nothing else being served.
SLOW = "a" + "\u0301\u0327" * 200_000
LONG = "x" * 9000


def refused(response: Any, field: str, limit: int) -> None:
    """A 400 that names the field and its limit, and does not repeat the text."""
    body = problem(response, 400, "invalid")
    assert list(body["errors"]) == [field]
    assert str(limit) in body["errors"][field][0]
    assert len(response.content) < 1000


@pytest.mark.parametrize("path", ["/api/token/", "/api/users/"])
def test_nobody_signs_in_or_up_with_a_very_long_password(api: Api, path: str) -> None:
    """Nor with a name of that length."""
    name = secrets.token_hex(8)
    body = {"username": name, "password": SLOW}
    refused(api.request("POST", path, json=body), "password", 1024)
    body = {"username": SLOW, "password": PASSWORD}
    refused(api.request("POST", path, json=body), "username", 150)


def test_the_longest_password_is_one(api: Api) -> None:
    """1,024 characters, of any kind."""
    body = {"username": secrets.token_hex(8), "password": ("a" + "\u0301\u0327" * 600)[:1024]}
    assert api.request("POST", "/api/users/", json=body).status_code == 201
    assert api.request("POST", "/api/token/", json=body).status_code == 200
    body["password"] += "\u0301"
    refused(api.request("POST", "/api/token/", json=body), "password", 1024)


@pytest.mark.parametrize("path", ["/api/token/refresh/", "/api/token/revoke/"])
def test_a_long_refresh_token_is_refused(api: Api, path: str) -> None:
    """Above what a token can be."""
    refused(api.request("POST", path, json={"refresh": LONG}), "refresh", 8192)


@pytest.mark.parametrize(
    ("method", "path", "field", "limit", "others"),
    [
        ("POST", "/api/conversations/", "title", 200, {"participants": []}),
        ("PATCH", "{conversation}", "title", 200, {}),
        ("POST", "{conversation}messages/", "content", 10_000, {}),
        ("POST", "{conversation}messages/", "client_id", 64, {"content": "x"}),
        ("POST", "{conversation}support_ticket/", "subject", 200, {}),
        ("PATCH", "{conversation}support_ticket/", "subject", 200, {}),
    ],
)
def test_each_text_of_a_body_has_a_limit(
    ali: Person,
    conversation: str,
    method: str,
    path: str,
    field: str,
    limit: int,
    others: dict[str, Any],
) -> None:
    """Which its error says."""
    body = {**others, field: SLOW}
    response = ali.request(method, path.format(conversation=conversation), json=body)
    refused(response, field, limit)


@pytest.mark.parametrize(
    ("path", "parameter", "limit"),
    [
        ("/api/users/", "search", 150),
        ("{conversation}messages/", "limit", 200),
        ("{conversation}messages/", "before", 2**63 - 1),
        ("{conversation}messages/", "since", 2**63 - 1),
    ],
)
def test_each_parameter_has_a_limit(
    ali: Person, conversation: str, path: str, parameter: str, limit: int
) -> None:
    """Text its length, numbers their greatest."""
    response = ali.get(path.format(conversation=conversation), params={parameter: "9" * 5000})
    refused(response, parameter, limit)


@pytest.mark.parametrize(
    ("header", "limit"),
    [("Range", 128), ("If-Range", 256), ("If-None-Match", 2048)],
)
def test_each_header_of_a_download_has_a_limit(
    ali: Person, conversation: str, header: str, limit: int
) -> None:
    """The header is named."""
    message = ali.say(conversation, "see")
    path = f"{conversation}messages/{message['id']}/attachments/"
    url = ali.post(path, files={"file": ("f", b"x")}).json()["url"]
    refused(ali.get(url, headers={header: "bytes=" + " " * 4000 + "x"}), header, limit)
    assert ali.get(url).content == b"x"


def test_a_key_in_a_header_has_a_limit(ali: Person, conversation: str) -> None:
    """That of `client_id`; nothing is sent."""
    headers = {"Idempotency-Key": "k" * 65}
    response = ali.post(f"{conversation}messages/", {"content": "x"}, headers=headers)
    refused(response, "Idempotency-Key", 64)
    assert ali.get(f"{conversation}messages/").json() == []


def test_what_proxies_say_of_an_address_has_a_limit(tmp_path: Path) -> None:
    """`Forwarded` of all its hops together; of `X-Forwarded-For` the end is read."""
    with Api(Settings(data_dir=tmp_path, trusted_proxies=("127.0.0.1", "10.0.0.1"))) as api:
        body = {"username": "x", "password": PASSWORD}
        for path in ("/api/token/", "/api/users/"):
            answer = api.request("POST", path, json=body, headers={"Forwarded": "f" * 6000})
            refused(answer, "Forwarded", 1024)
            hops = {"X-Forwarded-For": ", ".join(["10.0.0.1"] * 500)}
            answer = api.request("POST", path, json=body, headers=hops)
            assert "X-Forwarded-For" not in answer.text
            assert answer.status_code in (201, 401)


def test_a_type_that_is_no_json_is_not_repeated_whole(api: Api) -> None:
    """Its header has a limit as well."""
    response = api.request("POST", "/api/token/", headers={"Content-Type": "a/" + "b" * 4000})
    refused(response, "Content-Type", 512)


def test_what_is_wrong_with_a_body_is_found_in_no_time(ali: Person, conversation: str) -> None:
    """However much the client's own text looks like one of the decoder's sentences."""
    trap = " - at `$.content`" * 20_000
    response = ali.post(f"{conversation}messages/", {"content": [trap], trap: 1})
    assert set(problem(response, 400, "invalid")["errors"])
    assert len(response.content) < 1000


@pytest.mark.parametrize(
    ("name", "content_type", "limit"),
    [("n" * 1025, "text/plain", 1024), ("n", "text/" + "p" * 300, 255)],
)
def test_what_a_file_is_called_has_a_limit(
    ali: Person, conversation: str, name: str, content_type: str, limit: int
) -> None:
    """Its name and its type; nothing is attached."""
    message = ali.say(conversation, "see")
    path = f"{conversation}messages/{message['id']}/attachments/"
    refused(ali.post(path, files={"file": (name, b"x", content_type)}), "file", limit)
    assert ali.get(path).json() == []


def test_a_boundary_has_a_limit(ali: Person, conversation: str) -> None:
    """RFC 2046's."""
    message = ali.say(conversation, "see")
    path = f"{conversation}messages/{message['id']}/attachments/"
    headers = {"Content-Type": f"multipart/form-data; boundary={'b' * 71}"}
    refused(ali.post(path, content=b"", headers=headers), "file", 70)
