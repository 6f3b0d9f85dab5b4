"""Reactions and marks of reading in a large conversation: `python -m loadtest.large_group URL`.

`python -m chat seed --users 10000 --conversations 0 --members 1` has filled the server's database,
so conversation 1 has all users. Some of them have a socket open. Others react to one message, each
once, and mark it as read. Every socket must get every reaction and every mark, and the database
must have counted them.
"""

import argparse
import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import picows

from loadtest.tokens import Minted

CONVERSATION = "/api/conversations/1/"
IN_FLIGHT = 32
WAIT_SECONDS = 120
TICKS = os.sysconf("SC_CLK_TCK")


class Member(picows.WSListener):
    """Counts the frames of each kind."""

    def __init__(self) -> None:
        self.frames: Counter[bytes] = Counter()

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        kind = frame.get_payload_as_bytes()[9:].partition(b'"')[0]
        self.frames[kind] += 1


def processor_seconds(pid: int) -> float:
    """What the process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--pid", type=int, required=True, help="of the server")
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--acts", type=int, default=1_000, help="reactions, and marks")
    options = parser.parse_args()
    tokens = Minted(os.environ["JWT_SECRET"], options.members)
    members = [Member() for _ in range(options.sockets)]

    def headers(user: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens(user)}"}

    for user, member in enumerate(members, 1):
        await picows.ws_connect(
            lambda one=member: one,
            options.url.replace("http", "ws", 1) + "/ws/chat/1/",
            extra_headers=headers(user),
        )
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    async with httpx.AsyncClient(
        base_url=options.url, limits=limits, timeout=60, trust_env=False
    ) as http:
        said = await http.post(
            f"{CONVERSATION}messages/", json={"content": "x"}, headers=headers(1)
        )
        message = said.raise_for_status().json()["id"]

        async def react(user: int) -> None:
            path = f"{CONVERSATION}messages/{message}/reactions/%F0%9F%91%8D/"
            (await http.put(path, headers=headers(user))).raise_for_status()

        async def read(user: int) -> None:
            body = {"message_id": message}
            answer = await http.post(f"{CONVERSATION}read/", json=body, headers=headers(user))
            answer.raise_for_status()

        actors = range(options.sockets + 1, options.sockets + 1 + options.acts)
        await measure("reactions", b"reaction.added", options.pid, members, actors, react)
        await measure("marks of reading", b"message.read", options.pid, members, actors, read)
        shown = (await http.get(f"{CONVERSATION}messages/{message}/", headers=headers(2))).json()
        counted = [(one["emoji"], one["count"]) for one in shown["reactions"]]
        print(f"the database has counted {counted}")
        assert counted == [("👍", options.acts)]


async def measure(
    what: str,
    kind: bytes,
    pid: int,
    members: list[Member],
    actors: range,
    act: Callable[[int], Awaitable[None]],
) -> None:
    """Each actor acts once; then every member must have got all of it."""
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one(user: int) -> None:
        async with room:
            await act(user)

    used, begun = processor_seconds(pid), time.monotonic()
    await asyncio.gather(*[one(user) for user in actors])
    async with asyncio.timeout(WAIT_SECONDS):
        while any(member.frames[kind] < len(actors) for member in members):
            await asyncio.sleep(0.01)
    seconds, used = time.monotonic() - begun, processor_seconds(pid) - used
    assert all(member.frames[kind] == len(actors) for member in members), "some came twice"
    frames = len(actors) * len(members)
    print(
        f"{len(actors)} {what} to {len(members)} sockets: {frames} frames in {seconds:.1f} s,"
        f" {used:.2f} s of the server's processor, {1e6 * used / frames:.2f} µs per frame"
    )


if __name__ == "__main__":
    asyncio.run(main())
