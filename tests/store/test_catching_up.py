"""Catching up against a model: whoever pauses knows what one knows who never did."""

from collections.abc import Mapping
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.changes import catalogue, reading
from chat.changes.attachments import AttachmentAdded
from chat.changes.conversations import ConversationUpdated
from chat.changes.messages import MessageDeleted, MessageEdited
from chat.changes.participants import ParticipantJoined, ParticipantLeft
from chat.changes.support_tickets import TicketUpdated
from chat.events import ChangeFrame, MessageSent
from chat.records import SupportTicket
from chat.store import conversations, doctor, message_changes, support_tickets
from chat.store.database import Database
from tests.store.world import Changes, conversation, sent, user

TALKS = 2
KINDS = ["send", "edit", "delete", "attach", "join", "leave", "ticket", "close", "rename"]
ALL = 1000


class Step(NamedTuple):
    """A change in one of the conversations, and how much the second client reads after it.

    It reads so many pages of all conversations, and of the last one only the first changes.
    """

    talk: int
    kind: str
    n: int
    pages: int
    most: int


steps = st.lists(
    st.builds(
        Step,
        st.integers(0, TALKS - 1),
        st.sampled_from(KINDS),
        st.integers(0, 3),
        st.integers(0, 2),
        st.integers(0, 4),
    ),
    min_size=10,
    max_size=24,
)


class Client:
    """What a client of the frames would know of a conversation, and up to where."""

    def __init__(self) -> None:
        self.point = 0
        self.messages: dict[int, str | None] = {}
        self.members: dict[int, bool] = {}
        self.attachments: dict[int, int] = {}
        self.tickets: dict[int, SupportTicket] = {}
        self.title = ""

    def take(self, frame: ChangeFrame) -> None:
        assert frame.seq > self.point
        self.point = frame.seq
        if isinstance(frame, MessageSent):
            self.messages[frame.id] = None if frame.is_deleted is True else frame.content
        elif isinstance(frame, MessageEdited):
            assert frame.message.id in self.messages, "edited before it was sent"
            self.messages[frame.message.id] = frame.message.content
        elif isinstance(frame, MessageDeleted):
            assert frame.message_id in self.messages, "deleted before it was sent"
            self.messages[frame.message_id] = None
        elif isinstance(frame, ParticipantJoined | ParticipantLeft):
            self.members[frame.participant.id] = isinstance(frame, ParticipantJoined)
        elif isinstance(frame, AttachmentAdded):
            self.attachments[frame.attachment.id] = frame.message_id
        elif isinstance(frame, ConversationUpdated):
            self.title = frame.title
        else:
            assert isinstance(frame, TicketUpdated), "this model does not know it"
            self.tickets[frame.support_ticket.id] = frame.support_ticket

    def known(self) -> object:
        """Attachments of deleted messages are gone for everyone."""
        present = {
            id_ for id_, message in self.attachments.items() if self.messages[message] is not None
        }
        return self.messages, self.members, present, self.tickets, self.title


Clients = dict[int, Client]


async def read(
    database: Database, clients: Mapping[int, Client], limit: int, most: int | None = None
) -> bool:
    """Read one page of each conversation at once; whether that was the last of all.

    Who is cut off after `most` changes goes on from the last one that came.
    """
    points = {talk: client.point for talk, client in clients.items()}
    pages = await reading.since_many(database, points, limit=limit)
    assert pages.keys() == clients.keys()
    for talk, page in pages.items():
        frames = [change.frame for change in page.changes]
        assert {change.conversation_id for change in page.changes} <= {talk}
        assert len(frames) <= limit
        assert all(frame.seq <= page.seq for frame in frames)
        for frame in frames[:most]:
            clients[talk].take(frame)
        if most is None or most >= limit:
            clients[talk].point = page.seq
    return all(page.is_last for page in pages.values())


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=steps, limit=st.integers(1, 4))
async def test_a_client_that_pauses_anywhere_knows_what_one_that_never_did_knows(
    database: Database, history: list[Step], limit: int
) -> None:
    """One looks after every change; another in pages now and then, while changes go on, and is cut
    off within them; a third at the end. The fourth asks HTTP for the messages that changed.
    """
    worlds = [await World.begin(database) for _ in range(TALKS)]
    every, some, late = [{one.talk: Client() for one in worlds} for _ in range(3)]
    asked: dict[int, tuple[int, int]] = {}
    for step in history:
        await worlds[step.talk].do(step.kind, step.n)
        assert await read(database, every, ALL)
        for page in range(step.pages):
            await read(database, some, limit, step.most if page == step.pages - 1 else None)
        if step.pages:
            asked = await ask(database, worlds[0].talk, asked, limit)
    for clients in (some, late):
        while not await read(database, clients, limit):
            pass
    seqs = await conversations.seqs(database, list(every))
    for talk, seq in seqs.items():
        clients_of_talk = [clients[talk] for clients in (every, some, late)]
        assert [client.point for client in clients_of_talk] == [seq] * 3
        assert clients_of_talk[0].known() == clients_of_talk[1].known()
        assert clients_of_talk[0].known() == clients_of_talk[2].known()
    await expect_log_in_order(database)
    while (now := await ask(database, worlds[0].talk, asked, limit)) != asked:
        asked = now
    every_message = await database.fetch(
        "SELECT m.id, coalesce(max(a.seq), 0), m.seq FROM messages AS m"
        " LEFT JOIN attachments AS a ON a.message_id = m.id WHERE m.conversation_id = ?"
        " GROUP BY m.id, m.seq",
        (worlds[0].talk,),
    )
    assert {id_: seq for id_, (seq, _) in asked.items()} == {
        id_: max(attached, seq) for id_, attached, seq in every_message
    }


