"""The ledger of a server whose numbers run through all conversations.

A number that a conversation lacks may belong to another, so what was told is kept one by
one. That is dearer than a run of numbers, and good enough for servers that are slower.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from loadtest.ledger import Book, Count, Ledger


@dataclass
class SparseLedger(Ledger):
    """Expected is what was acknowledged, and what any member of a conversation was told."""

    numbers: defaultdict[Book, set[int]] = field(default_factory=lambda: defaultdict(set))
    """What each member was told."""

    def told(self, book: Book, seq: int) -> None:
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
        """Nothing: runs against such servers are short."""

    def delivered(self) -> int:
        return sum(len(numbers) for numbers in self.numbers.values())

    def count(self) -> Count:
        expected = 0
        for conversation in self.conversations.values():
            told = (self.numbers[book] for book in conversation.books)
            sent = set(conversation.changes).union(*told)
            expected += len(sent) * len(conversation.books)
        doubled = sum(book.doubled for book in self._books())
        late = sum(book.late for book in self._books())
        return Count(expected, self.delivered(), doubled, late)
