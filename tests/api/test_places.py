"""Payam behind a path of a site: every path in its answers begins with it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from config.settings import Settings
from tests.api.client import Api, Person, problem

PREFIX = "/site/chat"
HEADER = "X-Forwarded-Prefix"


@pytest.fixture(scope="module")
def prefixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """With the setting."""
    data = tmp_path_factory.mktemp("prefixed")
    with Api(Settings(data_dir=data, rate_limits=False, base_path=PREFIX)) as served:
        yield served


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Without it, behind a proxy that is believed."""
    data = tmp_path_factory.mktemp("proxied")
    settings = Settings(data_dir=data, rate_limits=False, trusted_proxies=("127.0.0.1",))
    with Api(settings) as served:
        yield served


def urls_in(value: Any) -> set[str]:
    """Every `url` in a JSON value."""
    if isinstance(value, list):
        return {url for one in value for url in urls_in(one)}
    if isinstance(value, dict):
        own = {value["url"]} if "url" in value else set()
        return own | {url for one in value.values() for url in urls_in(one)}
    return set()


def everything(api: Api, before: str, headers: dict[str, str]) -> tuple[set[str], set[str]]:
    """The `url`s of an attachment in all answers that have them, and the links to pages."""
    ali = api.person("ali")

    def ask(method: str, path: str, **options: Any) -> Any:
        response = ali.request(method, before + path, headers=headers, **options)
        assert response.is_success, response.text
        return response

    chat = ask("POST", "/api/conversations/", json={"participants": []}).json()["id"]
    ask("POST", "/api/conversations/", json={"participants": [], "title": "another"})
    messages = f"/api/conversations/{chat}/messages/"
    first = ask("POST", messages, json={"content": "first"}).json()["id"]
    ask("POST", messages, json={"content": "second"})
    one = f"{messages}{first}/"
    attached = ask("POST", f"{one}attachments/", files={"file": ("a.txt", b"content")})
    answers = [
        attached,
        ask("GET", f"{one}attachments/"),
        ask("GET", messages),
        ask("GET", f"{messages}?limit=50"),
        ask("GET", f"{messages}?since=0"),
        ask("GET", one),
        ask("PATCH", one, json={"content": "edited"}),
    ]
    pages = [
        ask("GET", f"{messages}?limit=1"),
        ask("GET", f"{messages}?limit=1&after=0"),
        ask("GET", f"{messages}?limit=1&since=0"),
        ask("GET", "/api/conversations/?limit=1"),
    ]
    found = [urls_in(answer.json()) for answer in answers]
    assert all(len(urls) == 1 for urls in found), "an answer has no url, or several"
    (url,) = found[0]
    # As a client resolves it, and from inside.
    assert ali.get(url, headers=headers).content == b"content"
    assert ali.get(url.removeprefix(PREFIX), headers=headers).content == b"content"
    links = {page.headers["Link"] for page in pages}
    for link in links:
        assert ali.get(link.partition(">")[0][1:], headers=headers).is_success
    return set().union(*found), links


@pytest.mark.parametrize("before", [PREFIX, ""])
def test_links_and_urls_begin_with_base_path(prefixed: Api, before: str) -> None:
    """Whether the proxy has taken the path away or not."""
    urls, links = everything(prefixed, before, {})
    assert len(urls) == 1
    assert all(url.startswith(f"{PREFIX}/api/") for url in urls)
    assert all(link.startswith(f"<{PREFIX}/api/") for link in links)


@pytest.mark.parametrize("before", [PREFIX, ""])
@pytest.mark.parametrize("given", [PREFIX, f"{PREFIX}/", f"/inner, {PREFIX}"])
def test_or_with_what_a_trusted_proxy_says(proxied: Api, before: str, given: str) -> None:
    """With each request; the nearest proxy counts."""
    urls, links = everything(proxied, before, {HEADER: given})
    assert all(url.startswith(f"{PREFIX}/api/") for url in urls)
    assert all(link.startswith(f"<{PREFIX}/api/") for link in links)


