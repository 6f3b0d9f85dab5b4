"""Each file of the contract's tests also holds the statements that it had run to their shape."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import MIGRATED, deployed
from tests.support.commands import run_command
from tests.support.postgres_server import PostgresServer
from tests.support.shards import CONVERSATIONS, DIVISIBLE, faults


@pytest.fixture(scope="module", autouse=True)
def statements_name_their_conversation() -> Iterator[None]:
    """What Payam asks PostgreSQL names the conversation, or is among those that may ask all shards.

    Only what this file's tests had asked counts, because other tests look into the database
    themselves.
    """
    for server, _ in deployed:
        server.forget_statements()
    yield
    for server, url in deployed:
        with psycopg.connect(url) as connection:
            divided = {name for (name,) in connection.execute(DIVISIBLE)} | {CONVERSATIONS}
        found = faults(server.statements(url), divided)
        if found:
            looked = faults(of_doctor(server), divided)
            found = [one for one in found if one not in looked]
        assert found == []


def of_doctor(server: PostgresServer) -> list[str]:
    """The statements of `doctor`, which some of these tests run. It looks through everything."""
    url = server.create_database(template=MIGRATED)
    run_command("doctor", settings={"DATABASE_URL": url})
    return server.statements(url)
