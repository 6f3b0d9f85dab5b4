"""The ledger for a server that numbers the changes of all conversations together.

A number that is missing in a conversation may belong to another one, so every received number is
kept. That costs more than a run of numbers, and is good enough for slower servers.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from loadtest.ledger import Book, Count, Ledger


@dataclass
class SparseLedger(Ledger):
    """It expects what was acknowledged, and what any member of the conversation received."""

    numbers: defaultdict[Book, set[int]] = field(default_factory=lambda: defaultdict(set))
    """The numbers that each member received."""

    def received(self, book: Book, seq: int) -> None:
        numbers = self.numbers[book]
        if seq in numbers:
            book.doubled += 1
            return
        numbers.add(seq)
        if seq < book.due:
            book.late += 1
        else:
            self._await_next(book, seq)

    def forget(self) -> None:
        """Do nothing, because runs against such servers are short."""

    def delivered(self) -> int:
        return sum(len(numbers) for numbers in self.numbers.values())

    def count(self) -> Count:
        expected = 0
        for conversation in self.conversations.values():
            received = (self.numbers[book] for book in conversation.books)
            sent = set(conversation.changes).union(*received)
            expected += len(sent) * len(conversation.books)
        doubled = sum(book.doubled for book in self._books())
        late = sum(book.late for book in self._books())
        return Count(expected, self.delivered(), doubled, late)
