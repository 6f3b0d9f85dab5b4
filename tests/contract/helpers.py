"""What several files of contract tests begin with."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Self

import pytest

from tests.support.commands import command
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.sockets import Socket

PATIENCE = 60.0
"""Seconds in which followers come after what was done, also on a busy machine."""


of_each_process = pytest.mark.parametrize("deployment", ["sqlite"], indirect=True, scope="session")
"""Of what a process decides by itself, before it asks the database or another process: it is the
same on every deployment.
"""


async def settled(server: PayamServer) -> None:
    """Wait until `doctor` finds nothing. What is still done looks to it like drift, and so does
    what the server does after earlier tests.
    """
    end = time.monotonic() + PATIENCE
    while True:
        said = await asyncio.to_thread(command, "doctor", settings=server.settings)
        if said.printed == "nothing has drifted\n":
            return
        assert time.monotonic() < end, said
        await asyncio.sleep(0.25)


@dataclass
class Pair:
    """Two people in a conversation, each with its socket, on two workers if there are."""

    ali: Person
    sara: Person
    conversation: int
    first: Socket
    second: Socket

    @classmethod
    async def of(cls, people: People) -> Self:
        ali, sara = await people("ali"), await people("sara")
        conversation = await ali.begin_conversation(sara)
        first = await ali.connect(conversation)
        second = await sara.connect(conversation, apart_from=first)
        return cls(ali, sara, conversation, first, second)

    async def heard(self) -> dict[str, Any]:
        """The next frame, which must be the same for both.

        To be asked for before the next change is made: a frame that is read from the log says what
        is there by then, and one that was replaced may be missing.
        """
        frame = await self.first.receive()
        assert await self.second.receive() == frame
        return frame

    @property
    def messages(self) -> str:
        """The path of the conversation's messages."""
        return f"/api/conversations/{self.conversation}/messages/"

    @property
    def support_ticket(self) -> str:
        """The path of the conversation's ticket."""
        return f"/api/conversations/{self.conversation}/support_ticket/"
