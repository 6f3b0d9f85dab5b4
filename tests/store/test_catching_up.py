"""Catching up against a model: whoever pauses knows what one knows who never did."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.changes import reading
from chat.changes.attachments import AttachmentAdded
from chat.changes.conversations import ConversationUpdated
from chat.changes.messages import MessageDeleted, MessageEdited
from chat.changes.participants import ParticipantJoined, ParticipantLeft
from chat.events import ChangeFrame, MessageSent
from chat.store import conversations, support_tickets
from chat.store.database import Database
from tests.store.world import Changes, conversation, sent, user

Step = tuple[str, int]

steps = st.lists(
    st.tuples(
        st.sampled_from(["send", "edit", "delete", "attach", "join", "leave", "ticket", "rename"]),
        st.integers(0, 3),
    ),
    max_size=20,
)


class Client:
    """What a client of the frames would know; a model of it is fed with the same changes."""

    def __init__(self) -> None:
        self.messages: dict[int, str | None] = {}
        self.members: dict[int, bool] = {}
        self.attachments: dict[int, int] = {}
        self.title = ""

    def take(self, change: ChangeFrame) -> None:
        if isinstance(change, MessageSent):
            self.messages[change.id] = None if change.is_deleted else change.content
        elif isinstance(change, MessageEdited):
            assert change.message.id in self.messages, "edited before it was told"
            self.messages[change.message.id] = change.message.content
        elif isinstance(change, MessageDeleted):
            assert change.message_id in self.messages, "deleted before it was told"
            self.messages[change.message_id] = None
        elif isinstance(change, ParticipantJoined | ParticipantLeft):
            self.members[change.participant.id] = isinstance(change, ParticipantJoined)
        elif isinstance(change, AttachmentAdded):
            self.attachments[change.attachment.id] = change.attachment.message_id
        elif isinstance(change, ConversationUpdated):
            self.title = change.title

    def visible(self) -> tuple[dict[int, str | None], dict[int, bool], set[int], str]:
        """Attachments of deleted messages are gone for everyone."""
        present = {
            id_ for id_, message in self.attachments.items() if self.messages[message] is not None
        }
        return self.messages, self.members, present, self.title


async def catch_up(
    database: Database, talk: int, client: Client, point: int, limit: int, most: int | None = None
) -> int:
    """Returns the point to go on from; cut off after `most` changes, that of the last one."""
    is_last = False
    while not is_last:
        page = await reading.since(database, talk, point, limit=limit)
        seqs = [change.seq for change in page.changes]
        assert seqs == sorted(set(seqs))
        for change in page.changes:
            if most == 0:
                return point
            assert point < change.seq <= page.seq
            client.take(change.frame)
            point = change.seq
            most = None if most is None else most - 1
        point, is_last = page.seq, page.is_last
    return point


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=steps,
    pauses=st.dictionaries(st.integers(0, 19), st.none() | st.integers(0, 5)),
    limit=st.integers(1, 4),
)
async def test_a_client_that_pauses_anywhere_knows_what_one_that_never_did_knows(
    database: Database, history: list[Step], pauses: dict[int, int | None], limit: int
) -> None:
    """One looks after every step, another now and then, a third at the end, page by page.

    The second is cut off in the middle of some pages, and goes on from what it was told.
    """
    talk, ali, guests = await scene(database)
    make = Changes(database, talk)
    clients, points = [Client(), Client(), Client()], [0, 0, 0]
    alive: list[int] = []
    for place, (kind, n) in enumerate(history):
        await step(database, make, alive, ali, guests, kind, n)
        for who in (0, 1):
            if who == 0 or place in pauses:
                most = pauses[place] if who else None
                points[who] = await catch_up(database, talk, clients[who], points[who], limit, most)
    for who in range(3):
        points[who] = await catch_up(database, talk, clients[who], points[who], limit)
    assert points == [(await conversations.seqs(database, [talk]))[talk]] * 3
    assert clients[0].visible() == clients[1].visible() == clients[2].visible()


async def scene(database: Database) -> tuple[int, int, list[int]]:
    ((count,),) = await database.fetch("SELECT count(*) FROM users")
    people = [await user(database, f"user{count + n}") for n in range(5)]
    return await conversation(database, people[0]), people[0], people[1:]


async def step(
    database: Database,
    make: Changes,
    alive: list[int],
    ali: int,
    guests: list[int],
    kind: str,
    n: int,
) -> None:
    if kind == "send" or (kind in {"edit", "delete", "attach"} and not alive):
        alive.append((await sent(database, make.conversation_id, ali, f"text {n}")).id)
    elif kind == "edit":
        await make.edit(alive[n % len(alive)], f"edit {n}")
    elif kind == "delete":
        await make.delete(alive.pop(n % len(alive)))
    elif kind == "attach":
        ((count,),) = await database.fetch("SELECT count(*) FROM attachments")
        ((last,),) = await database.fetch("SELECT coalesce(max(id), 0) FROM attachments")
        await make.attach(alive[n % len(alive)], f"{last}-{count}")
    elif kind == "join":
        await make.join(guests[n])
    elif kind == "leave":
        await make.leave(guests[n])
    elif kind == "rename":
        await make.rename(f"title {n}")
    else:
        ticket = await support_tickets.open_in(database, make.conversation_id)
        if ticket is None:
            await make.open_ticket(ali)
        else:
            await make.change_ticket(ticket)