async def ask(
    database: Database, talk: int, known: dict[int, tuple[int, int]], limit: int
) -> dict[int, tuple[int, int]]:
    """What is known of each message by one more page: the last change of it, and its place."""
    point = max((seq for seq, _ in known.values()), default=0)
    found = await reading.changed_messages(database, 0, talk, point, limit)
    assert len(found) <= limit
    assert list(found.values()) == sorted(found.values())
    assert all(seq > point for seq in found.values())
    for id_ in found:
        assert await message_changes.find(database, talk, id_) is not None
    return known | {id_: (seq, place) for place, (id_, seq) in enumerate(found.items())}


async def expect_log_in_order(database: Database) -> None:
    """Each subject but a ticket has one entry of each family, and the doctor finds nothing."""
    assert await doctor.examine_log(database, catalogue.LOGGED, catalogue.ENTRIES) == []
    assert await doctor.examine_conversations(database, catalogue.ENTRIES) == []
    rows = await database.fetch("SELECT conversation_id, kind, subject_id FROM changes")
    subjects = [
        (talk, catalogue.FAMILIES.index(catalogue.FAMILY_OF[kind]), subject)
        for talk, kind, subject in rows
        if kind != "ticket.updated"
    ]
    assert len(set(subjects)) == len(subjects)


class World:
    """A conversation in which things happen: Ali begins it, the guests come and go."""

    def __init__(self, database: Database, talk: int, ali: int, guests: list[int]) -> None:
        self.database = database
        self.talk = talk
        self.ali = ali
        self.guests = guests
        self.make = Changes(database, talk)
        self.alive: list[int] = []

    @classmethod
    async def begin(cls, database: Database) -> "World":
        ((count,),) = await database.fetch("SELECT count(*) FROM users")
        people = [await user(database, f"user{count + n}") for n in range(5)]
        return cls(database, await conversation(database, people[0]), people[0], people[1:])

    async def do(self, kind: str, n: int) -> None:
        make, alive = self.make, self.alive
        if kind == "send" or (kind in {"edit", "delete", "attach"} and not alive):
            alive.append((await sent(self.database, self.talk, self.ali, f"text {n}")).id)
        elif kind == "edit":
            await make.edit(alive[n % len(alive)], f"edit {n}")
        elif kind == "delete":
            await make.delete(alive.pop(n % len(alive)))
        elif kind == "attach":
            rows = await self.database.fetch(
                "SELECT coalesce(max(id), 0), count(*) FROM attachments"
            )
            await make.attach(alive[n % len(alive)], "{}-{}".format(*rows[0]))
        elif kind == "join":
            await make.join(self.guests[n])
        elif kind == "leave":
            await make.leave(self.guests[n])
        elif kind == "rename":
            await make.rename(f"title {n}")
        else:
            await self._do_ticket(kind, n)

    async def _do_ticket(self, kind: str, n: int) -> None:
        ticket = await support_tickets.open_in(self.database, self.talk)
        if ticket is None:
            await self.make.open_ticket(self.ali, f"subject {n}")
        else:
            await self.make.change_ticket(ticket, "closed" if kind == "close" else "pending")
