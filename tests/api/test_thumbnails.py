"""Thumbnails and types over HTTP: who may have them, how long they are kept, and when they go."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chat.changes import catalogue
from chat.placing import placed
from chat.records import Attachment
from chat.store import doctor
from tests.api.client import Api, Person, problem
from tests.media.pictures import film, picture
from tests.media.test_lengths import sound


@pytest.fixture
def attachments(ali: Person, conversation: str) -> str:
    """The path of the attachments of a message of Ali's."""
    return f"{conversation}messages/{ali.say(conversation, 'look')['id']}/attachments/"


def attach(person: Person, path: str, data: bytes, claimed: str = "text/plain") -> dict[str, Any]:
    response = person.post(path, files={"file": ("data.txt", data, claimed)})
    assert response.status_code == 201, response.text
    attachment: dict[str, Any] = response.json()
    return attachment


def kept(api: Api) -> set[Path]:
    return {path for path in api.settings.uploads.rglob("*") if path.is_file()}


def test_a_picture_has_a_thumbnail(ali: Person, sara: Person, attachments: str) -> None:
    """For every participant, upright, with its type found in its content."""
    attachment = attach(ali, attachments, picture("JPEG", 1200, 800, 6))
    assert attachment["content_type"] == "image/jpeg"
    assert (attachment["width"], attachment["height"]) == (800, 1200)
    assert attachment["thumbnail_url"] == f"{attachment['url']}thumbnail/"
    assert sara.get(attachments).json() == [attachment]
    answer = sara.get(attachment["thumbnail_url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert Image.open(io.BytesIO(answer.content)).size == (341, 512)


@pytest.mark.parametrize(("orientation", "size"), [(1, (600, 400)), (6, (400, 600))])
def test_a_photograph_of_an_iphone_is_upright(
    ali: Person, attachments: str, orientation: int, size: tuple[int, int]
) -> None:
    """HEIC is turned too, and its thumbnail, which browsers show that cannot show the file."""
    attachment = attach(ali, attachments, picture("HEIF", 600, 400, orientation))
    assert attachment["content_type"] == "image/heic"
    assert (attachment["width"], attachment["height"]) == size
    thumbnail = Image.open(io.BytesIO(ali.get(attachment["thumbnail_url"]).content))
    assert thumbnail.format == "WEBP"
    assert (thumbnail.width > thumbnail.height) == (size[0] > size[1])
    # The quarter that is red as it is stored, at the upper left, is turned to the upper right.
    corner = (5, 5) if orientation == 1 else (thumbnail.width - 5, 5)
    pixel: Any = thumbnail.convert("RGB").getpixel(corner)
    red, green, blue = pixel
    assert red > 200 > max(green, blue) + 100


def test_a_thumbnail_may_be_kept(ali: Person, stranger: Person, attachments: str) -> None:
    """For ever, by the client alone; who may not read the message gets 404, also with its tag."""
    url = attach(ali, attachments, picture())["thumbnail_url"]
    answer = ali.get(url)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert ali.get(url, headers=tag).status_code == 304
    problem(stranger.get(url, headers=tag), 404, "not_found")


@pytest.mark.parametrize(
    ("make", "has_thumbnail"),
    [  # made when they are needed, and not in each process that only reads this file
        (lambda: picture("PNG", 512, 400), False),
        (lambda: picture("PNG", 513, 40), True),
        (lambda: picture("HEIF", 64, 64), True),
        (lambda: picture("PNG", 512, 400) + bytes(256 * 1024), True),
        (lambda: film("GIF"), True),
        (lambda: b"no picture", False),
        (lambda: picture()[:100], False),
    ],
)
def test_what_browsers_show_well_has_none(
    ali: Person, attachments: str, make: Callable[[], bytes], has_thumbnail: bool
) -> None:
    """A small picture is its own thumbnail, if browsers can show it; what is broken has none."""
    data = make()
    attachment = attach(ali, attachments, data)
    assert ("thumbnail_url" in attachment) == has_thumbnail
    if not has_thumbnail:
        problem(ali.get(f"{attachment['url']}thumbnail/"), 404, "not_found")
    assert ali.get(attachment["url"]).content == data


def test_a_page_is_no_picture(ali: Person, attachments: str) -> None:
    """Whatever the client calls it, and so it is served."""
    attachment = attach(ali, attachments, b"<!doctype html><script>", "image/png")
    assert attachment["content_type"] == "application/octet-stream"
    served = ali.get(attachment["url"]).headers
    assert served["Content-Type"] == "application/octet-stream"


def test_sound_says_how_long_it_is(ali: Person, attachments: str) -> None:
    """In seconds; a picture says nothing."""
    attachment = attach(ali, attachments, sound(2.5))
    assert (attachment["content_type"], attachment["duration"]) == ("audio/wav", 2.5)
    assert "duration" not in attach(ali, attachments, picture())


def test_a_retry_makes_no_second_thumbnail(api: Api, ali: Person, attachments: str) -> None:
    """The answer is the first one's, and nothing of the second stays on the disk."""
    sent = {"files": {"file": ("a", picture())}, "headers": {"Idempotency-Key": "once"}}
    first = ali.post(attachments, **sent)
    before = kept(api)
    assert ali.post(attachments, **sent).json() == first.json()
    assert kept(api) == before


def test_it_goes_with_its_file(api: Api, ali: Person, attachments: str) -> None:
    """When the message is deleted, both are off the disk."""
    before = kept(api)
    attachment = attach(ali, attachments, picture())
    assert len(kept(api) - before) == 2
    assert ali.delete(attachments.removesuffix("attachments/")).status_code == 204
    assert kept(api) == before
    problem(ali.get(attachment["thumbnail_url"]), 404, "not_found")


def test_the_doctor_knows_it(api: Api, ali: Person, attachments: str) -> None:
    """A lost thumbnail costs its address alone; the file stays."""

    def examined() -> list[str]:
        payam = api.app.ctx.payam
        kinds, entries = catalogue.LOGGED, catalogue.ENTRIES
        drifts = api.run(doctor.examine(payam.database, payam.files, kinds, entries))
        api.run(doctor.mend(payam.database, drifts))
        return [drift.what for drift in drifts]

    before = kept(api)
    attachment = attach(ali, attachments, picture())
    examined()
    (small,) = [path for path in kept(api) - before if path.name.endswith(".thumbnail")]
    small.unlink()
    lost = f"attachment {attachment['id']}: its thumbnail is missing, or has another size"
    assert examined() == [lost]
    assert examined() == []
    (listed,) = ali.get(attachments).json()
    del attachment["thumbnail_url"]
    assert listed == attachment
    assert ali.get(attachment["url"]).status_code == 200


def test_its_path_begins_as_every_path_does() -> None:
    """Behind a path of a site, also where there is none."""
    file = Attachment(1, 2, "a", 3, "image/png", "/api/a/", "", thumbnail_url="/api/a/thumbnail/")
    moved = placed("/chat", file)
    assert (moved.url, moved.thumbnail_url) == ("/chat/api/a/", "/chat/api/a/thumbnail/")
