"""What the files of a message, a user and a conversation may be together, on both databases."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.settings import Settings
from tests.api.client import Api, Person, problem
from tests.support.postgres_server import PostgresServer

SIZE = 100
"""Bytes of each file."""
MESSAGE, USER, CONVERSATION = 2, 3, 5
"""So many files are allowed, and as many bytes as they have."""
ARRIVING = 20 * SIZE
"""So many bytes of one user may be on their way."""
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
FULL = {
    "message": "too_many_attachments",
    "user": "user_files_full",
    "conversation": "conversation_files_full",
}


@pytest.fixture(scope="module", params=[("sqlite", "files"), ("postgres", "quota")], ids="-".join)
def nodes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Api]]:
    """On PostgreSQL two nodes of one deployment. Either files or bytes are limited."""
    database, limited = request.param
    each = 1 if limited == "files" else SIZE
    given: dict[str, Any] = {
        f"message_{limited}": MESSAGE * each,
        f"user_{limited}": USER * each,
        f"conversation_{limited}": CONVERSATION * each,
    }
    if database == "postgres":
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        template = request.getfixturevalue("partitioned_template")
        given["database_url"] = postgres.create_database(template=template)
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("quotas"),
        jwt_secret="a secret that is long enough for everybody",
        rate_limits=False,
        attachment_max_size=ARRIVING,
        upload_quota=ARRIVING,
        **given,
    )
    loop = asyncio.new_event_loop()
    with ExitStack() as stack:
        stack.callback(loop.close)
        stack.callback(lambda: loop.run_until_complete(loop.shutdown_default_executor()))
        yield [
            stack.enter_context(Api(settings, loop))
            for _ in range(2 if database == "postgres" else 1)
        ]


@pytest.fixture
def api(nodes: list[Api]) -> Api:
    return nodes[0]


def message_of(person: Person, conversation: str) -> str:
    """The path of a new message."""
    return f"{conversation}messages/{person.say(conversation, 'look')['id']}/"


def attach(person: Person, message: str) -> httpx.Response:
    return person.post(f"{message}attachments/", files={"file": ("f", b"x" * SIZE)})


def uploaded(person: Person) -> str:
    """The id of a resumable upload that is finished."""
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(SIZE),
        "Content-Type": "application/offset+octet-stream",
    }
    made = person.post("/api/uploads/", headers=headers, content=b"x" * SIZE)
    assert made.status_code == 201, made.text
    return made.headers["Location"].split("/")[-2]


def attach_upload(person: Person, message: str) -> httpx.Response:
    return person.post(f"{message}attachments/", {"upload": uploaded(person)})


def stored(api: Api) -> set[Path]:
    return {path for path in api.settings.uploads.rglob("*") if path.is_file()}


def require_full(answer: httpx.Response, whose: str, most: int) -> None:
    """It names the field, and the limit."""
    detail = problem(answer, 409, FULL[whose])["detail"]
    assert detail.startswith("file: ")
    assert f" {most} files" in detail or f" {most * SIZE} bytes" in detail


@pytest.mark.parametrize("way", [attach, attach_upload])
def test_each_has_its_own(api: Api, way: Any) -> None:
    """A message, a user over all conversations, and a conversation whoever sends. However a file
    comes, one more is refused and does not stay. What is deleted makes room.
    """
    ali, sara = api.person("ali"), api.person("sara")
    here, there = ali.begin(sara), ali.begin(sara)
    before = stored(api)
    one, two, far = message_of(ali, here), message_of(ali, here), message_of(ali, there)
    assert [way(ali, one).status_code for _ in range(MESSAGE)] == [201] * MESSAGE
    upload = uploaded(ali)
    for another in (attach(ali, one), ali.post(f"{one}attachments/", {"upload": upload})):
        require_full(another, "message", MESSAGE)
    assert way(ali, two).status_code == 201
    for message in (two, far):
        another = ali.post(f"{message}attachments/", {"upload": upload})
        require_full(another, "user", USER)
        require_full(attach(ali, message), "user", USER)
    begun = {"Tus-Resumable": "1.0.0", "Upload-Length": str(SIZE)}
    require_full(ali.post("/api/uploads/", headers=begun), "user", USER)
    hers = message_of(sara, here), message_of(sara, here)
    assert [way(sara, message).status_code for message in hers] == [201] * 2
    require_full(attach(sara, hers[0]), "conversation", CONVERSATION)
    assert ali.delete(two).status_code == 204
    assert sara.get(f"{two}attachments/").json() == []
    # It was refused before, and nothing of it was lost.
    assert ali.post(f"{far}attachments/", {"upload": upload}).status_code == 201
    require_full(attach(ali, far), "user", USER)
    assert way(sara, hers[0]).status_code == 201
    api.run(api.app.ctx.payam.files.settled())
    assert len(stored(api) - before) == MESSAGE + 1 + 3


@pytest.mark.parametrize("way", ["form", "upload"])
def test_uploads_at_the_same_moment_do_not_pass_together(nodes: list[Api], way: str) -> None:
    """Of one user, in as many conversations, on all nodes, whichever way the files come. Of what is
    refused nothing stays, but for resumable uploads, which are still their user's.
    """
    api = nodes[0]
    ali, sara = api.person("ali"), api.person("sara")
    messages = [message_of(ali, ali.begin(sara)) for _ in range(3 * USER)]
    kept = stored(api)
    sign_in = {"Authorization": f"Bearer {ali.access}"}
    file: dict[str, Any] = {"files": {"file": ("f", b"x" * SIZE)}}
    bodies = [file if way == "form" else {"json": {"upload": uploaded(ali)}} for _ in messages]

    async def all_at_once() -> list[httpx.Response]:
        return await asyncio.gather(
            *(
                nodes[n % len(nodes)].send(
                    "POST", f"{message}attachments/", headers=sign_in, **body
                )
                for n, (message, body) in enumerate(zip(messages, bodies, strict=True))
            )
        )

    answers = api.run(all_at_once())
    assert [answer.status_code for answer in answers].count(201) == USER
    for answer in answers:
        if answer.status_code != 201:
            require_full(answer, "user", USER)
    waiting = ali.get("/api/uploads/").json()
    assert len(waiting) == (0 if way == "form" else len(messages) - USER)
    for upload in waiting:
        place = f"/api/uploads/{upload['id']}/"
        assert ali.delete(place, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert len(stored(api) - kept) == USER


async def begun(api: Api, person: Person, method: str, path: str, size: int) -> Streams:
    """A form whose file has come but for its end: so many bytes of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    lines = (
        f"{method} {path} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {person.access}",
        "Content-Type: multipart/form-data; boundary=B",
        f"Content-Length: {2 * ARRIVING}",
        "",
        '--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n',
    )
    writer.write("\r\n".join(lines).encode() + b"x" * size)
    return reader, writer


