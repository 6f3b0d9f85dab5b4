"""`migrate --citus`: what it refuses, and what it makes where Citus can be had."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chat.store.models import TABLES
from chat.store.postgres.citus import AT_COORDINATOR, DIVIDED, REKEYED
from chat.store.postgres.citus_statements import (
    asks_moment,
    at_moment,
    stamped,
    with_lists,
    without_locks,
)
from chat.store.postgres.dialect import STAMP, Postgres
from tests.store.world import conversation, draft, opened, pair, sent, stored
from tests.support.citus_cluster import CitusCluster, lack_of_citus
from tests.support.commands import command
from tests.support.postgres_server import PostgresServer
from tests.support.shards import DIVISIBLE

TYPES = "SELECT CAST(citus_table_type AS text), CAST(table_name AS text) FROM citus_tables"


def test_each_table_that_can_be_divided_is(postgres_url: str) -> None:
    """A new table whose keys have the conversation belongs to DIVIDED."""
    with psycopg.connect(postgres_url) as connection:
        divisible = {name for (name,) in connection.execute(DIVISIBLE)}
    assert divisible | set(REKEYED) == set(DIVIDED)
    tables = {model._meta.table_name for model in TABLES}
    assert tables > {*DIVIDED, *AT_COORDINATOR}


def test_it_needs_citus(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """What it says names what to do, and nothing is made."""
    url = postgres_server.create_database()
    said = command("migrate", "--citus", settings={"DATABASE_URL": url, "DATA_DIR": str(tmp_path)})
    assert said.status == 1
    assert "CREATE EXTENSION citus" in said.complaint
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('users')").fetchone() == (None,)


def test_sqlite_has_no_citus(tmp_path: Path) -> None:
    said = command("migrate", "--citus", settings={"DATA_DIR": str(tmp_path)})
    assert said.status == 1
    assert "this database is SQLite" in said.complaint


def test_lists_are_written_into_a_statement() -> None:
    """So the planner knows the conversations. A pair alone becomes two constants."""
    sql = f"SELECT ? FROM ({Postgres.pairs}) AS p WHERE a = ? AND b IN ({Postgres.ids}) AND c = ?"  # noqa: S608 - of ours
    written, rest = with_lists(sql, ("x", "[[7,8]]", "y", "[1,2]", "z"))
    assert written == (
        "SELECT ? FROM (SELECT 7::bigint AS one, 8::bigint AS two) AS p"
        " WHERE a = ? AND b = ANY ('{1,2}'::bigint[]) AND c = ?"
    )
    assert rest == ["x", "y", "z"]
    several, rest = with_lists(f"{Postgres.pairs} {Postgres.ids}", ("[[7,8],[9,10]]", "[]"))
    assert "unnest('{7,9}'::bigint[], '{8,10}'::bigint[])" in several
    assert several.endswith("SELECT unnest('{}'::bigint[])")
    assert rest == []
    assert with_lists("SELECT ?", (1,)) == ("SELECT ?", [1])


def test_what_the_coordinator_says_is_written_into_a_statement() -> None:
    sql = f"SELECT {Postgres.horizon}, {Postgres.incarnation}, {Postgres.moment}"
    assert asks_moment(sql)
    assert at_moment(sql, 5, "a1", 6) == "SELECT 5, CAST('a1' AS text), 6"
    assert at_moment(Postgres.incarnation, 5, None, 6) == "CAST(NULL AS text)"
    assert stamped(f"SET changed = {STAMP}", 9) == "SET changed = 9"
    assert not asks_moment("SELECT 1")


def test_who_would_lock_rows_of_several_servers_takes_a_turn() -> None:
    sql = "SELECT 1 FROM positions AS p WHERE p.follower = ? FOR UPDATE OF p SKIP LOCKED"
    unlocked, purpose = without_locks(sql, ("search",))
    assert unlocked == "SELECT 1 FROM positions AS p WHERE p.follower = ? "
    assert purpose != without_locks(sql, ("push",))[1]
    assert without_locks("SELECT 1 FOR UPDATE", ()) == ("SELECT 1 FOR UPDATE", "")


@pytest.fixture(scope="module")
def cluster() -> Iterator[CitusCluster]:
    if lack := lack_of_citus():
        pytest.skip(lack)
    with CitusCluster() as cluster:
        yield cluster


async def test_conversations_are_divided(cluster: CitusCluster, tmp_path: Path) -> None:
    """Messages of conversations that are on several servers are stored in order."""
    url = cluster.create_database()
    settings = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path)}
    assert command("migrate", "--citus", settings=settings).status == 0
    assert command("migrate", "--citus", settings=settings).printed == "nothing to apply\n"
    with psycopg.connect(url) as connection:
        types = connection.execute(TYPES).fetchall()
    divided = {name for kind, name in types if kind == "distributed"}
    assert divided == {"conversations", *DIVIDED}
    assert ("reference", "users") in types
    async with opened(url) as database:
        assert database.form == "citus"
        talk, ali, sara = await pair(database)
        talks = [talk, *[await conversation(database, ali, sara) for _ in range(4)]]
        await database.store_sends([draft(one, ali, f"{n}") for n in range(3) for one in talks])
        for one in talks:
            await sent(database, one, sara, "last")
            found = await stored(database, one)
            assert [(seq, content) for _, seq, content in found] == [
                (1, "0"),
                (2, "1"),
                (3, "2"),
                (4, "last"),
            ]
    refused = command("migrate", "--citus", "--partitions", "4", settings=settings)
    assert refused.status == 1
