"""Who takes part, and in which conversations."""

from collections.abc import Sequence
from dataclasses import dataclass


class NoConversation(Exception):
    """More are asked for than there are. The text is one line."""


@dataclass(frozen=True)
class Crowd:
    """What `python -m chat seed` makes: users 1 to `users`, all of them in conversation 1,
    and `members` of them in each of the conversations 2 to `conversations` + 1.
    """

    users: int
    conversations: int
    members: int

    def user(self, number: int) -> int:
        """The id of the user who takes place `number`, from 0; they come again in turn."""
        return number % self.users + 1

    def members_of(self, conversation: int) -> list[int]:
        """The ids of a small conversation's members; conversation 1 has everybody."""
        return [self.user(conversation * self.members + k) for k in range(self.members)]

    def number(self, conversation: int) -> int:
        """The id that the server knows it by. Raises NoConversation."""
        if conversation > self.conversations + 1:
            small = f"{self.conversations} small conversations"
            raise NoConversation(f"--conversations makes {small}, and more are asked for")
        return conversation


@dataclass(frozen=True)
class BegunCrowd(Crowd):
    """The same among users `ids`, in conversations that were begun for the run."""

    ids: Sequence[int]
    numbers: Sequence[int] = ()
    """Of conversation 1, 2 and so on."""

    def user(self, number: int) -> int:
        return self.ids[number % self.users]

    def number(self, conversation: int) -> int:
        return self.numbers[super().number(conversation) - 1]
