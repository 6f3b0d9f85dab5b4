"""The ledger finds what it is there to find."""

from typing import Any

import pytest

from tests.faults.ledger import Findings, Ledger, Row, View

ONE = Row(
    id=11, conversation=1, client_id="a", content="hi", created_seq=6, seq=6, is_deleted=False
)
TWO = ONE._replace(id=12, client_id="b", content="ho", created_seq=7, seq=7)


def message(row: Row, **changes: Any) -> dict[str, Any]:
    frame = {"type": "chat.message", "id": row.id, "content": row.content, "seq": row.seq}
    return {**frame, **changes}


@pytest.fixture
def ledger() -> Ledger:
    """Two messages sent and acked, in a conversation that had come to seq 5 and id 10."""
    ledger = Ledger({1: 5}, last_id=10)
    for row in (ONE, TWO):
        assert row.client_id is not None
        ledger.sent(row.client_id, 1, row.content)
        ledger.acked(row.client_id, row.id, row.seq)
    return ledger


@pytest.fixture
def view(ledger: Ledger) -> View:
    """Somebody who takes part, and has seen nothing yet."""
    return ledger.view("ali", 1)


@pytest.fixture
def seen(ledger: Ledger, view: View) -> View:
    """Somebody who has seen both messages."""
    ledger.saw(view, message(ONE))
    ledger.saw(view, message(TWO))
    return view


def only(found: Findings, kind: str) -> str:
    """The sentences of this kind, which must be the only ones."""
    assert [name for name, sentences in vars(found).items() if sentences] == [kind], str(found)
    return "\n".join(getattr(found, kind))


def test_it_finds_nothing_where_nothing_is_wrong(ledger: Ledger, seen: View) -> None:
    """Everything sent is acked, stored and seen."""
    found = ledger.check([ONE, TWO])
    assert not found, str(found)


def test_what_is_older_than_the_beginning_is_not_its_affair(ledger: Ledger, seen: View) -> None:
    """Messages of an earlier round may lie in the database."""
    older = ONE._replace(id=10, client_id="older", created_seq=5, seq=5)
    assert not ledger.check([older, ONE, TWO])


def test_an_acked_message_without_a_row_is_lost(ledger: Ledger, view: View) -> None:
    """An ack is a promise that it is stored."""
    ledger.saw(view, message(ONE))
    assert only(ledger.check([ONE]), "lost") == "b was acked as id 12 and is not stored"


def test_an_ack_is_missed(ledger: Ledger, seen: View) -> None:
    """Who sends goes on until there is an ack."""
    ledger.sent("c", 1, "hm")
    assert only(ledger.check([ONE, TWO]), "lost") == "c was never acked"


def test_an_ack_for_what_was_never_sent_is_found(ledger: Ledger, seen: View) -> None:
    """Nothing unsent is acked."""
    ledger.acked("c", 13, 8)
    assert only(ledger.check([ONE, TWO]), "wrong") == "c was acked and never sent"


def test_an_ack_with_other_numbers_is_found(ledger: Ledger, seen: View) -> None:
    """A retry is acked with the first one's numbers."""
    ledger.acked("a", 13, 8)
    assert "then as id 13 seq 8" in only(ledger.check([ONE, TWO]), "doubled")


def test_a_message_stored_twice_is_found(ledger: Ledger, seen: View) -> None:
    """One client_id, one row."""
    again = ONE._replace(id=13, created_seq=8, seq=8)
    ledger.saw(seen, message(again))
    assert only(ledger.check([ONE, TWO, again]), "doubled") == "a is stored as 11 and as 13"


def test_a_row_that_nobody_sent_is_found(ledger: Ledger, seen: View) -> None:
    """Nothing comes into being by itself."""
    ghost = ONE._replace(id=13, client_id="ghost", created_seq=8, seq=8)
    ledger.saw(seen, message(ghost))
    assert "never sent" in only(ledger.check([ONE, TWO, ghost]), "wrong")


def test_a_message_that_a_participant_did_not_see_is_lost(ledger: Ledger, view: View) -> None:
    """Stored is not enough."""
    ledger.saw(view, message(TWO))
    found = only(ledger.check([ONE, TWO]), "lost")
    assert found == "ali never saw message 11 with seq 6"


def test_a_message_seen_twice_is_found(ledger: Ledger, seen: View) -> None:
    """A resume that goes back too far shows."""
    ledger.saw(seen, message(TWO))
    assert "came again" in only(ledger.check([ONE, TWO]), "doubled")


def test_messages_out_of_order_are_found(ledger: Ledger, view: View) -> None:
    """Order is that of seq."""
    ledger.saw(view, message(TWO))
    ledger.saw(view, message(ONE))
    assert "came after seq 7" in only(ledger.check([ONE, TWO]), "disordered")


def test_a_seq_used_twice_is_found(ledger: Ledger, seen: View) -> None:
    """Two changes of one conversation never share a number."""
    reused = TWO._replace(created_seq=6, seq=6)
    assert "seq 6 of conversation 1" in "\n".join(ledger.check([ONE, reused]).doubled)


def test_ids_that_do_not_follow_seq_are_found(ledger: Ledger, view: View) -> None:
    """Paging by id and resuming by seq must tell one story."""
    swapped = [ONE._replace(id=12), TWO._replace(id=11)]
    assert any("ids do not follow" in one for one in ledger.check(swapped).disordered)


def test_a_message_seen_and_not_stored_is_found(ledger: Ledger, seen: View) -> None:
    """Nothing is published before its commit."""
    ledger.saw(seen, message(TWO, id=13, seq=8))
    assert "not stored" in only(ledger.check([ONE, TWO]), "wrong")


def test_another_text_than_the_stored_one_is_found(ledger: Ledger, view: View) -> None:
    """What participants have is what the database has."""
    ledger.saw(view, message(ONE, content="hey"))
    ledger.saw(view, message(TWO))
    assert "'hey', stored is 'hi'" in only(ledger.check([ONE, TWO]), "lost")


def test_an_edit_that_did_not_last_is_found(ledger: Ledger, seen: View) -> None:
    """An acked edit is in the row."""
    ledger.changed("a/edit", "a", "hello")
    ledger.acked("a/edit", 11, 8)
    assert "instead of {'hello'}" in only(ledger.check([ONE, TWO]), "lost")


def test_an_edit_that_was_seen_and_stored_is_fine(ledger: Ledger, seen: View) -> None:
    """The row and the frame say the same."""
    ledger.changed("a/edit", "a", "hello")
    ledger.acked("a/edit", 11, 8)
    ledger.saw(
        seen, {"type": "message.edited", "message": {"id": 11, "content": "hello"}, "seq": 8}
    )
    found = ledger.check([ONE._replace(content="hello", seq=8), TWO])
    assert not found, str(found)


def test_a_deletion_that_a_participant_missed_is_found(ledger: Ledger, seen: View) -> None:
    """They still have the text that the database calls deleted."""
    ledger.changed("a/delete", "a", None)
    ledger.acked("a/delete", 11, 8)
    found = ledger.check([ONE._replace(is_deleted=True, seq=8), TWO])
    assert "ali has message 11 as 'hi', stored is None" in only(found, "lost")
