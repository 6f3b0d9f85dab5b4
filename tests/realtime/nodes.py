"""Nodes of one deployment in one loop, with seams at which what they wait for can be held."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import httpx
import pytest
from msgspec import Struct
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from config.settings import Settings
from tests.api.client import Api, Person
from tests.support.sockets import Socket

T = TypeVar("T")
LONGEST = 60.0
"""Seconds after which a test that waits for what does not come fails."""


class Nodes(Struct, frozen=True):
    """`here` is where handshakes wait; `there` is where things happen: another node or the same."""

    loop: asyncio.AbstractEventLoop
    here: Api
    there: Api

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        async def limited() -> T:
            async with asyncio.timeout(LONGEST):
                return await work

        return self.loop.run_until_complete(limited())

    async def ask(
        self, node: Api, person: Person, method: str, path: str, **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {person.access}"}
        return await node.send(method, path, headers=headers, **options)

    async def revoke(self, person: Person) -> None:
        """Sign out, there."""
        body = {"refresh": person.refresh}
        answer = await self.there.send("POST", "/api/token/revoke/", json=body)
        assert answer.status_code == 204, answer.text


@contextmanager
def one_node(settings: Settings) -> Iterator[Nodes]:
    loop = asyncio.new_event_loop()
    with Api(settings, loop) as api:
        yield Nodes(loop, api, api)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@contextmanager
def two_nodes(*each: Settings) -> Iterator[Nodes]:
    """Connected to Redis, both."""
    loop = asyncio.new_event_loop()
    with ExitStack() as stack:
        here, there = (stack.enter_context(Api(settings, loop)) for settings in each)
        nodes = Nodes(loop, here, there)
        for api in (here, there):
            relay = api.app.ctx.payam.relay
            nodes.run(until(lambda relay=relay: relay.is_connected))  # type: ignore[misc]
        yield nodes
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


class Held:
    """Stands for a method: does its work, and keeps the answers of the first `most` calls.

    `before` keeps them from beginning instead.
    """

    def __init__(self, work: Callable[..., Awaitable[Any]], most: int, *, before: bool) -> None:
        self.arrived = 0
        self._work = work
        self._most = most
        self._before = before
        self._release = asyncio.Event()

    async def __call__(self, *arguments: Any) -> Any:
        if self._before:
            await self._wait()
            return await self._work(*arguments)
        answer = await self._work(*arguments)
        await self._wait()
        return answer

    async def _wait(self) -> None:
        self.arrived += 1
        if self.arrived <= self._most:
            await self._release.wait()

    async def until_waiting(self, number: int = 1) -> None:
        await until(lambda: self.arrived >= number)

    def release(self) -> None:
        self._release.set()


def hold(
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    most: int = 1_000_000,
    *,
    before: bool = False,
) -> Held:
    """From now on the method's answers are kept, as if they were long on their way."""
    held = Held(getattr(owner, name), most, before=before)
    monkeypatch.setattr(owner, name, held)
    return held


async def open_socket(
    node: Api, person: Person, conversation: str, *, as_browser: bool = False, query: str = ""
) -> Socket | int:
    """The socket of a conversation's path, or the status that it was refused with.

    Without a path, the socket of everything.
    """
    number = conversation.strip("/").split("/")[-1]
    place = f"/ws/chat/{number}/" if number else "/ws/"
    offers = [Subprotocol("chat.v1"), Subprotocol(f"bearer.{person.access}")]
    try:
        connection = await connect(
            f"ws://127.0.0.1:{node.port}{place}{query}",
            additional_headers=None if as_browser else {"Authorization": f"Bearer {person.access}"},
            subprotocols=offers if as_browser else None,
            open_timeout=LONGEST,
            max_queue=None,
            proxy=None,
        )
    except InvalidStatus as error:
        return error.response.status_code
    return Socket(connection, passed_over={"cursor", "presence"})


async def opened(node: Api, person: Person, conversation: str) -> Socket:
    socket = await open_socket(node, person, conversation)
    assert isinstance(socket, Socket), socket
    return socket


class Talk:
    """Ali began a conversation with Sara and Reza."""

    def __init__(self, nodes: Nodes) -> None:
        self.ali, self.sara, self.reza = (nodes.here.person(n) for n in ("ali", "sara", "reza"))
        self.path = self.ali.begin(self.sara, self.reza)

    async def remove_sara(self, nodes: Nodes) -> None:
        path = f"{self.path}participants/{self.sara.id}/"
        answer = await nodes.ask(nodes.there, self.ali, "DELETE", path)
        assert answer.status_code == 204, answer.text

    async def say(self, nodes: Nodes, text: str) -> None:
        body = {"content": text}
        answer = await nodes.ask(nodes.there, self.ali, "POST", f"{self.path}messages/", json=body)
        assert answer.status_code == 201, answer.text


async def close_all(sockets: list[Socket | int]) -> list[int]:
    """Each one's refusal, or the code that it is closed with."""
    return [await one.closed() if isinstance(one, Socket) else one for one in sockets]
