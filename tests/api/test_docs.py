"""The documents as they are served, and the page that people read."""

from html.parser import HTMLParser

import pytest

from tests.api.client import Api

PATHS = ["/docs", "/docs/", "/docs/openapi.json", "/docs/asyncapi.json"]


class Page(HTMLParser):
    """What a page refers to, and what is in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.references: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "srcset", "action", "data", "poster"):
                self.references.add(value or "")

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def page(api: Api) -> Page:
    return Page(api.request("GET", "/docs/").text)


@pytest.mark.parametrize("path", PATHS)
def test_nobody_needs_a_token_to_read(api: Api, path: str) -> None:
    """200, by HEAD as well, without anything in it."""
    assert api.request("GET", path).status_code == 200
    head = api.request("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("path", PATHS)
def test_what_a_client_has_is_not_sent_again(api: Api, path: str) -> None:
    """304 without a body, for as long as it is the same."""
    first = api.request("GET", path)
    assert "public" in first.headers["cache-control"]
    again = api.request("GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = api.request("GET", path, headers={"If-None-Match": '"another"'})
    assert other.content == first.content


def test_the_page_refers_to_no_other_host(page: Page) -> None:
    """Only to places in itself and to the documents; it loads nothing."""
    outside = {one for one in page.references if not one.startswith("#")}
    assert outside == {"/docs/openapi.json", "/docs/asyncapi.json"}
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "base"}


def test_the_browser_holds_the_page_to_that(api: Api) -> None:
    """Its policy allows nothing but the page's own style, and the style asks for nothing."""
    response = api.request("GET", "/docs/")
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "style-src 'sha256-" in policy
    style = response.text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_every_link_leads_somewhere(page: Page) -> None:
    """To a place that is there, and there once."""
    inside = {one[1:] for one in page.references if one.startswith("#")}
    assert inside <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_everything_is_on_the_page(api: Api, page: Page) -> None:
    """Each operation, each shape, each frame, each code that closes."""
    of_http = api.request("GET", "/docs/openapi.json").json()
    of_sockets = api.request("GET", "/docs/asyncapi.json").json()
    wanted = {
        operation["operationId"]
        for methods in of_http["paths"].values()
        for operation in methods.values()
    }
    wanted |= {f"shape-{name}" for name in of_http["components"]["schemas"]}
    wanted |= {f"frame-{name}" for name in of_sockets["components"]["messages"]}
    assert wanted <= set(page.ids)
    closes = [
        one for channel in of_sockets["channels"].values() for one in channel["x-close-codes"]
    ]
    assert all(str(close["code"]) in page.words for close in closes)
