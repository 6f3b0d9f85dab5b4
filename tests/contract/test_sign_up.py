"""Who may sign up: everybody, who has an invite link, or nobody; on a served application."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from config.settings import Settings
from tests.api.client import Api, Person


@pytest.fixture(scope="module")
def by_invite(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("invite"), database_url=own_database, sign_up="invite"
    )
    with Api(settings) as api:
        yield api


def sign_up(api: Api, name: str, **fields: Any) -> tuple[int, Any]:
    answer: httpx.Response = api.request(
        "POST", "/api/users/", json={"username": name, "password": "long enough", **fields}
    )
    said = answer.json()
    return answer.status_code, said.get("code", said.get("id"))


def invited(owner: Person, **fields: Any) -> tuple[str, str]:
    """A new conversation, and the code of a link into it."""
    path = owner.begin()
    made = owner.post(f"{path}invites/", fields)
    assert made.status_code == 201, made.text
    return path, made.json()["code"]


def test_a_link_brings_in_as_many_as_it_may(by_invite: Api) -> None:
    """The account and its place come together: who is one too many has neither."""
    owner = by_invite.person("owner")
    assert sign_up(by_invite, "nobody1") == (403, "invite_needed")
    assert sign_up(by_invite, "nobody1", invite="made up") == (404, "not_found")
    path, code = invited(owner, max_uses=1)
    assert sign_up(by_invite, owner.username, invite=code) == (409, "username_taken")
    status, user_id = sign_up(by_invite, "newcomer", invite=code)
    assert status == 201
    people = owner.get(path).json()["participants"]
    assert {one["id"] for one in people} == {owner.id, user_id}
    assert sign_up(by_invite, "too-late", invite=code) == (409, "invite_used_up")
    assert owner.get("/api/users/", params={"search": "too-late"}).json() == []
    said = by_invite.request("GET", "/api/settings/").json()
    assert (said["sign_up"], said["sign_up_by_invite"]) == (True, True)


def test_nobody_signs_up_where_it_is_closed(tmp_path: Any) -> None:
    """Not by a link either; staff make users."""
    with Api(Settings(data_dir=tmp_path, sign_up="closed")) as api:
        boss = api.person("boss", is_staff=True)
        _, code = invited(boss)
        assert sign_up(api, "ali") == (403, "sign_up_closed")
        assert sign_up(api, "ali", invite=code) == (403, "sign_up_closed")
        made = boss.post("/api/staff/users/", {"username": "ali", "password": "long enough"})
        assert made.status_code == 201
        assert api.request("GET", "/api/settings/").json()["sign_up"] is False


def test_a_link_may_be_used_where_sign_up_is_open(tmp_path: Any) -> None:
    with Api(Settings(data_dir=tmp_path)) as api:
        owner = api.person("owner")
        path, code = invited(owner)
        assert sign_up(api, "ali")[0] == 201
        assert sign_up(api, "sara", invite=code)[0] == 201
        assert len(owner.get(path).json()["participants"]) == 2
