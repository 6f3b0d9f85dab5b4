"""Large things pass through without being held."""

import asyncio
import os
import time
from collections.abc import AsyncIterator

import pytest

from tests.contract.helpers import PATIENCE
from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.sockets import Socket

MIB = 1024 * 1024
ALLOWANCE = 12 * MIB
LENGTH = 8_000
AT_ONCE = 20
"""Messages on their way: all of them are less than WS_SEND_BUFFER."""


async def say(socket: Socket, count: int) -> None:
    """So many long texts, each of which begins with its number."""
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        for number in numbers:
            text = f"{number} " + "x" * LENGTH
            await socket.send({"type": "chat_message", "message": text})
        for _ in numbers:
            await socket.receive()


def peak(server: PayamServer) -> int:
    """Most bytes of memory that the server has had so far."""
    with open(f"/proc/{server.process.pid}/status") as status:
        (line,) = [line for line in status if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


async def test_an_upload_and_a_download_stay_out_of_memory(on_sqlite: PayamServer) -> None:
    """24 MiB each way; then one that is cut off leaves neither a row nor a file."""
    async with People(on_sqlite) as people:
        ali = await people("ali")
        conversation = await ali.begin_conversation()
        path = f"/api/conversations/{conversation}/messages/"
        message = (await ali.http.post(path, json={"content": "see"})).json()["id"]
        upload = f"{path}{message}/attachments/"
        small = await ali.http.post(upload, files={"file": ("small", b"x")})
        assert small.status_code == 201
        before = peak(on_sqlite)
        content = os.urandom(MIB) * 24
        made = await ali.http.post(upload, files={"file": ("large.bin", content)})
        assert made.status_code == 201
        assert (await ali.http.get(made.json()["url"])).content == content
        assert peak(on_sqlite) - before < ALLOWANCE

        folder = on_sqlite.directory / "data" / "attachments"
        files = sorted(folder.rglob("*"))

        async def cut_off() -> AsyncIterator[bytes]:
            head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
            yield head + content[:MIB]
            raise ConnectionAbortedError

        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        with pytest.raises(ConnectionAbortedError):
            await ali.http.post(upload, content=cut_off(), headers=headers)
        listed = (await ali.http.get(upload)).json()
        assert [attachment["name"] for attachment in listed] == ["small", "large.bin"]
        end = time.monotonic() + PATIENCE
        while sorted(folder.rglob("*")) != files and time.monotonic() < end:
            await asyncio.sleep(0.02)
        assert sorted(folder.rglob("*")) == files


async def test_a_long_list_stays_out_of_memory(on_sqlite: PayamServer) -> None:
    """Sixteen megabytes of messages, streamed as one array, oldest first."""
    async with People(on_sqlite) as people:
        ali = await people("ali")
        conversation = await ali.begin_conversation()
        socket = await ali.connect(conversation)
        count = 2_000
        await say(socket, count)
        before = peak(on_sqlite)
        path = f"/api/conversations/{conversation}/messages/"
        listed = (await ali.http.get(path)).json()
        assert [int(message["content"].split()[0]) for message in listed] == list(range(count))
        assert peak(on_sqlite) - before < ALLOWANCE


async def test_catching_up_stays_out_of_memory(on_sqlite: PayamServer) -> None:
    """Twenty megabytes that were missed, in order, while the socket takes its time."""
    async with People(on_sqlite) as people:
        ali = await people("ali")
        conversation = await ali.begin_conversation()
        socket = await ali.connect(conversation)
        count = 2_500
        await say(socket, count)
        await socket.close()
        before = peak(on_sqlite)
        back = await ali.connect(conversation, since=0)
        for number in range(count):
            frame = await back.receive()
            assert (frame["seq"], frame["content"].split()[0]) == (number + 1, f"{number}")
        assert await back.receive_resumed() == count
        assert peak(on_sqlite) - before < ALLOWANCE
