"""Everything that changed after a point: every kind, in order, page by page."""

from typing import Any

import pytest
from msgspec import UNSET

from chat.changes import reading
from chat.changes.attachments import AttachmentAdded
from chat.changes.conversations import ConversationUpdated
from chat.changes.messages import EditedMessage, MessageDeleted, MessageEdited
from chat.changes.participants import ParticipantJoined, ParticipantLeft
from chat.changes.pins import MessageUnpinned
from chat.changes.support_tickets import TicketUpdated
from chat.events import ChangeFrame, MessageSent
from chat.records import Profile, User, attachment_url
from chat.store import changes as store
from chat.store import support_tickets
from chat.store.database import Database
from tests.store.world import Changes, conversation, pair, sent, user

ALL = 1000


async def since(database: Database, talk: int, seq: int) -> list[ChangeFrame]:
    page = await reading.since(database, talk, seq, limit=ALL)
    assert page.is_last
    return frames_of(page)


def frames_of(page: reading.Page) -> list[ChangeFrame]:
    return [change.frame for change in page.changes]


async def test_every_kind_of_change_comes_in_the_order_it_was_made(database: Database) -> None:
    """Messages, attachments, tickets, joins and leaves, each with its `seq`."""
    talk, ali, sara = await pair(database)
    reza = await user(database, "reza")
    make = Changes(database, talk)
    known = await sent(database, talk, ali, "known")
    kept = await sent(database, talk, ali, "kept")
    await make.open_ticket(ali, "broken")
    await make.join(reza)
    await make.attach(kept.id, "a" * 32)
    await make.leave(sara)
    await make.edit(kept.id, "edited")
    new = await sent(database, talk, ali, "new")
    await make.delete(known.id)
    page = await reading.since(database, talk, 2, limit=ALL)
    assert (page.seq, page.is_last) == (9, True)
    assert {change.conversation_id for change in page.changes} == {talk}
    found = frames_of(page)
    assert [type(frame) for frame in found] == [
        TicketUpdated,
        ParticipantJoined,
        AttachmentAdded,
        ParticipantLeft,
        MessageEdited,
        MessageSent,
        MessageDeleted,
    ]
    assert [frame.seq for frame in found] == list(range(3, 10))
    ticket, joined, attached, left, edited, sent_, deleted = found
    assert isinstance(ticket, TicketUpdated)
    assert (ticket.support_ticket.subject, ticket.support_ticket.created_by) == (
        "broken",
        Profile(ali, "ali"),
    )
    assert joined == ParticipantJoined(User(reza, "reza"), seq=4)
    assert isinstance(attached, AttachmentAdded)
    assert attached.attachment.url == attachment_url(talk, kept.id, attached.attachment.id)
    assert left == ParticipantLeft(User(sara, "sara"), seq=6)
    assert edited == MessageEdited(EditedMessage(kept.id, "edited"), seq=7)
    at = "2023-10-27T10:00:00Z"
    assert sent_ == MessageSent(new.id, "ali", "new", at, sender_id=ali, seq=8)
    assert deleted == MessageDeleted(known.id, seq=9)


async def test_a_message_comes_where_it_was_sent_and_where_it_was_last_changed(
    database: Database,
) -> None:
    """At both places with its present content and flags."""
    talk, ali, _ = await pair(database)
    make = Changes(database, talk)
    messages = [await sent(database, talk, ali, text) for text in ("edited", "deleted", "both")]
    await make.edit(messages[0].id, "new words")
    await make.delete(messages[1].id)
    await make.edit(messages[2].id, "secret")
    await make.delete(messages[2].id)
    found = await since(database, talk, 0)
    assert [
        (frame.seq, frame.id, frame.content, frame.is_edited, frame.is_deleted)
        for frame in found
        if isinstance(frame, MessageSent)
    ] == [
        (1, messages[0].id, "new words", True, UNSET),
        (2, messages[1].id, "", UNSET, True),
        (3, messages[2].id, "", True, True),
    ]
    assert found[3:] == [
        MessageEdited(EditedMessage(messages[0].id, "new words"), seq=4),
        MessageDeleted(messages[1].id, seq=5),
        MessageDeleted(messages[2].id, seq=7),
    ]


async def test_attachments_of_a_message_deleted_since_are_gone_without_a_trace(
    database: Database,
) -> None:
    """The deletion is all that is sent."""
    talk, ali, _ = await pair(database)
    message = await sent(database, talk, ali)
    make = Changes(database, talk)
    await make.attach(message.id, "a" * 32)
    await make.attach(message.id, "b" * 32)
    await make.delete(message.id)
    assert await since(database, talk, 1) == [MessageDeleted(message.id, seq=4)]


