"""Stores a batch of new messages in one transaction: on PostgreSQL in one round trip.

For each conversation of the batch, its row's lock is taken first (in id order, so that
two nodes never wait for each other in a circle), then its `seq` is advanced and the
rows inserted under that lock: commit order is `seq` order, and id order too, on every
node. Who is not a participant any more stores nothing. A message whose sender has used
its `client_id` before stores nothing either, and is answered with the first one's id.
"""

import logging
import sqlite3
from collections.abc import Sequence
from hashlib import blake2b

from psycopg.errors import UniqueViolation

from chat.errors import Failed, KeyReused, NotFound, PayamError, Unavailable
from chat.store.database import Database, Row
from chat.store.exchange import Answer
from chat.store.postgres import LOCK_CONVERSATIONS, PostgresStore, array
from chat.store.sqlite import SqliteStore

log = logging.getLogger("payam.writer")


class Send:
    """One message on its way to the disk, and then what became of it.

    `created_at` is in microseconds since the epoch. `id` and `seq` are 0 until it is
    stored; `is_repeat` says that they, and `created_at`, are those of the first message
    with this `client_id`. `error` is what the sender is told instead.
    """

    __slots__ = (
        "client_id",
        "content",
        "conversation_id",
        "created_at",
        "error",
        "id",
        "is_repeat",
        "sender_id",
        "seq",
        "username",
    )

    def __init__(
        self,
        conversation_id: int,
        sender_id: int,
        username: str,
        content: str,
        client_id: str | None,
        created_at: int,
    ) -> None:
        self.conversation_id = conversation_id
        self.sender_id = sender_id
        self.username = username
        self.content = content
        self.client_id = client_id
        self.created_at = created_at
        self.id = 0
        self.seq = 0
        self.is_repeat = False
        self.error: PayamError | None = None

    @property
    def fingerprint(self) -> int | None:
        """64 bits of the body, kept to tell a retry from another message; None without a key."""
        if self.client_id is None:
            return None
        digest = blake2b(self.content.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)

    def settle_as_repeat(self, first: Row) -> None:
        """`first` is what FIRST_WITH_KEY found."""
        id_, conversation_id, seq, created_at, fingerprint = first
        if conversation_id != self.conversation_id or fingerprint != self.fingerprint:
            self.error = KeyReused("client_id: was used before, for another message.")
            return
        self.id, self.seq, self.created_at, self.is_repeat = id_, seq, created_at, True


def not_a_participant() -> NotFound:
    return NotFound("There is no such conversation for you.")


async def store(database: Database, sends: Sequence[Send]) -> None:
    """Commit the batch; each send then has its id and seq, or its error.

    Raises what the database raises, and then nothing was stored, or, where the
    connection broke during the commit, perhaps everything.
    """
    for send in sends:  # an earlier try may have come some way before it was rolled back
        send.id, send.seq, send.is_repeat, send.error = 0, 0, False, None
    if isinstance(database, SqliteStore):
        await database.write(lambda db: store_in_sqlite(db, sends))
    else:
        assert isinstance(database, PostgresStore)
        await store_in_postgres(database, sends)


FIRST_WITH_KEY = """
    SELECT id, conversation_id, created_seq, created_at, fingerprint FROM messages
    WHERE sender_id = ? AND client_id = ?
"""

IS_PARTICIPANT = """
    SELECT 1 FROM participants WHERE conversation_id = ? AND user_id = ? AND is_active
"""


INSERT_IN_SQLITE = """
    INSERT INTO messages (conversation_id, sender_id, content, created_at, created_seq, seq,
                          client_id, fingerprint)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (sender_id, client_id) WHERE client_id IS NOT NULL DO NOTHING
"""


def store_in_sqlite(db: sqlite3.Connection, sends: Sequence[Send]) -> None:
    """Runs within a write transaction, which is the only one: nothing changes meanwhile."""
    seqs: dict[int, int] = {}
    lasts: dict[int, tuple[int, int, int]] = {}  # conversation: seq, last message, its moment
    members: dict[tuple[int, int], bool] = {}
    for send in sends:
        conversation_id, sender_id = send.conversation_id, send.sender_id
        member = members.get((conversation_id, sender_id))
        if member is None:
            row = db.execute(IS_PARTICIPANT, (conversation_id, sender_id)).fetchone()
            member = members[conversation_id, sender_id] = row is not None
        if not member:
            settle_unstored(send, first_in_sqlite(db, send))
            continue
        seq = seqs.get(conversation_id)
        if seq is None:
            (seq,) = db.execute(
                "SELECT seq FROM conversations WHERE id = ?", (conversation_id,)
            ).fetchone()
        seq += 1
        cursor = db.execute(
            INSERT_IN_SQLITE,
            (
                conversation_id,
                sender_id,
                send.content,
                send.created_at,
                seq,
                seq,
                send.client_id,
                send.fingerprint,
            ),
        )
        if cursor.rowcount == 0:
            settle_unstored(send, first_in_sqlite(db, send))
            continue
        assert cursor.lastrowid is not None
        send.id, send.seq = cursor.lastrowid, seq
        seqs[conversation_id] = seq
        lasts[conversation_id] = (seq, send.id, send.created_at)
    db.executemany(
        "UPDATE conversations SET seq = ?, last_message_id = ?, active_at = ? WHERE id = ?",
        [(*last, conversation_id) for conversation_id, last in lasts.items()],
    )


