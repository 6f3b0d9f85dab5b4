"""What several files of contract tests begin with."""

from dataclasses import dataclass
from typing import Self

from tests.support.people import People, Person
from tests.support.sockets import Socket


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

    @property
    def messages(self) -> str:
        """The path of the conversation's messages."""
        return f"/api/conversations/{self.conversation}/messages/"

    @property
    def support_ticket(self) -> str:
        """The path of the conversation's ticket."""
        return f"/api/conversations/{self.conversation}/support_ticket/"
