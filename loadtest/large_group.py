"""Reactions and marks of reading in a large conversation: `python -m loadtest.large_group URL`.

`python -m chat seed --users 10000 --conversations 0 --members 1` has filled the server's database,
so conversation 1 has all users. Some of them have a socket open. All of them react to one message,
and mark one of four as read, each once. Every socket must get every reaction and every mark. Then
each user asks: the reactions, the own one among them, and the unread messages must be counted
exactly, and the list of participants must have every mark.
"""

import argparse
import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import picows

from loadtest.tokens import Minted

CONVERSATION = "/api/conversations/1/"
EMOJIS = ("👍", "🙏", "😂")
SAID = 4
"""Messages, each of another user, the first of whom is user 1."""
IN_FLIGHT = 32
WAIT_SECONDS = 240
PAGE = 200
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


@dataclass
class Group:
    """The conversation, as its users see it over REST. `messages` are the ids of what was said."""

    http: httpx.AsyncClient
    tokens: Minted
    messages: list[int]

    async def ask(self, user: int, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens(user)}"}
        url = f"{CONVERSATION}{path}"
        answer = await self.http.request(method, url, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def say(self) -> None:
        for user in range(1, SAID + 1):
            said = await self.ask(user, "POST", "messages/", {"content": "x"})
            self.messages.append(said["id"])

    async def react(self, user: int) -> None:
        path = f"messages/{self.messages[0]}/reactions/{quote(emoji_of(user))}/"
        await self.ask(user, "PUT", path)

    async def read(self, user: int) -> None:
        await self.ask(user, "POST", "read/", {"message_id": self.mark_of(user)})

    def mark_of(self, user: int) -> int:
        return self.messages[user % SAID]

    def unread_of(self, user: int) -> int:
        """What others have said after that user's mark."""
        last = self.messages.index(self.mark_of(user))
        return sum(sender != user for sender in range(last + 2, SAID + 1))

    async def check(self, actors: range, user: int) -> None:
        """Raises AssertionError where this user is shown another count than there is."""
        shown = await self.ask(user, "GET", "")
        assert shown["unread_count"] == self.unread_of(user), (user, shown["unread_count"])
        message = await self.ask(user, "GET", f"messages/{self.messages[0]}/")
        counts = {one["emoji"]: (one["count"], one["me"]) for one in message["reactions"]}
        own = emoji_of(user)
        all_ = Counter(map(emoji_of, actors))
        assert counts == {emoji: (all_[emoji], emoji == own) for emoji in all_}, (user, counts)

    async def check_marks(self, actors: range) -> None:
        """Raises AssertionError where the list of participants lacks a mark, or has another."""
        marks: dict[int, int] = {}
        after = 0
        while True:
            page = await self.ask(1, "GET", f"participants/?limit={PAGE}&after={after}")
            marks |= {one["id"]: one["last_read_id"] for one in page}
            if len(page) < PAGE:
                break
            after = page[-1]["id"]
        wrong = [user for user in actors if marks[user] != self.mark_of(user)]
        assert not wrong, wrong[:10]


def emoji_of(user: int) -> str:
    return EMOJIS[user % len(EMOJIS)]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--pid", type=int, required=True, help="of the server")
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--acts", type=int, help="users who act; without it all")
    options = parser.parse_args()
    tokens = Minted(os.environ["JWT_SECRET"], options.members)
    members = [Member() for _ in range(options.sockets)]
    for user, member in enumerate(members, 1):
        await picows.ws_connect(
            lambda one=member: one,
            options.url.replace("http", "ws", 1) + "/ws/chat/1/",
            extra_headers={"Authorization": f"Bearer {tokens(user)}"},
        )
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    async with httpx.AsyncClient(
        base_url=options.url, limits=limits, timeout=60, trust_env=False
    ) as http:
        group = Group(http, tokens, [])
        await group.say()
        actors = range(1, 1 + (options.acts or options.members))
        await measure("reactions", b"reaction.added", options.pid, members, actors, group.react)
        await measure("marks of reading", b"message.read", options.pid, members, actors, group.read)
        used = processor_seconds(options.pid)
        await all_of(actors, lambda user: group.check(actors, user))
        await group.check_marks(actors)
        used = processor_seconds(options.pid) - used
        print(
            f"{len(actors)} users were shown the right counts of unread messages and of reactions,"
            f" and every mark: {1e6 * used / len(actors):.0f} µs of the server's processor each"
        )


async def all_of(users: Iterable[int], work: Callable[[int], Awaitable[None]]) -> None:
    """For every user, so many at a time."""
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one(user: int) -> None:
        async with room:
            await work(user)

    await asyncio.gather(*[one(user) for user in users])


async def measure(
    what: str,
    kind: bytes,
    pid: int,
    members: list[Member],
    actors: range,
    act: Callable[[int], Awaitable[None]],
) -> None:
    """Each actor acts once; then every member must have got all of it."""
    used, begun = processor_seconds(pid), time.monotonic()
    await all_of(actors, act)
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