@pytest.mark.parametrize(
    "given", ["//evil.example", "/a b", "evil", "/../x", '/"><script>', "/" + "x" * 5000, "/é", ""]
)
def test_a_prefix_that_is_no_path_is_ignored(proxied: Api, given: str) -> None:
    """Nothing of it comes into an answer."""
    urls, links = everything(proxied, "", {HEADER: given.encode()})  # type: ignore[dict-item]
    assert all(url.startswith("/api/") for url in urls)
    assert all(link.startswith("</api/") for link in links)


def test_nobody_else_is_believed(api: Api, prefixed: Api) -> None:
    """Neither a client nor, where the operator has said it, a proxy."""
    urls, _ = everything(api, "", {HEADER: "/evil"})
    assert all(url.startswith("/api/") for url in urls)
    urls, _ = everything(prefixed, "", {HEADER: "/evil"})
    assert all(url.startswith(f"{PREFIX}/api/") for url in urls)


def test_only_the_whole_path_is_taken_away(prefixed: Api) -> None:
    """`/site/chatter` is another place."""
    for path in (f"{PREFIX}ter/health/live", f"/x{PREFIX}/health/live", "/site/health/live"):
        problem(prefixed.request("GET", path), 404, "not_found")
    assert prefixed.request("GET", f"{PREFIX}/health/live").json() == {"status": "live"}


def test_the_page_is_found_with_and_without_the_slash(prefixed: Api) -> None:
    """Its own addresses are relative, so the slash must be there."""
    moved = prefixed.request("GET", PREFIX)
    assert (moved.status_code, moved.headers["Location"]) == (308, f"{PREFIX}/")
    page = prefixed.request("GET", f"{PREFIX}/")
    assert 'src="web/app.js"' in page.text
    assert '="/' not in page.text
    assert prefixed.request("GET", f"{PREFIX}/web/app.js").status_code == 200


@pytest.mark.parametrize("by_header", [True, False])
def test_the_documents_say_where_they_are(prefixed: Api, proxied: Api, by_header: bool) -> None:
    """Path, host and scheme, as the client found them."""
    api = proxied if by_header else prefixed
    headers = {"Host": "chat.example:8443"}
    if by_header:
        headers = {
            HEADER: PREFIX,
            "X-Forwarded-Host": "inner, chat.example:8443",
            "X-Forwarded-Proto": "https",
        }

    def ask(path: str) -> str:
        return api.request("GET", path, headers=headers).text

    assert json.loads(ask("/docs/openapi.json"))["servers"] == [{"url": PREFIX}]
    (server,) = json.loads(ask("/docs/asyncapi.json"))["servers"].values()
    assert server["host"] == "chat.example:8443"
    assert server["pathname"] == PREFIX
    assert server["protocol"] == ("wss" if by_header else "ws")
    page = ask("/docs")
    assert f'href="{PREFIX}/docs/openapi.json"' in page
    assert "payam-" not in "".join(line for line in page.splitlines() if "href" in line)


def test_without_a_path_they_say_so_too(api: Api, ali: Person) -> None:
    """And a host that is none is not repeated; who is no proxy is asked for `Host` alone."""
    spoof = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", HEADER: "/evil"}
    assert ali.get("/docs/openapi.json", headers=spoof).json()["servers"] == [{"url": "/"}]
    document = ali.get("/docs/asyncapi.json", headers=spoof).json()
    (server,) = document["servers"].values()
    assert server["host"].startswith("127.0.0.1:")
    assert (server["protocol"], "pathname" in server) == ("ws", False)
    odd = ali.get("/docs/asyncapi.json", headers={"Host": 'x"><script>'}).json()
    (server,) = odd["servers"].values()
    assert server["host"] == f"{api.settings.host}:{api.settings.port}"


def test_each_place_has_its_own_entity_tag(prefixed: Api) -> None:
    """What one client has is not what another is to get."""
    tags = {
        prefixed.request("GET", "/docs/asyncapi.json", headers={"Host": host}).headers["ETag"]
        for host in ("a.example", "b.example")
    }
    assert len(tags) == 2