async def test_a_ticket_that_changed_often_comes_once_as_it_is(database: Database) -> None:
    """At the place of its last change."""
    talk, ali, _ = await pair(database)
    make = Changes(database, talk)
    await make.open_ticket(ali)
    ticket = await support_tickets.open_in(database, talk)
    assert ticket is not None
    await make.change_ticket(ticket)
    found = await since(database, talk, 0)
    assert [(type(change), change.seq) for change in found] == [(TicketUpdated, 2)]


async def test_the_last_title_is_told_where_it_was_given(database: Database) -> None:
    """Once, however many there were; the title that a conversation began with is no change."""
    _, ali, _ = await pair(database)
    talk = await conversation(database, ali, title="first")
    assert await since(database, talk, 0) == []
    make = Changes(database, talk)
    await make.rename("second")
    message = await sent(database, talk, ali)
    await make.rename("سفر")
    await sent(database, talk, ali)
    found = await since(database, talk, 0)
    assert [change.seq for change in found] == [2, 3, 4]
    assert found[1] == ConversationUpdated("سفر", seq=3)
    assert await since(database, talk, 3) == found[2:]
    page = await reading.since(database, talk, 0, limit=1)
    assert (page.seq, page.is_last) == (2, False)
    assert message.seq == 2


async def test_who_joined_and_left_since_has_left(database: Database) -> None:
    """Only the last of the two is sent; those there from the start are not news."""
    talk, _, sara = await pair(database)
    make = Changes(database, talk)
    await make.leave(sara)
    await make.join(sara)
    await make.leave(sara)
    assert await since(database, talk, 0) == [ParticipantLeft(User(sara, "sara"), seq=3)]


async def test_nothing_after_the_end(database: Database) -> None:
    """The point is that of the database, also for who knows of more than there is."""
    talk, ali, _ = await pair(database)
    assert await reading.since(database, talk, 0, limit=5) == reading.Page([], 0, True)
    await sent(database, talk, ali)
    assert await reading.since(database, talk, 1, limit=5) == reading.Page([], 1, True)
    assert await reading.since(database, talk, 9, limit=5) == reading.Page([], 1, True)


async def test_other_conversations_do_not_show(database: Database) -> None:
    """Their changes have numbers like ours."""
    talk, ali, sara = await pair(database)
    elsewhere = await conversation(database, ali, sara)
    message = await sent(database, elsewhere, ali)
    make = Changes(database, elsewhere)
    await make.attach(message.id, "a" * 32)
    await make.open_ticket(ali)
    await make.leave(sara)
    assert await since(database, talk, 0) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 7])
