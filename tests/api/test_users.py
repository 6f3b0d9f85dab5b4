"""Users over HTTP: sign-up, oneself, search."""

import secrets
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from tests.api.client import PASSWORD, Api, Person, problem, wrong_fields


def new_name() -> str:
    return f"new_{secrets.token_hex(6)}"


def test_sign_up_answers_with_the_user(api: Api) -> None:
    """201 with id and username, and nothing of the password."""
    name = new_name()
    response = api.request("POST", "/api/users/", json={"username": name, "password": PASSWORD})
    assert response.status_code == 201
    user = response.json()
    assert user == {"id": user["id"], "username": name}


def test_sign_up_refuses_a_taken_name(api: Api, ali: Person) -> None:
    """409, whatever the letter case."""
    body = {"username": ali.username.upper(), "password": PASSWORD}
    problem(api.request("POST", "/api/users/", json=body), 409, "username_taken")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "username"),
        ({"username": "x"}, "password"),
        ({"username": 5, "password": PASSWORD}, "username"),
        ({"username": "a b", "password": PASSWORD}, "username"),
        ({"username": "", "password": PASSWORD}, "username"),
        ({"username": "short", "password": "1"}, "password"),
        ([], "body"),
    ],
)
def test_sign_up_names_the_wrong_field(api: Api, body: object, field: str) -> None:
    """400 that says which field is wrong."""
    assert wrong_fields(api.request("POST", "/api/users/", json=body)) == {field}


def test_sign_up_is_closed_where_users_come_from_elsewhere(tmp_path: Path) -> None:
    """403 when JWT_CREATE_USERS is set."""
    with Api(Settings(data_dir=tmp_path, jwt_create_users=True)) as api:
        body = {"username": "ali", "password": PASSWORD}
        problem(api.request("POST", "/api/users/", json=body), 403, "forbidden")


def test_me_is_the_caller(ali: Person, staff: Person) -> None:
    """Id, username, and whether they are staff."""
    rest: dict[str, Any] = {"display_name": "", "metadata": {}, "avatar_url": None}
    assert ali.get("/api/users/me/").json() == {**ali.user, "is_staff": False, **rest}
    assert staff.get("/api/users/me/").json() == {**staff.user, "is_staff": True, **rest}


def test_search_finds_names_that_begin_so(api: Api, ali: Person, sara: Person) -> None:
    """Letter case does not count; others are not there."""
    found = ali.get("/api/users/", params={"search": sara.username[:-2].upper()}).json()
    assert found == [sara.user]


def test_search_without_text_lists_from_the_start(ali: Person, sara: Person) -> None:
    """As many as `limit` says, in the order of the names."""
    found = ali.get("/api/users/", params={"limit": 2}).json()
    assert len(found) == 2
    assert found == sorted(found, key=lambda user: user["username"])


@pytest.mark.parametrize("limit", ["0", "101", "x", "", "-1", "1.5"])
def test_search_refuses_a_wrong_limit(ali: Person, limit: str) -> None:
    """400 that names `limit`."""
    assert wrong_fields(ali.get(f"/api/users/?limit={limit}")) == {"limit"}


def test_too_many_sign_ups_from_one_address_are_put_off(tmp_path: Path) -> None:
    """429 with the seconds to wait, after ten times RATE_LOGINS."""
    with Api(Settings(data_dir=tmp_path, rate_logins=1)) as api:
        body = {"username": "", "password": PASSWORD}
        answers = [api.request("POST", "/api/users/", json=body) for _ in range(11)]
    assert {answer.status_code for answer in answers[:-1]} == {400}
    refused = problem(answers[-1], 429, "rate_limited")
    assert "sign-ups from this address" in refused["detail"]
    assert "password" not in refused["detail"]
    assert int(answers[-1].headers["retry-after"]) >= 1
