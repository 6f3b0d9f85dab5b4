"""Two people with the client library, and what one of them receives."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from payam_client import (
    AnyEvent,
    Backoff,
    Conversation,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    Payam,
    Resumed,
    Tokens,
)

PASSWORD = "correct-horse"
PAGE = 200
SHOP_SECRET = "a shop's secret of 32 characters or more"
"""What the shop's server signs with."""
QUICK = Backoff(0.02, 0.2)


def connect(
    url: str,
    tokens: Tokens | None = None,
    *,
    keep: Callable[[Tokens | None], None] | None = None,
    backlog: int = 10_000,
) -> Payam:
    """A client as the tests want it: soon back, and with no proxy of the developer's."""
    return Payam(
        url, tokens=tokens, keep=keep, backoff=QUICK, patience=10, backlog=backlog, trust_env=False
    )


async def sign_up(url: str, name: str) -> Payam:
    """Somebody new, signed in, whose name begins so."""
    payam = connect(url)
    await payam.sign_up(f"{name}_{secrets.token_hex(6)}", PASSWORD)
    return payam


class Pair:
    """Two people in a conversation, each with a client that goes straight to the server."""

    def __init__(self, ali: Payam, sara: Payam) -> None:
        self.ali = ali
        self.sara = sara
        self.id = 0

    async def __aenter__(self) -> Self:
        self.id = (await self.ali.begin([(await self.sara.me()).id])).id
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.ali.close()
        await self.sara.close()

    async def stored(self) -> list[str]:
        """The contents of all messages, oldest first."""
        found = page = await self.ali.messages(self.id, after=0, limit=PAGE)
        while len(page) == PAGE:
            page = await self.ali.messages(self.id, after=page[-1].id, limit=PAGE)
            found = found + page
        return [message.content for message in found]


@dataclass
class Heard:
    """What an app makes of the events: the messages, and every `seq` as it came."""

    contents: dict[int, str | None] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=list)
    events: list[AnyEvent] = field(default_factory=list)

    async def read(self, conversation: Conversation, until: Callable[[Self], bool]) -> None:
        """Take events until it is so."""
        while not until(self):
            self.add(await anext(conversation))

    def add(self, event: AnyEvent) -> None:
        if isinstance(event, Resumed):
            return
        self.events.append(event)
        if isinstance(event, MessageSent):
            assert event.id not in self.contents, f"message {event.id} came twice"
            self.contents[event.id] = None if event.is_deleted else event.content
        elif isinstance(event, MessageEdited):
            assert event.message.id in self.contents, f"{event} came before its message"
            self.contents[event.message.id] = event.message.content
        elif isinstance(event, MessageDeleted):
            assert event.message_id in self.contents, f"{event} came before its message"
            self.contents[event.message_id] = None
        seq = getattr(event, "seq", None)
        if seq is not None:
            assert not self.seqs or seq > self.seqs[-1], f"{event} came after seq {self.seqs[-1]}"
            self.seqs.append(seq)
