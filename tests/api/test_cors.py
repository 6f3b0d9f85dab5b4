"""A page of another origin, in a browser that asks first: what it may send and read."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from config.settings import Settings
from tests.api.client import Api, operations

HOME = "https://chat.example"
SAFE = {"Cache-Control", "Content-Length", "Content-Type"}
"""Of an answer's headers those that any page may read, by the Fetch standard."""


@pytest.fixture(scope="module")
def open_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """To the pages of two origins."""
    origins = (HOME, "https://other.example")
    settings = Settings(data_dir=tmp_path_factory.mktemp("cors"), cors_origins=origins)
    with Api(settings) as served:
        yield served


def known(api: Api) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation with its method and a path that has a number for each of its ids."""
    document = api.request("GET", "/docs/openapi.json").json()
    for (method, path), operation in operations(document).items():
        ids = {one["name"]: 1 for one in operation.get("parameters", []) if one["in"] == "path"}
        yield method, path.format(**ids), operation


def ask_first(
    api: Api, path: str, method: str, *headers: str, origin: str = HOME
) -> httpx.Response:
    """What a browser does on its own before a page's request."""
    asked = {"Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = ",".join(sorted(h.lower() for h in headers))
    return api.request("OPTIONS", path, headers={"Origin": origin, **asked})


def listed(response: httpx.Response, name: str) -> set[str]:
    """By the standard without spaces that would be part of a name."""
    return set(response.headers.get(f"access-control-{name}", "").lower().split(","))


def test_what_the_document_knows_may_be_sent(open_api: Api) -> None:
    """Each method of each path, a token, JSON, and each header that is a parameter of it."""
    checked = 0
    for method, path, operation in known(open_api):
        sent = {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}
        sent |= {"Authorization", "Content-Type", "X-Request-ID"}
        answer = ask_first(open_api, path, method, *sent)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == HOME
        assert method.lower() in listed(answer, "allow-methods"), path
        assert {name.lower() for name in sent} <= listed(answer, "allow-headers"), path
        checked += 1
    assert checked > 20


def test_what_the_document_knows_may_be_read(open_api: Api) -> None:
    """Each header of each answer, of a refusal too."""
    answer = open_api.request("GET", "/api/users/me/", headers={"Origin": HOME})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, HOME)
    answered = {
        name
        for _, _, operation in known(open_api)
        for response in operation["responses"].values()
        for name in response["headers"]
    }
    assert {name.lower() for name in answered - SAFE} <= listed(answer, "expose-headers")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://chat.example", f"{HOME}.evil.example", "null"]
)
def test_a_page_of_no_such_origin_may_do_nothing(open_api: Api, origin: str) -> None:
    """The browser finds no word of it in the answer, and keeps the answer from the page."""
    asked = ask_first(open_api, "/api/conversations/", "POST", "Authorization", origin=origin)
    answer = open_api.request("GET", "/health/live", headers={"Origin": origin})
    for response in (asked, answer):
        assert not [name for name in response.headers if name.startswith("access-control-")]


def test_without_the_setting_there_is_no_other_origin(api: Api) -> None:
    """As it comes, only Payam's own pages may ask."""
    answer = api.request("GET", "/health/live", headers={"Origin": HOME})
    assert "access-control-allow-origin" not in answer.headers
