"""The ledger of numbers that run through all conversations."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.ledger import NEVER, Book, Count, Marks
from loadtest.sparse import SparseLedger


def opened(conversation: int, members: int, ledger: SparseLedger) -> list[Book]:
    books = [ledger.open_book(conversation) for _ in range(members)]
    ledger.begin({conversation: 0})
    return books


def give(ledger: SparseLedger, book: Book, *seqs: int) -> None:
    for seq in seqs:
        ledger.received(book, seq)


def new_ledger() -> SparseLedger:
    return SparseLedger(Marks(lambda _: NEVER))


def test_numbers_of_other_conversations_are_not_missed() -> None:
    """Expected: two conversations that share a sequence, and nothing missing in either."""
    ledger = new_ledger()
    (one,), (other,) = opened(1, 1, ledger), opened(2, 1, ledger)
    for seq in range(1, 9):
        ledger.acked(seq % 2 + 1, seq, seq)
    give(ledger, one, 2, 4, 6, 8)
    give(ledger, other, 1, 3, 5, 7)
    assert ledger.count() == Count(expected=8, delivered=8, doubled=0, out_of_order=0)


def test_what_was_acknowledged_or_delivered_to_one_is_expected_at_all() -> None:
    """Expected: either is missing where it did not come."""
    ledger = new_ledger()
    one, other = opened(1, 2, ledger)
    ledger.acked(1, 3, 3)
    give(ledger, one, 3, 7)
    assert ledger.count() == Count(expected=4, delivered=2, doubled=0, out_of_order=0)
    give(ledger, other, 3, 7)
    assert ledger.count().is_clean


@given(st.lists(st.integers(min_value=1, max_value=15), max_size=40))
def test_doubles_and_disorder_are_counted_as_a_plain_list_would(seqs: list[int]) -> None:
    """Expected: a number that came before is a double; a new one below another is late."""
    ledger = new_ledger()
    (book,) = opened(1, 1, ledger)
    give(ledger, book, *seqs)
    fresh = [seq not in seqs[:i] for i, seq in enumerate(seqs)]
    late = sum(
        new and seq < max(seqs[:i], default=0)
        for i, (seq, new) in enumerate(zip(seqs, fresh, strict=True))
    )
    count = ledger.count()
    assert count.doubled == len(seqs) - len(set(seqs))
    assert count.out_of_order == late
    assert count.delivered == count.expected == ledger.delivered() == len(set(seqs))
