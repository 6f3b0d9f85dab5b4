"""A process that pushes, and that a test kills:
`python -m tests.followers.push_node URL KEY ORIGIN`, with a push service at the origin.
"""

import asyncio
import sys
from pathlib import Path

from chat.auth.vapid import Vapid
from chat.realtime.presence.board import LocalBoard
from tests.followers.push_world import pushing
from tests.store.world import opened


async def main(url: str, key: str, origin: str) -> None:
    vapid = Vapid(Path(key), "")
    async with opened(url) as database, pushing(database, vapid, [origin], LocalBoard().online):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
