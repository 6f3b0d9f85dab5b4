"""Sign-ins that end while requests go on: nothing is answered with them afterwards, on any node."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.people import People, Person
from tests.support.processes import owners

STREAMS = 3
"""Connections to each worker, on each of which one request follows the other."""
MOST_TRIES = 1000

End = Callable[[Person, Person, Person], Awaitable[httpx.Response]]
"""How a sign-in of `ali` ends; `elsewhere` is another one of theirs, and `boss` is staff."""


async def sign_out(ali: Person, elsewhere: Person, boss: Person) -> httpx.Response:
    return await elsewhere.http.post("/api/token/revoke/", json={"refresh": ali.refresh})


async def other_password(ali: Person, elsewhere: Person, boss: Person) -> httpx.Response:
    body = {"old_password": ali.password, "new_password": "battery-staple"}
    return await elsewhere.http.post("/api/users/me/password/", json=body)


async def password_by_staff(ali: Person, elsewhere: Person, boss: Person) -> httpx.Response:
    path = f"/api/staff/users/{ali.id}/password/"
    return await boss.http.post(path, json={"password": "battery-staple"})


async def suspension(ali: Person, elsewhere: Person, boss: Person) -> httpx.Response:
    return await boss.http.post(f"/api/staff/users/{ali.id}/suspend/", json={})


async def erasure(ali: Person, elsewhere: Person, boss: Person) -> httpx.Response:
    body = {"password": ali.password}
    return await elsewhere.http.request("DELETE", "/api/users/me/", json=body)


async def erasure_by_staff(ali: Person, elsewhere: Person, boss: Person) -> httpx.Response:
    return await boss.http.delete(f"/api/staff/users/{ali.id}/")


OWN: list[End] = [sign_out, other_password, erasure]
BY_STAFF: list[End] = [password_by_staff, suspension, erasure_by_staff]
PROMISED = 1.0
"""Seconds after which the answer comes though other nodes may not have heard yet, as where Redis
hangs.
"""


@dataclass
class Stream:
    """Requests of one token over one connection, one after the other."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: bytes
    answers: list[tuple[float, int]] = field(default_factory=list)
    """When each request began, and the status of its answer."""

    @classmethod
    async def open(cls, person: Person) -> "Stream":
        reader, writer = await asyncio.open_connection(person.server.host, person.server.port)
        head = f"GET /api/users/me/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {person.access}"
        return cls(reader, writer, f"{head}\r\n\r\n".encode())

    @property
    def port(self) -> int:
        port: int = self.writer.get_extra_info("sockname")[1]
        return port

    async def ask(self) -> None:
        began = monotonic()
        self.writer.write(self.request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        size = next(int(line.split()[1]) for line in lines if line.startswith(b"content-length:"))
        await self.reader.readexactly(size)
        self.answers.append((began, int(lines[0].split()[1])))

    async def go_on(self) -> None:
        while True:
            await self.ask()


async def streams_of(person: Person) -> list[Stream]:
    """So many connections to each worker, all of which have answered with 200."""
    wanted = dict.fromkeys(range(person.server.workers), STREAMS)
    found: list[Stream] = []
    places: dict[int, int] = {}
    for _ in range(MOST_TRIES):
        stream = await Stream.open(person)
        await stream.ask()
        worker = owners(person.server.pids()).get(stream.port)
        if worker is None:  # the kernel's table is read in pieces, and lacked it
            stream.writer.close()
            continue
        place = places.setdefault(worker, len(places))
        if wanted[place]:
            wanted[place] -= 1
            found.append(stream)
        else:
            stream.writer.close()
        if not any(wanted.values()):
            return found
    raise AssertionError(f"{MOST_TRIES} connections came to {len(places)} workers")


@pytest.mark.parametrize("end", OWN + BY_STAFF, ids=lambda end: end.__name__)
async def test_nothing_that_begins_after_the_end_is_answered(people: People, end: End) -> None:
    """On no worker, whatever was remembered of the token there: 401 for every request that began
    after the answer. Sockets are closed with 4401, and no frame that is sent after the answer does
    anything, because the answer waits until every worker has read of the end.
    """
    ali, sara = await people("ali"), await people("sara")
    boss = await people.staff("boss") if end in BY_STAFF else sara
    talk = await ali.begin_conversation(sara)
    elsewhere = Person(ali.server, ali.username)
    try:
        elsewhere.password, elsewhere.id = ali.password, ali.id
        await elsewhere.sign_in()
        one = await ali.connect(talk)
        sockets = [one, await ali.connect(apart_from=one)]
        streams = await streams_of(ali)
        asking = [asyncio.create_task(stream.go_on()) for stream in streams]
        await asyncio.sleep(0.05)
        asked = monotonic()
        answer = await end(ali, elsewhere, boss)
        ended = monotonic()
        assert answer.is_success, answer.text
        frame = {"type": "chat_message", "message": "too late", "conversation": talk}
        for socket in sockets:
            with suppress(ConnectionClosed):
                await socket.send(frame)
        assert [await socket.closed() for socket in sockets] == [4401] * len(sockets)
        async with asyncio.timeout(60):
            while any(stream.answers[-1][0] < ended + 0.1 for stream in streams):
                assert not any(task.done() for task in asking), asking
                await asyncio.sleep(0.02)
            while any(stream.answers[-1][1] == 200 for stream in streams):
                assert ended - asked > PROMISED
                await asyncio.sleep(0.02)
        for task in asking:
            task.cancel()
        await asyncio.wait(asking)
        for stream in streams:
            stream.writer.close()
            assert stream.answers[0][1] == 200
            late = {status for began, status in stream.answers if began > ended}
            assert late == {401} or ended - asked > PROMISED
        if ended - asked < PROMISED:
            said = await sara.http.get(f"/api/conversations/{talk}/messages/")
            assert said.json() == []
    finally:
        await elsewhere.close()
