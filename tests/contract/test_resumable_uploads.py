"""Resumable uploads by stock clients of tus, with their connections cut, on every shape."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from tusclient.client import TusClient

from tests.contract.helpers import Pair
from tests.faults.proxy import FaultProxy
from tests.support.npm import npm
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person

UPLOADS = "/api/uploads/"
OCTETS = "application/offset+octet-stream"
SIZE = 3_000_000
CUTS = 3
PART = SIZE // (CUTS + 2)
"""What comes through between two cuts."""
NAME = "گزارش.bin"
LOOK_SECONDS = 0.02


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stock client for JavaScript, and a program that uses it."""
    folder = tmp_path_factory.mktemp("tus")
    copy(Path(__file__).with_name("tus.mjs"), folder)
    npm("install", "tus-js-client@4.3.1", folder=folder)
    return folder


@pytest.fixture
def data() -> bytes:
    return secrets.token_bytes(SIZE)


@pytest.fixture
def path(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "data"
    path.write_bytes(data)
    return path


async def arrived(person: Person) -> int:
    """Bytes of the person's only upload, by the server itself."""
    uploads = (await person.http.get(UPLOADS)).json()
    return sum(upload["offset"] for upload in uploads)


async def with_cuts(proxy: FaultProxy, person: Person, uploading: "asyncio.Task[Any]") -> Any:
    """Cut the connections of an upload that goes on, each time after some more has arrived."""
    before = 0
    for _ in range(CUTS):
        while not proxy.is_stalled or await arrived(person) <= before:
            assert not uploading.done(), uploading
            await asyncio.sleep(LOOK_SECONDS)
        before = await arrived(person)
        proxy.cut()
        proxy.stall_after(PART)
        proxy.resume()
    proxy.stall_after(SIZE * 2)
    proxy.resume()
    return await uploading


async def attached(pair: Pair, place: str, data: bytes) -> dict[str, Any]:
    """Attach the upload at this path, and see that the other gets the very same bytes."""
    sent = (await pair.ali.http.post(pair.messages, json={"content": "see"})).json()
    answer = await pair.ali.http.post(
        f"{pair.messages}{sent['id']}/attachments/", json={"upload": place.split("/")[-2]}
    )
    assert answer.status_code == 201, answer.text
    file: dict[str, Any] = answer.json()
    assert (await pair.sara.http.get(file["url"])).content == data
    for socket in (pair.first, pair.second):
        assert (await socket.receive_type("attachment.added"))["attachment"] == file
    return file


async def test_tuspy_goes_on_where_it_was_cut(people: People, path: Path, data: bytes) -> None:
    """It sends pieces, of which each may be cut."""
    pair = await Pair.of(people)
    token = pair.ali.access

    async with FaultProxy(pair.ali.server.port) as proxy:
        proxy.stall_after(PART)

        def upload() -> str:
            client = TusClient(
                f"http://127.0.0.1:{proxy.port}{UPLOADS}", {"Authorization": f"Bearer {token}"}
            )
            with path.open("rb") as stream:
                uploader = client.uploader(
                    file_stream=stream,
                    chunk_size=400_000,
                    metadata={"filename": NAME},
                    retries=50,
                    retry_delay=0.05,
                )
                uploader.upload()
            return str(uploader.url)

        place = await with_cuts(proxy, pair.ali, asyncio.create_task(asyncio.to_thread(upload)))
    assert (await attached(pair, place, data))["name"] == NAME


async def test_tus_js_client_goes_on_where_it_was_cut(
    people: People, node: Path, path: Path, data: bytes
) -> None:
    """It sends all in one piece."""
    pair = await Pair.of(people)
    async with FaultProxy(pair.ali.server.port) as proxy:
        proxy.stall_after(PART)
        endpoint = f"http://127.0.0.1:{proxy.port}{UPLOADS}"
        process = await asyncio.create_subprocess_exec(
            *("node", "tus.mjs", endpoint, pair.ali.access, str(path), NAME),
            cwd=node,
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await with_cuts(proxy, pair.ali, asyncio.create_task(process.communicate()))
        assert await process.wait() == 0
    file = await attached(pair, printed.decode().strip(), data)
    assert (file["name"], file["content_type"]) == (NAME, "application/x-test")


async def test_what_was_acknowledged_outlives_the_server(data: bytes) -> None:
    """The server is killed in the middle of a piece, and the client goes on with the next one."""
    half, more = SIZE // 2, 500_000
    with PayamServer({"RATE_LIMITS": "off"}) as server:
        async with People(server) as people:
            pair = await Pair.of(people)
            http = pair.ali.http
            name = base64.b64encode(NAME.encode()).decode()
            begun = await http.post(
                UPLOADS,
                headers={"Upload-Length": str(SIZE), "Upload-Metadata": f"filename {name}"},
            )
            place = begun.headers["Location"]
            sent = {"Upload-Offset": "0", "Content-Type": OCTETS}
            first = await http.patch(place, content=data[:half], headers=sent)
            assert first.headers["Upload-Offset"] == str(half)

            async def piece() -> AsyncIterator[bytes]:
                yield data[half : half + more]
                while await arrived(pair.ali) == half:
                    await asyncio.sleep(LOOK_SECONDS)
                server.kill()
                yield data[half + more :]

            sent["Upload-Offset"] = str(half)
            with pytest.raises(Exception):  # noqa: B017, PT011 - whichever way the connection broke
                await http.patch(place, content=piece(), headers=sent)
            server.start()
            offset = int((await http.head(place)).headers["Upload-Offset"])
            assert half < offset <= half + more
            sent["Upload-Offset"] = str(offset)
            last = await http.patch(place, content=data[offset:], headers=sent)
            assert last.headers["Upload-Offset"] == str(SIZE)
            message = (await http.post(pair.messages, json={"content": "see"})).json()
            answer = await http.post(
                f"{pair.messages}{message['id']}/attachments/",
                json={"upload": place.split("/")[-2]},
            )
            assert (await http.get(answer.json()["url"])).content == data
