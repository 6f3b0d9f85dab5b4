"""What the doctor finds in conversations, and that it mends it."""

import pytest

from chat.changes import catalogue, reading
from chat.store import (
    blocks,
    blocks_doctor,
    doctor,
    files_doctor,
    participants,
    reactions_doctor,
    roles_doctor,
    support_tickets,
)
from chat.store.database import Database
from chat.store.drift import Drift
from chat.store.roles import standing
from tests.store.world import Changes, pair, row, sent, user


async def found_in(database: Database) -> list[str]:
    """What has drifted, in words; and then it is mended, which takes one time."""
    drifts = await examined(database)
    await doctor.mend(database, drifts)
    assert await examined(database) == []
    return [drift.what for drift in drifts]


async def examined(database: Database) -> list[Drift]:
    return [
        *await doctor.examine_log(database, catalogue.LOGGED, catalogue.ENTRIES),
        *await doctor.examine_conversations(database, catalogue.ENTRIES),
        *await reactions_doctor.examine(database),
        *await roles_doctor.examine(database),
        *await blocks_doctor.examine(database),
        *await files_doctor.examine_senders(database),
    ]


async def spoil(database: Database, statement: str) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(statement)


async def everything(database: Database) -> tuple[int, int, int]:
    """A conversation with a change of every kind; its id, and those of Ali and Sara."""
    talk, ali, sara = await pair(database)
    reza = await user(database, "reza")
    make = Changes(database, talk)
    edited, unpinned, deleted = [(await sent(database, talk, ali)).id for _ in range(3)]
    await make.attach(edited, "a" * 32)
    await make.attach(deleted, "b" * 32)
    await make.edit(edited, "once")
    await make.edit(edited, "twice")
    await make.edit(deleted, "before it goes")
    for message_id in (edited, unpinned, deleted):
        await make.pin(message_id, sara)
    await make.pin(unpinned, ali, is_pinned=False)
    for message_id in (edited, deleted):
        await make.react(message_id, ali)
        await make.react(message_id, sara)
    await make.react(edited, ali, is_there=False)
    await make.delete(deleted)
    await make.join(reza)
    await make.leave(reza)
    await make.leave(sara)
    await make.join(sara)
    await make.rename("a title")
    await make.rename("another")
    await make.open_ticket(ali)
    ticket = await support_tickets.open_in(database, talk)
    assert ticket is not None
    await make.change_ticket(ticket)
    await make.note(ali, "a note")
    return talk, ali, sara


async def test_what_is_in_order_has_not_drifted(database: Database) -> None:
    """After changes of every kind; and the log has one entry of each subject and family."""
    talk, _, _ = await everything(database)
    assert await examined(database) == []
    page = await reading.since(database, talk, 0, limit=100)
    assert {type(change.frame) for change in page.changes} == set(catalogue.FRAMES)
    ((count,),) = await database.fetch("SELECT count(*) FROM changes")
    # An edit, a deletion, a file, two messages' pins, two reactions, two people, a title, a ticket,
    # a note.
    assert count == 12


@pytest.mark.parametrize("kind", catalogue.LOGGED)
async def test_an_entry_that_is_missing_is_written(database: Database, kind: str) -> None:
    """Of every kind: afterwards a reader gets what one got before."""
    talk, _, _ = await everything(database)
    before = await reading.since(database, talk, 0, limit=100)
    await spoil(database, f"DELETE FROM changes WHERE kind = '{kind}'")  # noqa: S608 - of ours
    assert await reading.since(database, talk, 0, limit=100) != before
    (found,) = await found_in(database)
    assert kind in found
    assert "is missing in the log" in found
    assert await reading.since(database, talk, 0, limit=100) == before


async def test_an_entry_of_what_did_not_happen_goes(database: Database) -> None:
    """One of a message that was never edited, and one that a later one has replaced."""
    talk, ali, _ = await pair(database)
    message = await sent(database, talk, ali)
    await Changes(database, talk).edit(message.id, "edited")
    await spoil(
        database,
        "INSERT INTO changes (conversation_id, seq, kind, subject_id)"  # noqa: S608 - of ours
        f" VALUES ({talk}, 1, 'message.edited', {message.id}),"
        f" ({talk}, 9, 'conversation.updated', {talk})",
    )
    one, other, *more = await found_in(database)
    assert "message.edited 1" in one
    assert "conversation.updated 9" in other
    assert "did not happen" in one
    # The number 9 was seen where it does not belong, and is not given again.
    assert [what.split(": ")[1] for what in more] == ["seq is 2, but there is a change 9"]


async def test_an_entry_of_another_kind_is_put_right(database: Database) -> None:
    """The log says that a message was edited, and it is deleted."""
    talk, ali, _ = await pair(database)
    message = await sent(database, talk, ali)
    await Changes(database, talk).delete(message.id)
    await spoil(database, "UPDATE changes SET kind = 'message.edited'")
    assert len(await found_in(database)) == 2
    assert await database.fetch("SELECT kind FROM changes") == [("message.deleted",)]


