"""How pages, events and acks become one list of messages."""

from datetime import UTC, datetime

from msgspec.structs import replace

from payam_client import (
    Ack,
    Attachment,
    AttachmentAdded,
    Message,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    Parent,
    User,
)
from payam_client.events import EditedMessage
from payam_client.message_store import UNASKED, MessageStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def page_of(*ids: int, seq: int = 0, content: str = "") -> list[Message]:
    return [
        Message(
            id=id_,
            sender=User(1, "ali"),
            content=content or f"m {id_}",
            timestamp=NOW,
            is_read=False,
            is_edited=False,
            is_deleted=False,
            seq=seq or id_,
            attachments=[],
        )
        for id_ in ids
    ]


def sent(id_: int) -> MessageSent:
    return MessageSent(id=id_, sender="ali", content=f"m {id_}", timestamp=NOW, seq=id_)


def edited(id_: int, seq: int) -> MessageEdited:
    return MessageEdited(message=EditedMessage(id_, "edited"), seq=seq)


def attachment(id_: int, message_id: int) -> Attachment:
    return Attachment(id_, message_id, "a", 1, "text/plain", "/a", NOW)


def add(store: MessageStore, *pages: list[Message]) -> None:
    for page in pages:
        store.add_page(store.expect_page(), page, "ali", is_last=False)


def contents(store: MessageStore) -> list[str]:
    return [one.content for one in store.all()]


def test_whatever_comes_first_they_are_in_order() -> None:
    store = MessageStore()
    for event in (sent(5), sent(7)):
        store.take(event)
    add(store, page_of(3, 4, 5), page_of(1, 2))
    ack = Ack(id=6, seq=6, timestamp=NOW, client_id="mine")
    store.acknowledged(ack, "ali", "m 6")
    store.take(sent(6))
    assert contents(store) == [f"m {id_}" for id_ in range(1, 8)]
    assert [one.client_id for one in store.all() if one.client_id] == ["mine"]


def test_after_a_reset_a_message_that_was_just_sent_is_no_page() -> None:
    """So the newest page is read again, and what stood before that message comes back."""
    store = MessageStore()
    store.add_page(store.expect_page(), page_of(1, 2), "ali", is_last=True)
    assert store.has_page
    store.clear()
    store.take(sent(3))
    assert (len(store), store.has_page) == (1, False)
    store.add_page(store.expect_page(), page_of(1, 2), "ali", is_last=True)
    assert ([one.id for one in store.all()], store.has_page) == ([1, 2, 3], True)


def test_a_page_from_before_an_edit_does_not_undo_it() -> None:
    """Whether the message was here already, or comes with that page."""
    store = MessageStore()
    add(store, page_of(5, 6))
    turn = store.expect_page()
    store.take(edited(5, 9))
    store.take(edited(4, 10))
    store.add_page(turn, page_of(4, 5), "ali", is_last=True)
    assert contents(store) == ["edited", "edited", "m 6"]
    assert not store.has_older


def test_an_edit_that_comes_again_changes_nothing() -> None:
    store = MessageStore()
    add(store, page_of(5, seq=9, content="newest"))
    store.take(edited(5, 8))
    assert contents(store) == ["newest"]


def test_deleted_stays_deleted() -> None:
    store = MessageStore()
    add(store, page_of(5))
    store.take(AttachmentAdded(message_id=5, attachment=attachment(1, 5), seq=6))
    store.take(MessageDeleted(message_id=5, seq=7))
    store.take(AttachmentAdded(message_id=5, attachment=attachment(2, 5), seq=8))
    add(store, page_of(5, seq=6))
    [one] = store.all()
    assert (one.content, one.is_deleted, one.attachments) == ("", True, ())


def test_an_attachment_may_come_before_its_message_and_after_an_older_page() -> None:
    store = MessageStore()
    store.take(AttachmentAdded(message_id=5, attachment=attachment(1, 5), seq=4))
    store.take(sent(5))
    store.take(AttachmentAdded(message_id=5, attachment=attachment(2, 5), seq=6))
    add(store, page_of(5))
    assert [file.id for file in store.all()[0].attachments] == [1, 2]


def test_a_page_that_was_asked_for_before_all_was_cleared_is_dropped() -> None:
    store = MessageStore()
    turn = store.expect_page()
    store.clear()
    store.take(sent(9))
    store.add_page(turn, page_of(1, 2), "ali", is_last=True)
    assert contents(store) == ["m 9"]
    assert store.has_older


def test_of_what_nobody_asked_for_the_newest_are_kept() -> None:
    store = MessageStore()
    for id_ in range(1, UNASKED + 11):
        store.take(sent(id_))
    assert (len(store), store.oldest, store.has_older) == (UNASKED, 11, True)
    add(store, page_of(10))
    for id_ in range(UNASKED + 11, UNASKED + 21):
        store.take(sent(id_))
    assert (len(store), store.oldest) == (UNASKED + 11, 10)


def test_unread_is_counted_as_far_back_as_messages_are_here() -> None:
    store = MessageStore()
    assert store.count_unread("sara", 0) is None
    add(store, page_of(5, 6, 7))
    store.take(MessageDeleted(message_id=7, seq=8))
    assert store.count_unread("sara", 5) == 1
    assert store.count_unread("ali", 5) == 0
    assert store.count_unread("sara", 2) is None


def test_a_reply_that_was_gone_already_is_counted_no_less() -> None:
    """After a resume a message that was deleted meanwhile comes where it was sent, and again where
    it was deleted.
    """
    store = MessageStore()
    add(store, page_of(1))
    parent = Parent(1, User(1, "ali"), "m 1", is_deleted=False)
    store.take(replace(sent(2), reply_to=parent))
    store.take(replace(sent(3), reply_to=parent, is_deleted=True))
    assert store.all()[0].reply_count == 1
    for id_, seq in ((3, 4), (2, 5), (2, 6)):
        store.take(MessageDeleted(message_id=id_, seq=seq))
    assert [(one.reply_count, one.is_deleted) for one in store.all()] == [
        (0, False),
        (0, True),
        (0, True),
    ]