async def test_pages_lead_to_the_end(database: Database, limit: int) -> None:
    """Each continues where the one before led, and the last says that it is the last."""
    talk, ali, _ = await pair(database)
    ids = [(await sent(database, talk, ali, str(n))).id for n in range(6)]
    found: list[ChangeFrame] = []
    point, is_last, pages = 0, False, 0
    while not is_last:
        page = await reading.since(database, talk, point, limit=limit)
        assert len(page.changes) <= limit
        found += frames_of(page)
        point, is_last, pages = page.seq, page.is_last, pages + 1
    assert [frame.id for frame in found if isinstance(frame, MessageSent)] == ids
    assert (point, pages) == (6, -(-6 // limit))


async def test_who_was_cut_off_begins_again_where_it_was(database: Database) -> None:
    """A message sent before that point and edited after it was sent before it."""
    talk, ali, _ = await pair(database)
    first, second = [await sent(database, talk, ali, text) for text in "ab"]
    await Changes(database, talk).edit(first.id, "new")
    page = await reading.since(database, talk, 0, limit=2)
    assert [frame.id for frame in frames_of(page) if isinstance(frame, MessageSent)] == [
        first.id,
        second.id,
    ]
    assert await since(database, talk, page.seq) == [
        MessageEdited(EditedMessage(first.id, "new"), seq=3)
    ]


async def test_a_change_whose_subject_is_gone_is_left_out(database: Database) -> None:
    """As while a backup is being restored; the page leads to the end all the same."""
    talk, ali, _ = await pair(database)
    make = Changes(database, talk)
    await make.open_ticket(ali)
    await make.rename("a title")
    async with database.transaction() as transaction:
        await transaction.execute("DELETE FROM support_tickets")
    page = await reading.since(database, talk, 0, limit=ALL)
    assert frames_of(page) == [ConversationUpdated("a title", seq=2)]
    assert (page.seq, page.is_last) == (2, True)


async def test_many_conversations_are_read_at_once(database: Database) -> None:
    """Each from its own point, as far as each by itself would be; also one that is not there."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(3)]
    for place, talk in enumerate(talks):
        for n in range(4):
            await sent(database, talk, ali, f"{place}.{n}")
        await Changes(database, talk).rename(f"title {place}")
    points = {talks[0]: 0, talks[1]: 3, talks[2]: 5, talks[2] + 1: 0}
    for limit in (1, 2, 5):
        pages = await reading.since_many(database, points, limit=limit)
        assert pages == {
            talk: await reading.since(database, talk, point, limit=limit)
            for talk, point in points.items()
        }
    assert [len(page.changes) for page in pages.values()] == [5, 2, 0, 0]
    assert pages[talks[2] + 1] == reading.Page([], 0, True)
    assert await reading.since_many(database, {}, limit=5) == {}


async def test_a_user_is_given_what_changed_where_that_user_is(database: Database) -> None:
    """For each conversation the page that all would get; nothing of one that the user has left,
    was never in, or that is not there.
    """
    ali, sara = await user(database, "ali"), await user(database, "sara")
    both, left, alone = [
        await conversation(database, *who) for who in ([ali, sara], [ali, sara], [ali])
    ]
    for talk in (both, left, alone):
        await sent(database, talk, ali, "for those who are here")
    await Changes(database, both).rename("a title")
    await Changes(database, left).leave(sara)
    points = dict.fromkeys((both, left, alone, alone + 1), 0)
    of_all = await reading.since(database, both, 0, limit=ALL)
    assert await reading.since_many(database, points, limit=ALL, user_id=sara) == {both: of_all}
    of_ali = await reading.since_many(database, points, limit=ALL, user_id=ali)
    assert of_ali.keys() == {both, left, alone}


@pytest.mark.parametrize("is_edited", [True, False])
async def test_nothing_is_given_that_was_read_after_the_user_had_gone(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_edited: bool
) -> None:
    """The rows are read while the user is still there, and the texts of edits after them. A message
    that is in the rows themselves was the user's to read.
    """
    talk, ali, sara = await pair(database)
    make = Changes(database, talk)
    message = await sent(database, talk, ali, "first")
    if is_edited:
        await make.edit(message.id, "second")
    rows_since = store.rows_since

    async def and_then_the_user_goes(*asked: Any) -> Any:
        found = await rows_since(*asked)
        await make.leave(sara)
        await make.edit(message.id, "not for those who have left")
        return found

    monkeypatch.setattr(store, "rows_since", and_then_the_user_goes)
    pages = await reading.since_many(database, {talk: 0}, limit=ALL, user_id=sara)
    found = [frame for page in pages.values() for frame in frames_of(page)]
    texts = [frame.content for frame in found if isinstance(frame, MessageSent)]
    assert texts == ([] if is_edited else ["first"])


async def test_what_changes_while_it_is_read_keeps_its_place(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame has the number of its entry in the log, also where the subject has a later one by
    then. Otherwise its reader would take the later number for its position, and miss what is
    between.
    """
    talk, ali, sara = await pair(database)
    make = Changes(database, talk)
    message = await sent(database, talk, ali, "first")
    note = await make.note(sara, "written")
    await make.pin(message.id, ali)
    await make.react(message.id, ali)
    await make.edit(message.id, "second")
    await make.rename("a title")
    await make.join(await user(database, "reza"))
    rows_since = store.rows_since
    later: list[int] = []

    async def and_then_it_is_changed(*asked: Any) -> Any:
        found = await rows_since(*asked)
        if not later:
            await sent(database, talk, ali, "between")
            later.append(await make.edit_note(note, "rewritten"))
            later.append(await make.pin(message.id, sara, is_pinned=False))
            later.append(await make.react(message.id, ali, is_there=False))
            later.append(await make.edit(message.id, "third"))
            later.append(await make.rename("another title"))
        return found

    monkeypatch.setattr(store, "rows_since", and_then_it_is_changed)
    page = await reading.since(database, talk, 0, limit=ALL)
    assert (page.seq, page.is_last) == (7, True)
    # Sara has not pinned the message, so the pin that she took away is left out.
    assert [frame.seq for frame in frames_of(page)] == [1, 2, 4, 5, 6, 7]
    assert [frame.content for frame in frames_of(page) if isinstance(frame, MessageSent)] == [
        "second",
        "rewritten",
    ]
    rest = await since(database, talk, page.seq)
    assert [frame.seq for frame in rest] == [8, *later]
    assert rest[2] == MessageUnpinned(message.id, "sara", seq=later[1])
