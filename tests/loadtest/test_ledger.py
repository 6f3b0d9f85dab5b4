"""The ledger: no frame that a socket received, or did not receive, escapes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.ledger import Book, Count, Ledger, Marks

CONVERSATION = 7
POSITION = 10
"""Where the conversation stood when the books began."""


def mark(seq: int) -> bytes:
    return b"<%d>" % seq


def opened(members: int = 1) -> tuple[Ledger, list[Book]]:
    ledger = Ledger(Marks(mark))
    books = [ledger.open_book(CONVERSATION) for _ in range(members)]
    ledger.begin({CONVERSATION: POSITION})
    return ledger, books


def give(ledger: Ledger, book: Book, *seqs: int) -> None:
    """As a client does: the one due by its mark, anything else by the ledger."""
    for seq in seqs:
        if mark(seq).endswith(book.mark):
            book.due += 1
            book.mark = ledger.marks[book.due]
        else:
            ledger.received(book, seq)


def acked(ledger: Ledger, *seqs: int, message: int = 1) -> None:
    for seq in seqs:
        ledger.acked(CONVERSATION, seq, message)


def test_everything_in_order_is_clean() -> None:
    """Expected: three messages to two members are six deliveries, and nothing else."""
    ledger, books = opened(2)
    acked(ledger, 11, 12, 13)
    for book in books:
        give(ledger, book, 11, 12, 13)
    assert ledger.count() == Count(expected=6, delivered=6, doubled=0, out_of_order=0)
    assert ledger.count().is_clean


def test_a_hole_is_missing() -> None:
    """Expected: what comes after a lost message does not hide it."""
    ledger, (book,) = opened()
    acked(ledger, 11, 12, 13)
    give(ledger, book, 11, 13)
    assert ledger.count() == Count(expected=3, delivered=2, doubled=0, out_of_order=0)
    assert ledger.count().missing == 1


def test_a_lost_first_message_is_missing() -> None:
    """Expected: the account begins at the conversation's position, not at what came first."""
    ledger, (book,) = opened()
    acked(ledger, 11, 12)
    give(ledger, book, 12)
    assert ledger.count().missing == 1


def test_a_lost_last_message_is_missing() -> None:
    """Expected: the ack says that it was sent."""
    ledger, (book,) = opened()
    acked(ledger, 11, 12)
    give(ledger, book, 11)
    assert ledger.count().missing == 1


def test_what_one_member_received_is_expected_at_the_others() -> None:
    """Expected: it is missing there though no ack named it."""
    ledger, (one, _) = opened(2)
    give(ledger, one, 11)
    assert ledger.count() == Count(expected=2, delivered=1, doubled=0, out_of_order=0)


def test_a_double_is_noticed_wherever_it_comes() -> None:
    """Expected: at once, later, and of the first message: three doubles, none missing."""
    ledger, (book,) = opened()
    acked(ledger, 11, 12, 13)
    give(ledger, book, 11, 12, 12, 13, 12, 11)
    assert ledger.count() == Count(expected=3, delivered=3, doubled=3, out_of_order=0)


def test_what_comes_late_is_out_of_order_and_not_missing() -> None:
    """Expected: one delivery out of order, whichever number of others came before it."""
    ledger, (book,) = opened()
    acked(ledger, 11, 12, 13, 14)
    give(ledger, book, 12, 13, 11, 14)
    assert ledger.count() == Count(expected=4, delivered=4, doubled=0, out_of_order=1)


def test_a_message_from_before_is_a_double() -> None:
    """Expected: what the member knew when the book began must not come again."""
    ledger, (book,) = opened()
    give(ledger, book, POSITION)
    assert ledger.count().doubled == 1


def test_catching_up_leaves_out_what_was_superseded() -> None:
    """Expected: a message that was edited meanwhile is delivered once, with its last number."""
    ledger, (book,) = opened()
    acked(ledger, 11, 13, message=1)
    acked(ledger, 12, message=2)
    ledger.catching_up(book)
    give(ledger, book, 12, 13)
    ledger.caught_up(book, 13)
    assert ledger.count() == Count(expected=3, delivered=3, doubled=0, out_of_order=0)


def test_catching_up_excuses_no_message_that_never_came() -> None:
    """Expected: a message of which no later change was delivered is missing."""
    ledger, (book,) = opened()
    acked(ledger, 11, message=1)
    acked(ledger, 12, message=2)
    ledger.catching_up(book)
    give(ledger, book, 12)
    ledger.caught_up(book, 12)
    assert ledger.count().missing == 1


def test_caught_up_with_nothing_delivered_is_missing() -> None:
    """Expected: the server's word that it delivered everything is not believed."""
    ledger, (book,) = opened()
    acked(ledger, 11)
    ledger.catching_up(book)
    ledger.caught_up(book, 11)
    assert ledger.count().missing == 1


def test_live_changes_are_never_superseded() -> None:
    """Expected: an edit does not excuse the message before it, where nothing was caught up."""
    ledger, (book,) = opened()
    acked(ledger, 11, 12, message=1)
    give(ledger, book, 12)
    assert ledger.count().missing == 1


def test_after_catching_up_the_next_one_is_due_again() -> None:
    """Expected: live deliveries go on where the server said that it ended."""
    ledger, (book,) = opened()
    acked(ledger, 11, 12)
    ledger.catching_up(book)
    give(ledger, book, 11)
    ledger.caught_up(book, 11)
    assert book.mark == mark(12)
    give(ledger, book, 12)
    assert ledger.count().is_clean


@pytest.mark.parametrize("forgetting", [False, True])
def test_forgetting_changes_no_account(forgetting: bool) -> None:
    """Expected: the same count, though what is not needed any more was dropped on the way."""
    ledger, books = opened(2)
    for seq in range(11, 200):
        acked(ledger, seq, message=seq % 20)
        give(ledger, books[0], seq)
        if seq == 150:
            ledger.catching_up(books[1])
            give(ledger, books[1], *range(131, 151))
            ledger.caught_up(books[1], 150)
        if seq > 150 and seq != 170:
            give(ledger, books[1], seq)
        if forgetting:
            ledger.forget()
    assert ledger.count() == Count(expected=378, delivered=377, doubled=0, out_of_order=0)
    assert len(ledger.conversations[CONVERSATION].changes) == (0 if forgetting else 189)


@given(st.lists(st.integers(min_value=11, max_value=25), max_size=40))
def test_any_deliveries_are_counted_as_a_plain_list_would(seqs: list[int]) -> None:
    """Expected: missing and doubled as counted from the whole list, in whatever order."""
    ledger, (book,) = opened()
    acked(ledger, 25)
    give(ledger, book, *seqs)
    count = ledger.count()
    assert count.expected == 15
    assert count.delivered == len(set(seqs))
    assert count.doubled == len(seqs) - len(set(seqs))
    highest = [max(seqs[:i], default=POSITION) for i in range(len(seqs))]
    fresh = [seq not in seqs[:i] for i, seq in enumerate(seqs)]
    late = sum(new and seq < high for seq, high, new in zip(seqs, highest, fresh, strict=True))
    assert count.out_of_order == late
