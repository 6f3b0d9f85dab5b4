"""Fills a seeded database with messages of Persian words, as frequent as words of a language are.

The texts are always the same. A few words are rare, and each of them is in its own messages alone.
"""

import random
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import accumulate
from pathlib import Path

import psycopg

from loadtest.crowd import Crowd

LETTERS = "بپتجچحخدذرزسشصطعغفقکگلمنوهی"
VOWELS = ("ا", "و", "ی", "")
WORDS = 20_000
RARE = "ژ"
"""A letter that only the rare words have."""
RARE_WORD = f"{RARE}ر{RARE}{RARE}ق {RARE}ک{RARE} {RARE}ل{RARE}"
RARE_EVERY = 50_000
"""One message of so many says it."""
CROWDED = 2_000
"""Conversations of the user who has many, where there are so many."""
TEXTS = 50_000
"""So many different texts; each message adds its number to one."""
PART = 100_000
GAP = 1_000_000

Row = tuple[int, int, int, str, int, int, int]


def texts() -> list[str]:
    """Three to twelve words each, the more frequent the earlier they were made."""
    chance = random.Random(1)  # noqa: S311 - the same each time
    words = []
    for _ in range(WORDS):
        syllables = chance.choices((1, 2, 3), (2, 5, 3))[0]
        words.append(
            "".join(chance.choice(LETTERS) + chance.choice(VOWELS) for _ in range(syllables))
        )
    weights = list(accumulate(1 / place for place in range(1, WORDS + 1)))
    lengths = range(3, 13)
    return [
        " ".join(chance.choices(words, cum_weights=weights, k=chance.choice(lengths)))
        for _ in range(TEXTS)
    ]


def rows(crowd: Crowd, messages: int) -> Iterator[Row]:
    """The conversations of a few members take turns; the last message was sent just now."""
    said = texts()
    began = time.time_ns() // 1000 - messages * GAP
    for number in range(messages):
        conversation = number % crowd.conversations + 2
        seq = number // crowd.conversations + 1
        sender = (conversation * crowd.members + seq % crowd.members) % crowd.users + 1
        # Not a divisor of the conversations' number: each has all kinds of texts.
        text = RARE_WORD if number % RARE_EVERY == RARE_EVERY // 2 else said[number * 7919 % TEXTS]
        moment = began + number * GAP
        yield number + 1, conversation, sender, f"{text} {number % 10_000}", moment, seq, seq


def fill(settings: Mapping[str, str], crowd: Crowd, messages: int) -> None:
    """Store so many messages, and let the user with the id 1 into many conversations.

    The database of these settings must have the crowd and no message.
    """
    many = min(CROWDED, crowd.conversations)
    step = crowd.conversations // many
    finish = [
        f"""
        INSERT INTO participants (conversation_id, user_id, is_active, last_read_id)
        SELECT c.id, 1, TRUE, 0 FROM conversations AS c
        WHERE c.id > 1 AND c.id % {step} = 0 AND NOT EXISTS
            (SELECT 1 FROM participants AS p WHERE p.conversation_id = c.id AND p.user_id = 1)
        """,  # noqa: S608 - of ours
        """
        UPDATE conversations SET participant_count =
            (SELECT count(*) FROM participants AS p
             WHERE p.conversation_id = conversations.id AND p.is_active)
        """,
        f"""
        UPDATE conversations SET
            seq = ({messages} - (id - 2) + {crowd.conversations} - 1) / {crowd.conversations},
            last_message_id = (({messages} - (id - 2) + {crowd.conversations} - 1)
                               / {crowd.conversations} - 1) * {crowd.conversations} + id - 1
        WHERE id > 1 AND id - 2 < {messages}
        """,  # noqa: S608 - of ours
    ]
    if "DATABASE_URL" in settings:
        _into_postgres(settings["DATABASE_URL"], rows(crowd, messages), finish)
    else:
        _into_sqlite(Path(settings["DATA_DIR"]) / "payam.sqlite3", rows(crowd, messages), finish)


COLUMNS = "id, conversation_id, sender_id, content, created_at, created_seq, seq"


def _into_postgres(url: str, given: Iterator[Row], finish: Sequence[str]) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        with server.cursor() as cursor, cursor.copy(f"COPY messages ({COLUMNS}) FROM STDIN") as to:
            for row in given:
                to.write_row(row)
        for statement in finish:
            server.execute(statement.encode())
        server.execute(
            "SELECT setval(pg_get_serial_sequence('messages', 'id'),"
            " (SELECT max(id) FROM messages))"
        )
        server.execute("VACUUM ANALYZE")


def _into_sqlite(path: Path, given: Iterator[Row], finish: Sequence[str]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")  # filling is not measured
        database.execute("BEGIN")
        insert = f"INSERT INTO messages ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        database.executemany(insert, given)
        for statement in finish:
            database.execute(statement)
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
