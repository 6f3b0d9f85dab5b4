"""Pictures of users and of conversations."""

from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.contract.helpers import Pair
from tests.media.pictures import picture
from tests.support.people import People, Person

OWN = "/api/users/me/avatar/"


async def put(who: Person, path: str, content: bytes, name: str = "me.png") -> httpx.Response:
    return await who.http.put(path, files={"file": (name, content)})


def size_of(answer: httpx.Response) -> tuple[int, int]:
    assert answer.headers["content-type"] == "image/webp"
    with Image.open(BytesIO(answer.content)) as image:
        assert image.format == "WEBP"
        assert not image.getexif()
        return image.size


async def test_a_user_has_a_picture(people: People) -> None:
    """It is in the user's JSON everywhere; others hear of it, and its address is kept for ever."""
    pair = await Pair.of(people)
    everything = await pair.sara.connect()
    assert (await pair.ali.http.get("/api/users/me/")).json()["avatar_url"] is None
    answer = await put(pair.ali, OWN, picture("JPEG", 1024, 512))
    assert answer.status_code == 200, answer.text
    url = answer.json()["avatar_url"]
    heard = await pair.second.receive_type("user.updated")
    user = {"id": pair.ali.id, "username": pair.ali.username, "avatar_url": url}
    assert heard == {"type": "user.updated", "user": user}
    frame = await everything.receive_type("user.updated")
    assert frame == {**heard, "conversation": pair.conversation}
    got = await pair.sara.http.get(url)
    assert size_of(got) == (512, 256)
    assert "immutable" in got.headers["cache-control"]
    again = await pair.sara.http.get(url, headers={"If-None-Match": got.headers["etag"]})
    assert again.status_code == 304
    talk = f"/api/conversations/{pair.conversation}/"
    shown = (await pair.sara.http.get(talk)).json()["participants"]
    assert [one.get("avatar_url") for one in shown] == [url, None]
    listed = (await pair.sara.http.get(f"{talk}participants/")).json()
    assert [one.get("avatar_url") for one in listed] == [url, None]
    found = (await pair.sara.http.get("/api/users/", params={"search": user["username"]})).json()
    assert found == [user]
    second = (await put(pair.ali, OWN, picture("PNG", 8, 8))).json()["avatar_url"]
    assert second != url
    assert size_of(await pair.sara.http.get(second)) == (8, 8)
    stale = await pair.sara.http.get(url)
    assert "immutable" not in stale.headers["cache-control"], "this is the later picture"
    assert (await pair.ali.http.delete(OWN)).status_code == 204
    assert (await pair.ali.http.delete(OWN)).status_code == 204
    assert (await pair.sara.http.get(second)).status_code == 404
    assert "avatar_url" not in (await pair.sara.http.get(talk)).json()["participants"][0]


async def test_a_conversation_has_a_picture(people: People) -> None:
    """Participants see it, and who may rename changes it: a change as any other."""
    pair, stranger = await Pair.of(people), await people("stranger")
    talk = f"/api/conversations/{pair.conversation}/"
    path = f"{talk}avatar/"
    answer = await put(pair.sara, path, picture("PNG", 600, 600))
    assert answer.status_code == 200, answer.text
    url = answer.json()["avatar_url"]
    frame = await pair.first.receive_type("conversation.updated")
    expected = {"type": "conversation.updated", "title": "", "avatar_url": url, "seq": 1}
    assert frame == expected
    returning = await pair.ali.connect(pair.conversation, since=0)
    assert await returning.receive() == expected
    assert size_of(await pair.ali.http.get(url)) == (512, 512)
    assert (await stranger.http.get(url)).status_code == 404
    assert (await put(stranger, path, picture("PNG", 9, 9))).status_code == 404
    await pair.ali.http.patch(talk, json={"title": "t", "members_may": []})
    assert (await put(pair.sara, path, picture("PNG", 9, 9))).status_code == 403
    assert (await pair.sara.http.delete(path)).status_code == 403
    kept = await pair.first.receive_type("conversation.updated")
    assert (kept["avatar_url"], kept["title"]) == (url, "t")
    assert (await pair.ali.http.delete(path)).status_code == 204
    assert "avatar_url" not in await pair.first.receive_type("conversation.updated")
    assert (await pair.ali.http.delete(path)).status_code == 204, "a second time"
    assert (await pair.ali.http.get(talk)).json()["seq"] == 3
    assert (await pair.ali.http.get(url)).status_code == 404


BAD: dict[str, tuple[dict[str, Any], int]] = {
    "text": ({"files": {"file": ("a.png", b"no picture")}}, 400),
    "cut": ({"files": {"file": ("a.png", picture("PNG", 600, 600)[:200])}}, 400),
    "vector": ({"files": {"file": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")}}, 400),
    "name": ({"files": {"picture": ("a.png", picture("PNG", 9, 9))}}, 400),
    "large": ({"files": {"file": ("a.png", b"x" * (10 * 1024 * 1024 + 1))}}, 413),
    "type": ({"json": {"file": "x"}}, 415),
}


@pytest.mark.parametrize("kind", BAD)
async def test_what_is_no_picture_is_refused(people: People, kind: str) -> None:
    """And the picture that was there stays."""
    ali = await people("ali")
    url = (await put(ali, OWN, picture("PNG", 9, 9))).json()["avatar_url"]
    body, status = BAD[kind]
    refused = await ali.http.put(OWN, **body)
    assert refused.status_code == status, refused.text
    if status == 400:
        assert list(refused.json()["errors"]) == ["file"]
    assert (await ali.http.get("/api/users/me/")).json()["avatar_url"] == url
    assert (await ali.http.get(url)).status_code == 200


async def test_an_erased_user_has_no_picture(people: People) -> None:
    ali, sara = await people("ali"), await people("sara")
    url = (await put(ali, OWN, picture("PNG", 9, 9))).json()["avatar_url"]
    erased = await ali.http.request("DELETE", "/api/users/me/", json={"password": ali.password})
    assert erased.status_code == 202
    assert (await sara.http.get(url)).status_code == 404