def test_what_is_arriving_counts_until_it_has_ended(api: Api) -> None:
    """The files of one user that are on their way in forms have together no more bytes than uploads
    may have. What is cut or refused counts no more, and leaves nothing. Others are not held up.
    """
    ali, sara = api.person("ali"), api.person("sara")
    talk = ali.begin(sara)
    message, hers = message_of(ali, talk), message_of(sara, talk)
    places = [("POST", f"{message}attachments/"), ("PUT", "/api/users/me/avatar/")]
    before = stored(api)
    arriving = api.app.ctx.payam.services.attachments._arriving._bytes

    async def crowd() -> None:
        async with asyncio.timeout(60):
            whole = [await begun(api, ali, *place, ARRIVING // 2) for place in places]
            while arriving[ali.id] < ARRIVING:
                await asyncio.sleep(0.01)
            for place in places:
                reader, writer = await begun(api, ali, *place, 1)
                answer = await reader.readuntil(b"}")
                assert answer.split()[1] == b"409"
                assert b'"too_many_uploads"' in answer
                assert b"file: files of %d bytes" % ARRIVING in answer
                writer.close()
            other = await api.send(
                "POST",
                f"{hers}attachments/",
                headers={"Authorization": f"Bearer {sara.access}"},
                files={"file": ("f", b"x" * SIZE)},
            )
            assert other.status_code == 201, other.text
            for _, writer in whole:
                writer.close()
            while ali.id in arriving:
                await asyncio.sleep(0.01)

    api.run(crowd())
    assert len(stored(api) - before) == 1
    assert attach(ali, message).status_code == 201
