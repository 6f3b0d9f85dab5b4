"""A node of its own, with a small follower: `python -m tests.followers.node URL NAME FILE`.

It writes a line into FILE before it has handled a conversation's changes, and one after it.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from chat.events import Change
from chat.followers.follower import Follower
from chat.followers.following import Following
from tests.store.world import opened

LEASE_SECONDS = 5.0
WORK_SECONDS = 0.02


class Writing(Follower):
    """Fails as long as a file `failing-<conversation>` stands beside its own."""

    name = "writing"
    with_past = True

    def __init__(self, node: str, path: str) -> None:
        self.node = node
        self.path = path
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def handle(self, conversation_id: int, changes: Sequence[Change]) -> None:
        if os.path.exists(f"{self.path}.failing-{conversation_id}"):  # noqa: ASYNC240 - a look
            raise RuntimeError("not now")
        self.say("begins", conversation_id, "")
        await asyncio.sleep(WORK_SECONDS)
        seqs = ",".join(str(change.seq) for change in changes)
        self.say("has", conversation_id, seqs)

    def say(self, what: str, conversation_id: int, seqs: str) -> None:
        os.write(self.file, f"{self.node} {what} {conversation_id} {seqs}\n".encode())


async def main(url: str, node: str, path: str) -> None:
    async with opened(url) as database:
        follower = Writing(node, path)
        await Following(database, follower, poll=0.05, lease=LEASE_SECONDS, pause=0.05).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