def first_in_sqlite(db: sqlite3.Connection, send: Send) -> Row | None:
    if send.client_id is None:
        return None
    first: Row | None = db.execute(FIRST_WITH_KEY, (send.sender_id, send.client_id)).fetchone()
    return first


def settle_unstored(send: Send, first: Row | None) -> None:
    """Answer one that the insert passed over: a repeat of `first`, or not a participant."""
    if first is None:
        send.error = not_a_participant()
    else:
        send.settle_as_repeat(first)


# A statement of its own after the lock, so that it sees what was committed while it waited.
INSERT = """
    WITH numbered AS (
        SELECT incoming.*,
               conversations.seq + row_number() OVER (PARTITION BY conversation_id ORDER BY place)
                   AS seq
        FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bigint[])
            WITH ORDINALITY AS incoming(conversation_id, sender_id, content, created_at, client_id,
                                        fingerprint, place)
        JOIN participants USING (conversation_id)
        JOIN conversations ON conversations.id = conversation_id
        WHERE participants.user_id = incoming.sender_id AND participants.is_active
    ), inserted AS (
        INSERT INTO messages (conversation_id, sender_id, content, created_at, created_seq, seq,
                              client_id, fingerprint)
        SELECT conversation_id, sender_id, content, created_at, seq, seq, client_id, fingerprint
        FROM numbered ORDER BY place
        RETURNING id, conversation_id, seq, created_at
    ), advanced AS (
        UPDATE conversations
        SET seq = last.seq, last_message_id = last.id, active_at = last.created_at
        FROM (SELECT DISTINCT ON (conversation_id) * FROM inserted
              ORDER BY conversation_id, id DESC) AS last
        WHERE conversations.id = last.conversation_id
    )
    SELECT created_at, id, seq FROM inserted
"""

# Only where a key was met that is stored already: to look for each of them first costs a tenth
# of PostgreSQL's time for a batch. ON CONFLICT would look too, and write each row in two steps.
INSERT_THE_NEW = INSERT.replace(
    "participants.is_active",
    """participants.is_active
          AND NOT EXISTS (SELECT 1 FROM messages
                          WHERE messages.sender_id = incoming.sender_id
                            AND messages.client_id = incoming.client_id)""",
)


async def store_in_postgres(database: PostgresStore, sends: Sequence[Send]) -> None:
    first, *others = without_repeats(sends)
    await store_part(database, first)
    for part in others:
        await store_apart(database, part)


async def store_apart(database: PostgresStore, part: Sequence[Send]) -> None:
    """Other messages of the batch are stored already: what fails from here on is this part's."""
    try:
        await store_part(database, part)
    except Unavailable as error:
        for send in part:
            send.error = error
    except Exception:  # one bad row must not take the others with it
        if len(part) > 1:
            for send in part:
                await store_apart(database, [send])
        else:
            log.exception("a message could not be stored")
            part[0].error = Failed()


def without_repeats(sends: Sequence[Send]) -> list[list[Send]]:
    """The batch in parts, nearly always one, in each of which no key comes twice."""
    parts: list[list[Send]] = [[]]
    keys: set[tuple[int, str]] = set()
    for send in sends:
        if send.client_id is not None:
            key = (send.sender_id, send.client_id)
            if key in keys:
                parts.append([])
                keys.clear()
            keys.add(key)
        parts[-1].append(send)
    return parts


async def store_part(database: PostgresStore, sends: Sequence[Send]) -> None:
    # What is inserted is told by its moment, so no two may have the same.
    moment = 0
    for send in sends:
        send.created_at = moment = max(send.created_at, moment + 1)
    columns = [
        array(send.conversation_id for send in sends),
        array(send.sender_id for send in sends),
        array(send.content for send in sends),
        array(send.created_at for send in sends),
        array(send.client_id for send in sends),
        array(send.fingerprint for send in sends),
    ]
    rows = await insert(database, sorted({send.conversation_id for send in sends}), columns)
    stored = {int(created_at): (int(id_), int(seq)) for created_at, id_, seq in rows}
    for send in sends:
        if send.created_at in stored:
            send.id, send.seq = stored[send.created_at]
        else:
            try:
                settle_unstored(send, await first_of(database, send))
            except Unavailable as error:
                send.error = error


async def insert(
    database: PostgresStore, conversation_ids: Sequence[int], columns: Sequence[str]
) -> Answer:
    lock = (LOCK_CONVERSATIONS, [array(conversation_ids)])
    for statement in (INSERT, INSERT_THE_NEW):
        try:
            # Up to its end a pipeline is one transaction: there is no BEGIN or COMMIT to wait for.
            return (await database.together([lock, (statement, columns)]))[-1]
        except UniqueViolation:
            pass
    # Another node has just stored the same key, in another conversation: now it is seen.
    return (await database.together([lock, (INSERT_THE_NEW, columns)]))[-1]


async def first_of(database: Database, send: Send) -> Row | None:
    if send.client_id is None:
        return None
    return await database.fetch_one(FIRST_WITH_KEY, (send.sender_id, send.client_id))
