"""Who does too much is slowed down, and nobody else; on each database, in this process."""

from collections.abc import Iterator
from time import monotonic

import httpx
import pytest

from chat.services import limits
from config.settings import Settings
from tests.api.client import PASSWORD, Api


@pytest.fixture(scope="module")
def api(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("much"),
        database_url=own_database,
        rate_logins=3,
        rate_requests=2,
        trusted_proxies=("127.0.0.1",),
    )
    with Api(settings) as served:
        yield served


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still for limits. On a slow machine they would forgive faster than one asks."""
    moment = monotonic()
    monkeypatch.setattr(limits, "monotonic", lambda: moment)


def attempt(api: Api, name: str, password: str, address: str) -> httpx.Response:
    return api.request(
        "POST",
        "/api/token/",
        json={"username": name, "password": password},
        headers={"X-Forwarded-For": address},
    )


def test_guesses_lock_no_owner_out(api: Api) -> None:
    """Neither from one address nor from many; and each guesser is refused, with the numbers."""
    ali = api.person("ali", password=PASSWORD)
    home = "2001:db8:1::5"
    assert attempt(api, ali.username, PASSWORD, home).status_code == 200
    for _ in range(3):
        assert attempt(api, ali.username, "wrong wrong", "203.0.113.9").status_code == 401
    refused = attempt(api, ali.username, PASSWORD, "203.0.113.9")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["RateLimit-Limit"] == "3"
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert refused.headers["RateLimit-Policy"] == '"default";q=3;w=60'
    statuses = [
        attempt(api, ali.username, "wrong wrong", f"198.51.100.{n}").status_code for n in range(40)
    ]
    assert statuses[:20] == [401] * 20
    assert 429 in statuses
    assert attempt(api, ali.username, PASSWORD, "192.0.2.77").status_code == 429, "a new address"
    assert attempt(api, ali.username, PASSWORD, "2001:db8:1::6").status_code == 200, "at home"


def test_an_address_has_a_limit_for_all_names(api: Api) -> None:
    """Of an IPv6 network all addresses are one."""
    statuses = [
        attempt(api, f"nobody{n}", "wrong wrong", f"2001:db8:7::{n:x}").status_code
        for n in range(1, 40)
    ]
    assert statuses[:30] == [401] * 30
    assert statuses[-1] == 429
    assert attempt(api, "nobody", "wrong wrong", "2001:db8:7:1::1").status_code == 401


@pytest.mark.parametrize("path", ["refresh", "revoke"])
def test_tokens_are_not_renewed_without_end(api: Api, path: str) -> None:
    """Five times RATE_REQUESTS at once, from one address."""
    answers = [
        api.request(
            "POST",
            f"/api/token/{path}/",
            json={"refresh": "x"},
            headers={"X-Forwarded-For": "203.0.113.50" if path == "refresh" else "203.0.113.51"},
        )
        for _ in range(40)
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:10] == [401] * 10
    assert 429 in statuses
    assert answers[statuses.index(429)].headers["RateLimit-Limit"] == "10"


def test_made_up_tokens_are_not_tried_without_end(api: Api) -> None:
    """From one address. The user behind it who has a valid one goes on."""
    address = {"X-Forwarded-For": "203.0.113.60"}
    ali = api.person("ali")
    answers = [
        api.request("GET", "/api/users/me/", headers={**address, "Authorization": "Bearer x.y.z"})
        for _ in range(30)
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:10] == [401] * 10
    refused = answers[statuses.index(429)]
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["RateLimit-Policy"] == '"default";q=10;w=5'
    assert int(refused.headers["Retry-After"]) >= 1
    assert ali.request("GET", "/api/users/me/", headers=address).status_code == 200
    other = {"X-Forwarded-For": "203.0.113.61"}
    assert api.request("GET", "/api/users/me/", headers=other).status_code == 401
