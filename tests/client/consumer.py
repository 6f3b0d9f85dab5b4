"""An app of somebody else's, which has installed the package: run as `consumer.py URL`.

Its types are checked as strictly as that app would, and so are the package's.
"""

import asyncio
import sys
from pathlib import Path

from payam_client import (
    Account,
    Ack,
    FileStorage,
    LiveConversation,
    MessageSent,
    Payam,
    StoredMessage,
    User,
)


async def first_message(account: Account) -> MessageSent:
    async for event in account:
        if isinstance(event, MessageSent):
            return event
    raise AssertionError("it was closed")


async def main(url: str) -> None:
    storage = FileStorage(Path("outbox.sqlite3"))
    async with Payam(url, trust_env=False) as ali, Payam(url, trust_env=False) as sara:
        await ali.sign_up("ali", "correct-horse")
        await sara.sign_up("sara", "battery-staple")
        sara_is: User = await sara.me()
        async with ali.account(storage) as his, sara.account() as hers:
            await his.opened()
            await hers.opened()
            begun = await ali.begin([sara_is.id])
            conversation: LiveConversation = await his.conversation(begun.id)
            ack: Ack = await conversation.send("سلام")
            event = await first_message(hers)
            assert event.id == ack.id
            messages: list[StoredMessage] = conversation.messages
            unread: int = hers.unread
            print(
                event.sender, event.content, len(messages), unread, event.conversation == begun.id
            )
    await storage.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
