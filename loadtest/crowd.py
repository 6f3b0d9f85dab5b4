"""The users who take part, and their conversations."""

from collections.abc import Sequence
from dataclasses import dataclass


class NoConversation(Exception):
    """More conversations are needed than there are. The text is one line."""


@dataclass(frozen=True)
class Crowd:
    """What `python -m chat seed` makes: users 1 to `users`, all of them in conversation 1,
    and `members` of them in each of the conversations 2 to `conversations` + 1.
    """

    users: int
    conversations: int
    members: int

    def user(self, number: int) -> int:
        """The id of the user with the place `number`, from 0. After the last the first follows."""
        return number % self.users + 1

    def members_of(self, conversation: int) -> list[int]:
        """The ids of a conversation's members. Conversation 1 has everybody."""
        return [self.user(conversation * self.members + k) for k in range(self.members)]

    def number(self, conversation: int) -> int:
        """The id of a conversation on the server. Raises NoConversation."""
        if conversation > self.conversations + 1:
            small = f"{self.conversations} small conversations"
            raise NoConversation(f"--conversations makes {small}, and more are asked for")
        return conversation


@dataclass(frozen=True)
class BegunCrowd(Crowd):
    """The same among the users `ids`, in conversations that were begun for this run."""

    ids: Sequence[int]
    numbers: Sequence[int] = ()
    """The server's ids of conversation 1, 2 and so on."""

    def user(self, number: int) -> int:
        return self.ids[number % self.users]

    def number(self, conversation: int) -> int:
        return self.numbers[super().number(conversation) - 1]