async def test_a_kind_of_a_newer_release_is_left_alone(database: Database) -> None:
    """It is not known here whether it happened; and readers here do not get it."""
    talk, ali, _ = await pair(database)
    await sent(database, talk, ali)
    await spoil(database, "UPDATE conversations SET seq = 2")
    await spoil(
        database,
        "INSERT INTO changes (conversation_id, seq, kind, subject_id)"  # noqa: S608 - of ours
        f" VALUES ({talk}, 2, 'moon.landed', 1)",
    )
    assert await found_in(database) == []
    page = await reading.since(database, talk, 0, limit=10)
    assert [change.seq for change in page.changes] == [1]
    assert (page.seq, page.is_last) == (2, True)


async def test_a_change_beyond_the_number_is_drift(database: Database) -> None:
    """A title is a change as any, and the next change may not take its number."""
    talk, _, _ = await pair(database)
    await Changes(database, talk).rename("a title")
    await spoil(database, "UPDATE conversations SET seq = 0")
    assert await found_in(database) == [f"conversation {talk}: seq is 0, but there is a change 1"]
    assert (await row(database, talk))[0] == 1


async def test_a_wrong_number_of_participants_is_drift(database: Database) -> None:
    """Who left does not count."""
    talk, _, sara = await pair(database)
    await Changes(database, talk).leave(sara)
    assert await participants.count(database, talk) == 1
    await spoil(database, "UPDATE conversations SET participant_count = 5")
    assert await found_in(database) == [f"conversation {talk}: it has 1 participants, not 5"]
    assert await participants.count(database, talk) == 1


@pytest.mark.parametrize(
    "spoiling",
    [
        "UPDATE reaction_counts SET count = 7",
        "DELETE FROM reaction_counts",
        "INSERT INTO reaction_counts VALUES (1, 2, '👎', 3, 4, 5)",
    ],
)
async def test_reactions_are_counted_again(database: Database, spoiling: str) -> None:
    """Whatever the numbers were; and what nobody reacted with has none."""
    _, ali, _ = await everything(database)
    counts = "SELECT message_id, emoji, count FROM reaction_counts WHERE count > 0"
    before = await database.fetch(counts)
    await spoil(database, spoiling)
    (found,) = await found_in(database)
    assert "people reacted" in found
    assert await database.fetch(counts) == before
    assert ali


@pytest.mark.parametrize(("owners", "counted"), [("1 = 0", 0), ("1 = 1", 2)])
async def test_a_conversation_has_one_owner(database: Database, owners: str, counted: int) -> None:
    """The doctor finds none, or two; then who was there first owns it. A direct one has none."""
    talk, ali, sara = await pair(database)
    await spoil(
        database,
        f"UPDATE participants SET role = CASE WHEN {owners} THEN 'owner' ELSE 'member' END"  # noqa: S608
        f" WHERE conversation_id = {talk}",
    )
    assert await found_in(database) == [f"conversation {talk}: it has {counted} owners"]
    assert (await standing(database, talk, ali)).role == "owner"
    assert (await standing(database, talk, sara)).role != "owner"
    await spoil(database, f"UPDATE conversations SET is_direct = TRUE WHERE id = {talk}")  # noqa: S608
    assert await found_in(database) == [f"conversation {talk}: it has 1 owners"]
    assert (await standing(database, talk, ali)).role == "member"


async def test_who_is_blocked_is_marked_so(database: Database) -> None:
    """In a conversation of two; and nobody else is."""
    talk, ali, sara = await pair(database)
    async with database.transaction() as transaction:
        await blocks.put(transaction, ali, sara)
    assert await examined(database) == []
    marked = "UPDATE participants SET is_blocked = NOT is_blocked WHERE conversation_id ="
    await spoil(database, f"{marked} {talk}")
    await spoil(database, f"UPDATE conversations SET is_direct = TRUE WHERE id = {talk}")  # noqa: S608
    await spoil(database, f"UPDATE participants SET role = 'member' WHERE conversation_id = {talk}")  # noqa: S608
    assert await found_in(database) == [
        f"conversation {talk}: user {ali} is marked as blocked, and is not",
        f"conversation {talk}: user {sara} is blocked, and not marked so",
    ]


async def test_a_file_is_of_who_sent_its_message(database: Database) -> None:
    """An older release of Payam that runs at the same time does not write whose it is."""
    talk, ali, _ = await pair(database)
    await Changes(database, talk).attach((await sent(database, talk, ali)).id, "a" * 32)
    assert await examined(database) == []
    await spoil(database, "UPDATE attachments SET sender_id = 0")
    assert [line.partition(": ")[2] for line in await found_in(database)] == [
        f"is of user {ali}, and not of 0"
    ]
