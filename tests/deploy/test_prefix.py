"""Payam at a path of a site, behind the shipped nginx.conf."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urljoin

import httpx
import pytest

from payam_client import AttachmentAdded, Payam
from tests.contract.helpers import Pair
from tests.deploy.nginx_server import PREFIX, PrefixedServer
from tests.support.people import People


@pytest.fixture(scope="module", params=["setting", "header"])
def server(request: pytest.FixtureRequest) -> Iterator[PrefixedServer]:
    with PrefixedServer(by_header=request.param == "header") as server:
        yield server


@pytest.fixture
async def people(server: PrefixedServer) -> AsyncIterator[People]:
    async with People(server) as everyone:
        yield everyone
    server.check_log()


async def test_people_talk_and_send_files(server: PrefixedServer, people: People) -> None:
    """Over REST and sockets; what an answer calls a file is found at that address."""
    pair = await Pair.of(people)
    sent = await pair.ali.http.post(pair.messages, json={"content": "look"})
    assert (await pair.second.receive_type("chat.message"))["content"] == "look"
    path = f"{pair.messages}{sent.json()['id']}/attachments/"
    posted = await pair.ali.http.post(path, files={"file": ("a.txt", b"content")})
    url = posted.json()["url"]
    assert url.startswith(f"{PREFIX}/api/")
    assert (await pair.sara.http.get(urljoin(f"{server.url}/", url))).content == b"content"
    listed = (await pair.sara.http.get(pair.messages)).json()
    assert listed[-1]["attachments"][0]["url"] == url
    frame = await pair.second.receive_type("attachment.added")
    is_by_header = "BASE_PATH" not in server.settings
    assert frame["attachment"]["url"] == (url.removeprefix(PREFIX) if is_by_header else url)


async def test_an_upload_goes_on_at_its_location(server: PrefixedServer, people: People) -> None:
    """The path in `Location` is resolved as any client of tus resolves it."""
    http = (await people("ali")).http
    begun = await http.post("/api/uploads/", headers={"Upload-Length": "5"})
    assert begun.headers["Location"].startswith(f"{PREFIX}/api/uploads/")
    place = urljoin(f"{server.url}/", begun.headers["Location"])
    sent = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert (await http.patch(place, content=b"hello", headers=sent)).status_code == 204
    assert (await http.head(place)).headers["Upload-Offset"] == "5"


async def test_a_page_leads_to_the_next(server: PrefixedServer, people: People) -> None:
    """`Link` is resolved as any browser resolves it."""
    ali = await people("ali")
    path = f"/api/conversations/{await ali.begin_conversation()}/messages/"
    for content in ("first", "second"):
        await ali.http.post(path, json={"content": content})
    page = await ali.http.get(path, params={"limit": 1})
    before = await ali.http.get(urljoin(f"{server.url}/", page.links["prev"]["url"]))
    assert [one["content"] for one in before.json()] == ["first"]


async def test_the_client_for_python_finds_everything(
    server: PrefixedServer, people: People
) -> None:
    """With the site's path in its URL; files by what answers and frames call them."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    async with Payam(server.url) as one, Payam(server.url) as other:
        await one.log_in(ali.username, ali.password)
        await other.log_in(sara.username, sara.password)
        sent = await ali.http.post(
            f"/api/conversations/{conversation}/messages/", json={"content": "look"}
        )
        attached = await one.attach(conversation, sent.json()["id"], b"content", name="a.txt")
        async for event in other.open(conversation, since=0):
            if isinstance(event, AttachmentAdded):
                heard = event.attachment
                break
        for attachment in (attached, heard):
            assert b"".join([chunk async for chunk in other.download(attachment)]) == b"content"


def test_nothing_is_found_beside_it(server: PrefixedServer) -> None:
    """The site's own paths are the site's, and figures stay inside."""

    def get(path: str) -> httpx.Response:
        return httpx.get(urljoin(server.url, path), trust_env=False)

    assert get(f"{PREFIX}/metrics").status_code == 404
    assert get(f"{PREFIX}/").status_code == 200
    if "BASE_PATH" in server.settings:
        assert get("/api/users/me/").headers["Content-Type"] == "text/html"  # nginx's own
        assert get(PREFIX).headers["Location"].endswith(f"{PREFIX}/")
