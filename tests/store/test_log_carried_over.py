"""A database from before the log: what changed in it is in the log, and readers get it still."""

from chat.changes import catalogue, reading
from chat.changes.attachments import AttachmentAdded
from chat.changes.conversations import ConversationUpdated
from chat.changes.messages import EditedMessage, MessageDeleted, MessageEdited
from chat.changes.participants import ParticipantJoined, ParticipantLeft
from chat.changes.support_tickets import TicketUpdated
from chat.events import MessageSent
from chat.records import User
from chat.store import conversation_list, doctor, read_marks, schema
from chat.store.database import Database
from tests.store.world import opened

STEP = "m0020_changes"
ALI, SARA, REZA = 1, 2, 3
# One of every noun, as a database of that time has them; in conversation 2 nothing ever happened.
BEFORE = (
    "INSERT INTO users (id, username, username_key, created_at, is_staff) VALUES"
    " (1, 'ali', 'ali', 0, FALSE), (2, 'sara', 'sara', 0, FALSE), (3, 'reza', 'reza', 0, FALSE)",
    "INSERT INTO conversations (id, title, created_by, created_at, active_at, seq,"
    " last_message_id, title_seq) VALUES (1, 'named', 1, 5, 5, 11, 3, 10), (2, '', 1, 5, 5, 0,"
    " NULL, 0)",
    "INSERT INTO participants (conversation_id, user_id, is_active, seq, last_read_id) VALUES"
    " (1, 1, TRUE, 0, 3), (1, 2, TRUE, 8, 0), (1, 3, FALSE, 9, 2), (2, 1, TRUE, 0, 0)",
    "INSERT INTO messages (id, conversation_id, sender_id, content, created_at, created_seq, seq,"
    " is_edited, is_deleted) VALUES (1, 1, 1, 'kept', 5, 1, 1, FALSE, FALSE),"
    " (2, 1, 1, 'edited', 5, 2, 5, TRUE, FALSE), (3, 1, 2, 'gone', 5, 3, 6, FALSE, TRUE)",
    "INSERT INTO attachments (id, conversation_id, message_id, seq, name, stored_name, size,"
    " content_type, sha256, created_at) VALUES (1, 1, 1, 4, 'a', 'a', 1, 'a/b', '', 7)",
    "INSERT INTO support_tickets (id, conversation_id, seq, subject, status, priority, created_by,"
    " created_at, updated_at) VALUES (1, 1, 7, 'one', 'closed', 'low', 1, 6, 8),"
    " (2, 1, 11, 'two', 'open', 'low', 2, 9, 9)",
)


async def test_every_noun_is_carried_over(empty_url: str) -> None:
    """From any point a reader gets what changed after it, and the doctor finds nothing."""
    async with opened(empty_url) as database:
        await before(database)
        await schema.migrate(database)
        assert await doctor.examine_log(database, catalogue.LOGGED, catalogue.ENTRIES) == []
        page = await reading.since(database, 1, 0, limit=20)
        *_, one, added, edited, deleted, closed, joined, left, named, opened_ = [
            change.frame for change in page.changes
        ]
        assert [change.seq for change in page.changes] == list(range(1, 12))
        assert isinstance(one, MessageSent)
        assert isinstance(added, AttachmentAdded)
        assert edited == MessageEdited(EditedMessage(2, "edited"), seq=5)
        assert deleted == MessageDeleted(3, seq=6)
        assert isinstance(closed, TicketUpdated)
        assert closed.support_ticket.status == "closed"
        assert joined == ParticipantJoined(User(SARA, "sara"), seq=8)
        assert left == ParticipantLeft(User(REZA, "reza"), seq=9)
        assert named == ConversationUpdated("named", seq=10)
        assert isinstance(opened_, TicketUpdated)
        for point in range(12):
            later = await reading.since(database, 1, point, limit=20)
            assert later.changes == page.changes[point:]
        assert await reading.since(database, 2, 0, limit=20) == reading.Page([], 0, True)


async def test_who_did_it_is_kept_where_it_was_known(empty_url: str) -> None:
    """Nobody but the sender changes a message; a ticket that never changed is its opener's."""
    async with opened(empty_url) as database:
        await before(database)
        await schema.migrate(database)
        rows = await database.fetch("SELECT seq, actor_id, at FROM changes ORDER BY seq")
    assert rows == [
        (4, ALI, 7),
        (5, ALI, None),
        (6, SARA, None),
        (7, None, 8),
        (8, None, None),
        (9, None, None),
        (10, None, None),
        (11, SARA, 9),
    ]


async def test_participants_and_what_they_have_read_are_carried_over(empty_url: str) -> None:
    """Each conversation knows how many it has. Marks of before count as made now."""
    async with opened(empty_url) as database:
        await before(database)
        await schema.migrate(database)
        counts = [
            one.participant_count for one in await conversation_list.some(database, ALI, [1, 2])
        ]
        assert counts == [2, 1]
        marks = await read_marks.marks_since(database, {1: 11, 2: 0}, SARA)
        assert marks == {1: [read_marks.Mark(ALI, "ali", 3)]}


async def before(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("CREATE TABLE schema_migrations (name TEXT PRIMARY KEY)")
        for name in schema.known():
            if name < STEP:
                await schema.apply(database, transaction, name)
        for statement in BEFORE:
            await transaction.execute(statement)
