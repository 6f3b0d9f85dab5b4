"""Statements for a Citus cluster, where a conversation is on one server with what belongs to it.

Citus sends a statement to one server as a whole if the planner finds the conversation in it as a
constant, for each divided table. So lists of ids are written into the statement. It is planned
anew each time, and nothing is prepared.

The coordinator numbers the transactions and has the clock: a server with shards has others. So
what is asked of these (`stamp`, `horizon`, `incarnation`, `moment`) is asked of the coordinator
before the statement, and written into it too.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from chat.store.postgres.dialect import STAMP, Postgres

FORM = "citus"
"""What `Reads.form` is in a cluster."""
HAS_CITUS = "SELECT pg_backend_pid(), to_regclass('pg_dist_partition') IS NOT NULL"
IS_DIVIDED = "SELECT 1 FROM pg_dist_partition WHERE logicalrelid = to_regclass('conversations')"
SETTINGS = "SET jit = off; SET citus.multi_shard_modify_mode = sequential"
"""The database has the second one as well, if this release divided it."""
# A transaction keeps the lock on its number until all servers have committed. Before that, a
# snapshot may have it among those that ended. LAST is above every number that is in use.
LAST = "(CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) + 2147483648)"
MOMENT = f"""
    SELECT least({Postgres.horizon}, (
        SELECT min({LAST} - mod({LAST} - CAST(CAST(transactionid AS text) AS bigint), 4294967296))
        FROM pg_locks WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock'
    )), {Postgres.incarnation}, {Postgres.moment}
"""  # noqa: S608 - of ours
LOCK = "SELECT seq FROM conversations WHERE id = ? FOR UPDATE"
TOUCH = f"UPDATE conversations SET changed = {STAMP} WHERE id IN ({Postgres.ids})"  # noqa: S608 - of ours
# One statement cannot lock rows of several servers. Instead, those who would lock rows for the
# same purpose take turns.
LOCKS = re.compile(r"FOR UPDATE OF \w+ SKIP LOCKED\s*$")
TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))"
AMONG = f"IN ({Postgres.ids})"
LISTS = re.compile("|".join(map(re.escape, (AMONG, Postgres.ids, Postgres.pairs))))

_ids = msgspec.json.Decoder(list[int]).decode
_pairs = msgspec.json.Decoder(list[tuple[int, int]]).decode


def asks_moment(sql: str) -> bool:
    """Whether the answer of MOMENT has to be written into the statement."""
    return any(part in sql for part in (Postgres.horizon, Postgres.incarnation, Postgres.moment))


def at_moment(sql: str, horizon: int, incarnation: str | None, moment: int) -> str:
    name = "CAST(NULL AS text)" if incarnation is None else f"CAST('{incarnation}' AS text)"
    return (
        sql.replace(Postgres.horizon, str(horizon))
        .replace(Postgres.incarnation, name)
        .replace(Postgres.moment, str(moment))
    )


def stamped(sql: str, stamp: int) -> str:
    return sql.replace(STAMP, str(stamp))


def without_locks(sql: str, parameters: Sequence[Any]) -> tuple[str, str]:
    """The statement without SKIP LOCKED, and the purpose of its locks: "" if it has none."""
    unlocked, is_locking = LOCKS.subn("", sql)
    return unlocked, f"{' '.join(unlocked.split())[:60]} {parameters[0]}" if is_locking else ""


def with_lists(sql: str, parameters: Sequence[Any]) -> tuple[str, list[Any]]:
    """Write the lists of ids and of pairs, which are parameters, into the statement."""
    rest = list(parameters)
    written: list[str] = []
    end = place = 0
    for match in LISTS.finditer(sql):
        before = sql[end : match.start()]
        place += before.count("?")
        written += [before, WRITERS[match[0]](rest.pop(place))]
        end = match.end()
    return "".join([*written, sql[end:]]), rest


def among(given: str) -> str:
    return f"= ANY ('{brackets(_ids(given))}'::bigint[])"


def ids(given: str) -> str:
    return f"SELECT unnest('{brackets(_ids(given))}'::bigint[])"


def pairs(given: str) -> str:
    values = _pairs(given)
    if len(values) == 1:  # constants, which the planner puts wherever the columns are named
        ((one, two),) = values
        return f"SELECT {one}::bigint AS one, {two}::bigint AS two"
    ones, twos = brackets(one for one, _ in values), brackets(two for _, two in values)
    lists = f"'{ones}'::bigint[], '{twos}'::bigint[]"
    return f"SELECT one, two FROM unnest({lists}) AS l (one, two)"  # noqa: S608 - numbers


def brackets(values: Iterable[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


WRITERS = {AMONG: among, Postgres.ids: ids, Postgres.pairs: pairs}
