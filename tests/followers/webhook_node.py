"""A node of its own that sends to webhooks: `python -m tests.followers.webhook_node URL`."""

import asyncio
import sys

from tests.followers.webhook_world import sending
from tests.store.world import opened

LEASE_SECONDS = 2.0


async def main(url: str) -> None:
    async with opened(url) as database, sending(database, lease=LEASE_SECONDS):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
