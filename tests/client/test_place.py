"""What of the server's frames is news: cut off while catching up, and after a restored backup."""

from datetime import UTC, datetime

from payam_client import AnyEvent, MessageDeleted, MessageEdited, MessageSent, Resumed
from payam_client.events import EditedMessage
from payam_client.place import Place

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def sent(id_: int, seq: int, content: str = "hello", *, is_deleted: bool = False) -> MessageSent:
    return MessageSent(
        id=id_, sender="ali", content=content, timestamp=NOW, seq=seq, is_deleted=is_deleted
    )


def catch_up(place: Place, *events: AnyEvent) -> list[AnyEvent]:
    """What a connection that brings these tells."""
    place.begin()
    return [news for event in events if (news := place.see(event)) is not None]


def test_a_catch_up_that_is_cut_off_begins_again_and_tells_the_rest() -> None:
    """Message 1 was edited after 2 and 3, so at the cut nobody had heard of it."""
    place = Place(0)
    first: list[AnyEvent] = [sent(2, seq=2), sent(3, seq=3)]
    assert catch_up(place, *first) == first
    assert place.since == 0
    last: list[AnyEvent] = [sent(1, seq=4, content="edited"), Resumed(4)]
    assert catch_up(place, *first, *last) == last
    assert place.since == 4


def test_what_was_told_and_has_changed_since_comes_as_a_change() -> None:
    place = Place(0)
    catch_up(place, sent(1, seq=1), sent(2, seq=2))
    assert catch_up(place, sent(1, seq=3, content="new"), sent(2, seq=4, is_deleted=True)) == [
        MessageEdited(message=EditedMessage(1, "new"), seq=3),
        MessageDeleted(message_id=2, seq=4),
    ]


def test_live_every_change_is_where_to_resume() -> None:
    place = Place(5)
    catch_up(place, Resumed(5))
    assert place.see(sent(1, seq=6)) == sent(1, seq=6)
    assert place.since == 6


def test_after_an_older_backup_its_numbers_are_those_of_other_changes() -> None:
    """Nothing of what comes with them was told."""
    place = Place(10)
    news: list[AnyEvent] = [sent(7, seq=6), Resumed(6)]
    assert catch_up(place, *news) == news
    assert place.since == 6
    assert catch_up(place, Resumed(5)) == [Resumed(5)]
    assert place.since == 5
