"""`migrate --citus`: what it refuses, and what it makes where Citus can be had."""

from pathlib import Path

import psycopg
import pytest

from chat.errors import OutcomeUnknown, Unavailable
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
from tests.store.world import opened
from tests.support.commands import command
from tests.support.postgres_server import PostgresServer
from tests.support.shards import DIVISIBLE


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


LOST = """
    CREATE FUNCTION lost() RETURNS trigger AS $$
    BEGIN RAISE EXCEPTION '%', tg_argv[0] USING ERRCODE = 'XX000'; END $$ LANGUAGE plpgsql;
    CREATE CONSTRAINT TRIGGER lost AFTER INSERT ON schema_migrations
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION lost('{says}');
"""


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ("could not commit transaction for shard 7 on at least one active node", OutcomeUnknown),
        ("failure on connection marked as essential: one:5432", Unavailable),
        ("a fault", psycopg.errors.InternalError_),
    ],
)
async def test_a_server_that_is_lost_in_a_commit_is_no_fault(
    postgres_server: PostgresServer, migrated_template: str, says: str, error: type[Exception]
) -> None:
    """Nobody knows then whether it is stored."""
    url = postgres_server.create_database(template=migrated_template)
    with psycopg.connect(url) as connection:
        connection.execute(LOST.format(says=says).encode())
    async with opened(url) as database:
        with pytest.raises(error) as caught:
            async with database.transaction() as transaction:
                await transaction.execute("INSERT INTO schema_migrations (name) VALUES ('lost')")
        assert type(caught.value) is error
