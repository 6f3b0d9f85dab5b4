"""Tokens over HTTP: signing in, renewing, signing out."""

from pathlib import Path

import httpx
import pytest

from config.settings import Settings
from tests.api.client import PASSWORD, Api, Person, problem, wrong_fields


@pytest.fixture
def ali(api: Api) -> Person:
    """Somebody who can sign in."""
    return api.person("ali", password=PASSWORD)


def sign_in(api: Api, username: str, password: str = PASSWORD) -> dict[str, str]:
    body = {"username": username, "password": password}
    response = api.request("POST", "/api/token/", json=body)
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    pair: dict[str, str] = response.json()
    assert set(pair) == {"access", "refresh"}
    return pair


def me(api: Api, authorization: str) -> int:
    response = api.request("GET", "/api/users/me/", headers={"Authorization": authorization})
    return response.status_code


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "JWT", "bearer"])
def test_an_access_token_opens_the_api(api: Api, ali: Person, scheme: str) -> None:
    """Under each of the schemes that DRF clients send."""
    assert me(api, f"{scheme} {sign_in(api, ali.username)['access']}") == 200


@pytest.mark.parametrize("username", [None, "nobody"])
def test_wrong_credentials_are_refused(api: Api, ali: Person, username: str | None) -> None:
    """401, the same for an unknown user as for a wrong password, and without a hint."""
    body = {"username": username or ali.username, "password": "wrong"}
    response = api.request("POST", "/api/token/", json=body)
    problem(response, 401, "wrong_credentials")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer x.y.z", "Bearer", "Basic YTpi", "x"])
def test_a_wrong_token_is_refused(api: Api, header: str) -> None:
    """401 that says the token is invalid."""
    response = api.request("GET", "/api/users/me/", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_a_request_with_two_authorizations_is_refused(api: Api, ali: Person) -> None:
    """401, whichever of them is good: a proxy may have believed the other one."""
    good, wrong = f"Bearer {ali.access}", "Bearer x.y.z"
    for both in ((good, good), (good, wrong), (wrong, good)):
        headers = [("Authorization", one) for one in both]
        assert api.request("GET", "/api/users/me/", headers=headers).status_code == 401


def test_a_refresh_token_gives_a_new_pair(api: Api, ali: Person) -> None:
    """The new access token works, and the refresh token is another one."""
    old = sign_in(api, ali.username)
    new = api.request("POST", "/api/token/refresh/", json={"refresh": old["refresh"]})
    assert new.status_code == 200
    assert new.json()["refresh"] != old["refresh"]
    assert me(api, f"Bearer {new.json()['access']}") == 200


def renew(api: Api, refresh: str) -> httpx.Response:
    return api.request("POST", "/api/token/refresh/", json={"refresh": refresh})


def test_a_lost_answer_can_be_had_again(api: Api, ali: Person) -> None:
    """The same pair letter by letter, and both of its tokens work."""
    old = sign_in(api, ali.username)
    new, again = renew(api, old["refresh"]), renew(api, old["refresh"])
    assert (new.status_code, again.status_code) == (200, 200)
    assert new.json() == again.json()
    assert me(api, f"Bearer {again.json()['access']}") == 200
    assert renew(api, again.json()["refresh"]).status_code == 200


def test_using_an_older_refresh_token_revokes_its_family(api: Api, ali: Person) -> None:
    """401, and what came from the same sign-in stops working, while other sign-ins go on."""
    old = sign_in(api, ali.username)
    second = renew(api, old["refresh"]).json()
    third = renew(api, second["refresh"]).json()
    problem(renew(api, old["refresh"]), 401, "token_revoked")
    assert me(api, f"Bearer {third['access']}") == 401
    for pair in (second, third):
        assert renew(api, pair["refresh"]).status_code == 401
    assert me(api, f"Bearer {ali.access}") == 200


def test_after_the_grace_the_last_one_revokes_its_family(api: Api, ali: Person) -> None:
    """As any older one does."""
    old = sign_in(api, ali.username)
    new = renew(api, old["refresh"]).json()

    async def let_it_pass() -> None:
        async with api.app.ctx.payam.database.transaction() as transaction:
            await transaction.execute(
                "UPDATE token_families SET rotated_at = rotated_at - ?",
                (api.settings.jwt_refresh_grace * 1_000_000,),
            )

    api.run(let_it_pass())
    problem(renew(api, old["refresh"]), 401, "token_revoked")
    assert me(api, f"Bearer {new['access']}") == 401


def test_revoking_stops_the_access_token(api: Api, ali: Person) -> None:
    """204, and from then on 401."""
    pair = sign_in(api, ali.username)
    assert me(api, f"Bearer {pair['access']}") == 200
    revoked = api.request("POST", "/api/token/revoke/", json={"refresh": pair["refresh"]})
    assert revoked.status_code == 204
    assert revoked.content == b""
    assert me(api, f"Bearer {pair['access']}") == 401


@pytest.mark.parametrize("path", ["/api/token/refresh/", "/api/token/revoke/"])
def test_what_is_no_refresh_token_is_refused(api: Api, ali: Person, path: str) -> None:
    """401 for an access token and for noise, 400 without one."""
    for token in (ali.access, "noise"):
        assert api.request("POST", path, json={"refresh": token}).status_code == 401
    assert wrong_fields(api.request("POST", path, json={})) == {"refresh"}


def test_too_many_attempts_are_put_off(tmp_path: Path) -> None:
    """429 with the seconds to wait, once a name has had its attempts."""
    with Api(Settings(data_dir=tmp_path, rate_logins=2)) as api:
        body = {"username": "ali", "password": "wrong"}
        answers = [api.request("POST", "/api/token/", json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    problem(answers[2], 429, "rate_limited")
    assert int(answers[2].headers["retry-after"]) >= 1


def test_too_many_requests_are_put_off(tmp_path: Path) -> None:
    """429 with the seconds to wait, for one user and not for another."""
    with Api(Settings(data_dir=tmp_path, rate_requests=1)) as api:
        ali, sara = api.person("ali"), api.person("sara")
        answers = [ali.get("/api/users/me/") for _ in range(10)]
        refused = next(answer for answer in answers if answer.status_code != 200)
        problem(refused, 429, "rate_limited")
        assert int(refused.headers["retry-after"]) >= 1
        assert sara.get("/api/users/me/").status_code == 200
