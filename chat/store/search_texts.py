"""What search looks in: for each message that is not deleted, the key of its text.

The follower `search` keeps it. What it has not handled yet can be read beside it, so search need
not wait for it.
"""

from collections.abc import AsyncIterator, Collection, Sequence

import msgspec
from msgspec import Struct

from chat.store.database import Reads, Transaction, listed
from chat.store.spans import Span
from chat.text import pace

FOLLOWER = "search"
ITEM = "m.conversation_id, m.id, m.sender_id, m.content, CASE WHEN m.is_deleted THEN 1 ELSE 0 END"
LETTERS = 16_000
"""After folding so many, the event loop may go on: a few milliseconds."""
SHORT = 40
"""What comes with each text costs as much as so many letters."""
CHANGED = "'message.edited', 'message.deleted'"
# One text for all: rows of their own would take the interpreter's lock from senders, row by row.
READ = {
    "sqlite": f"""
        WITH spans AS MATERIALIZED (
            SELECT json_extract(value, '$[0]') AS one, json_extract(value, '$[1]') AS after,
                   json_extract(value, '$[2]') AS upto FROM json_each(?)
        )
        SELECT json_group_array(json(item)) FROM (
            SELECT json_array({ITEM}) AS item FROM spans CROSS JOIN messages AS m
            WHERE m.conversation_id = one AND m.created_seq > after AND m.created_seq <= upto
            UNION ALL
            SELECT json_array({ITEM}) FROM spans CROSS JOIN changes AS l CROSS JOIN messages AS m
            WHERE l.conversation_id = one AND l.seq > after AND l.seq <= upto
              AND l.kind IN ({CHANGED}) AND m.conversation_id = one AND m.id = l.subject_id
        )
    """,  # noqa: S608 - of ours
    "postgresql": f"""
        WITH spans AS MATERIALIZED (
            SELECT CAST(value ->> 0 AS bigint) AS one, CAST(value ->> 1 AS bigint) AS after,
                   CAST(value ->> 2 AS bigint) AS upto
            FROM json_array_elements(CAST(? AS json))
        )
        SELECT CAST(coalesce(json_agg(item), '[]') AS text) FROM (
            SELECT found.item FROM spans CROSS JOIN LATERAL (
                SELECT json_build_array({ITEM}) AS item FROM messages AS m
                WHERE m.conversation_id = one AND m.created_seq > after AND m.created_seq <= upto
                OFFSET 0) AS found
            UNION ALL
            SELECT found.item FROM spans CROSS JOIN LATERAL (
                SELECT json_build_array({ITEM}) AS item
                FROM changes AS l JOIN messages AS m
                  ON m.conversation_id = l.conversation_id AND m.id = l.subject_id
                WHERE l.conversation_id = one AND l.seq > after AND l.seq <= upto
                  AND l.kind IN ({CHANGED})
                OFFSET 0) AS found
        ) AS items
    """,  # noqa: S608 - of ours
}
# For one span, where conversations are divided among servers.
READ_ONE = f"""
    SELECT CAST(coalesce(json_agg(item), '[]') AS text) FROM (
        SELECT json_build_array({ITEM}) AS item FROM messages AS m
        WHERE m.conversation_id = ? AND m.created_seq > ? AND m.created_seq <= ?
        UNION ALL
        SELECT json_build_array({ITEM}) FROM changes AS l JOIN messages AS m
          ON m.conversation_id = l.conversation_id AND m.id = l.subject_id
        WHERE l.conversation_id = ? AND l.seq > ? AND l.seq <= ? AND l.kind IN ({CHANGED})
    ) AS items
"""  # noqa: S608 - of ours
KEEP = {
    "sqlite": """
        INSERT INTO search_texts (conversation_id, message_id, sender_id, folded)
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),
               json_extract(value, '$[2]'), json_extract(value, '$[3]')
        FROM json_each(?) WHERE true
    """,
    # Columns of their own: taking each row apart would cost a tenth of all that indexing costs.
    "postgresql": """
        INSERT INTO search_texts (conversation_id, message_id, sender_id, folded)
        SELECT * FROM ROWS FROM (
            unnest(CAST(translate(?, '[]', '{}') AS bigint[])),
            unnest(CAST(translate(?, '[]', '{}') AS bigint[])),
            unnest(CAST(translate(?, '[]', '{}') AS bigint[])),
            json_array_elements_text(CAST(? AS json))
        ) AS given
    """,
}
AGAIN = """
    ON CONFLICT (conversation_id, message_id) DO UPDATE SET folded = excluded.folded
    WHERE search_texts.folded <> excluded.folded
"""


class Text(Struct, frozen=True):
    """`folded` is the key of a message's text: see `chat.text.searching`."""

    conversation_id: int
    message_id: int
    sender_id: int
    folded: str


class Said(Struct, frozen=True, array_like=True):
    """What a message says now."""

    conversation_id: int
    message_id: int
    sender_id: int
    content: str
    is_deleted: int


_said = msgspec.json.Decoder(list[Said]).decode


async def said(reads: Reads, spans: Sequence[Span]) -> list[Said]:
    """The messages that were sent or changed in these spans; one may come twice."""
    if reads.form == "citus":
        texts = [(await reads.fetch(READ_ONE, span[:3] * 2))[0][0] for span in spans]
        return [said for text in texts for said in _said(text)]
    wanted = msgspec.json.encode([span[:3] for span in spans]).decode()
    ((text,),) = await reads.fetch(READ[reads.dialect], (wanted,))
    return _said(text)


def in_turns(messages: Sequence[Said]) -> AsyncIterator[Said]:
    """Each of them, for whoever folds their texts. The event loop goes on after LETTERS."""
    return pace.in_turns(messages, lambda one: SHORT + len(one.content), LETTERS)


async def keep(transaction: Transaction, texts: Sequence[Text]) -> None:
    """From now on these are found, by what they say now."""
    if texts:
        rows = [(one.conversation_id, one.message_id, one.sender_id, one.folded) for one in texts]
        given = [rows] if transaction.dialect == "sqlite" else zip(*rows, strict=True)
        parameters = [msgspec.json.encode(list(part)).decode() for part in given]
        await transaction.execute(KEEP[transaction.dialect] + AGAIN, parameters)


async def forget(transaction: Transaction, places: Collection[tuple[int, int]]) -> None:
    """From now on these (conversation, message) are not found."""
    if places:
        await transaction.execute(
            f"""
            DELETE FROM search_texts WHERE (conversation_id, message_id) IN (
                SELECT one, two FROM ({transaction.pairs}) AS gone)
            """,  # noqa: S608 - of ours
            (listed(places),),
        )
