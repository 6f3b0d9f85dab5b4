"""Compares what was delivered with what was sent, exactly and cheaply.

The changes of a conversation are numbered without a gap. So what a socket received is a run of
numbers, and a book keeps only the number that is due next. A frame with the due number costs one
comparison of its end. Only other frames are decoded. Such a frame leaves a gap, fills one, or is
doubled.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

Mark = Callable[[int], bytes]
NEVER = b"\0"
"""No frame ends with this."""
MARKS_KEPT = 1 << 16


class Marks(dict[int, bytes]):
    """How the frame with each number ends. Each is made once for all sockets."""

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self._mark = mark

    def __missing__(self, seq: int) -> bytes:
        if len(self) >= MARKS_KEPT:
            self.clear()
        self[seq] = self._mark(seq)
        return self[seq]


class Book:
    """What one member received of a conversation, from the beginning, over all of its sockets.

    A client whose frame ends with `mark` calls no method. It moves `due` and `mark` itself.
    """

    __slots__ = (
        "begun",
        "catching_up",
        "doubled",
        "due",
        "each",
        "holes",
        "late",
        "mark",
        "skipped",
    )

    def __init__(self, *, each: bool = False) -> None:
        self.each = each
        """Whether every frame is decoded, even the one that is due."""
        self.begun = self.due = 0
        self.mark = NEVER
        self.catching_up = False
        self.holes: set[int] = set()
        self.skipped: set[int] = set()
        """Gaps from catching up, where a message that changed twice comes only once."""
        self.late = self.doubled = 0

    @property
    def last(self) -> int:
        """The highest number that was received, from which the member would resume."""
        return self.due - 1

    @property
    def delivered(self) -> int:
        return self.due - self.begun - len(self.holes) - len(self.skipped)


class Conversation:
    """The books of one conversation, and its changes as far as they are known."""

    def __init__(self) -> None:
        self.books: list[Book] = []
        self.acked = 0
        """The highest number in an ack."""
        self.changes: dict[int, int] = {}
        """The message that each number changed."""
        self.latest: dict[int, int] = {}
        """The last change of each message."""

    def missing_from(self, book: Book, upto: int) -> int:
        unexcused = sum(not self.is_superseded(seq, book) for seq in book.skipped)
        return unexcused + len(book.holes) + max(upto + 1 - book.due, 0)

    def is_superseded(self, seq: int, book: Book) -> bool:
        """Whether the member knows of a later change of the same message."""
        later = self.latest.get(self.changes.get(seq, 0), 0)
        return seq < later < book.due and later not in book.holes and later not in book.skipped

    def forget(self) -> None:
        """Drop what no book can need any more, so that long runs stay small."""
        for book in self.books:
            book.skipped = {seq for seq in book.skipped if not self.is_superseded(seq, book)}
        floor = min(min(book.skipped, default=book.due) for book in self.books)
        self.changes = {seq: message for seq, message in self.changes.items() if seq >= floor}
        kept = set(self.changes.values())
        self.latest = {message: seq for message, seq in self.latest.items() if message in kept}


@dataclass(frozen=True)
class Count:
    """Deliveries. One delivery is one change that one member received, perhaps within the frame
    of a later change.
    """

    expected: int
    delivered: int
    doubled: int
    out_of_order: int

    @property
    def missing(self) -> int:
        return self.expected - self.delivered

    @property
    def is_clean(self) -> bool:
        return not (self.missing or self.doubled or self.out_of_order)


@dataclass
class Ledger:
    """All books. While it runs, the conversations belong to the loader. So a change by somebody
    else is expected at every socket too.
    """

    marks: Marks
    conversations: dict[int, Conversation] = field(default_factory=dict)

    def open_book(self, conversation: int, *, each: bool = False) -> Book:
        book = Book(each=each)
        self.conversations.setdefault(conversation, Conversation()).books.append(book)
        return book

    def begin(self, positions: Mapping[int, int]) -> None:
        """Expect everything after each conversation's position, and nothing up to it."""
        for number, seq in positions.items():
            conversation = self.conversations[number]
            conversation.acked = seq
            for book in conversation.books:
                book.begun = seq + 1
                self._await_next(book, seq)

    def received(self, book: Book, seq: int) -> None:
        """A member received a change that was not due, or that came while catching up."""
        if seq >= book.due:
            missed = book.skipped if book.catching_up else book.holes
            missed.update(range(book.due, seq))
            self._await_next(book, seq)
        elif seq in book.holes or seq in book.skipped:
            book.holes.discard(seq)
            book.skipped.discard(seq)
            book.late += 1
        else:
            book.doubled += 1

    def catching_up(self, book: Book) -> None:
        """The member comes back and asks for what it missed. From now on every frame is decoded."""
        book.catching_up = True
        book.mark = NEVER

    def caught_up(self, book: Book, seq: int) -> None:
        """The server says that it delivered everything up to `seq`."""
        if seq >= book.due:
            book.skipped.update(range(book.due, seq + 1))
        book.catching_up = False
        self._await_next(book, max(seq, book.last))

    def acked(self, conversation: int, seq: int, message: int) -> None:
        """A change was acknowledged, so every member has to receive it."""
        one = self.conversations[conversation]
        one.acked = max(one.acked, seq)
        one.changes[seq] = message
        if seq > one.latest.get(message, 0):
            one.latest[message] = seq

    def _await_next(self, book: Book, seq: int) -> None:
        book.due = seq + 1
        book.mark = NEVER if book.catching_up or book.each else self.marks[book.due]

    def forget(self) -> None:
        for conversation in self.conversations.values():
            conversation.forget()

    def delivered(self) -> int:
        return sum(book.delivered for book in self._books())

    def count(self) -> Count:
        """Count everything. What one member received, the others should have received too."""
        expected = missing = 0
        for conversation in self.conversations.values():
            upto = max(conversation.acked, *(book.last for book in conversation.books))
            for book in conversation.books:
                expected += upto + 1 - book.begun
                missing += conversation.missing_from(book, upto)
        doubled = sum(book.doubled for book in self._books())
        late = sum(book.late for book in self._books())
        return Count(expected, expected - missing, doubled, late)

    def _books(self) -> Iterable[Book]:
        return (book for one in self.conversations.values() for book in one.books)
