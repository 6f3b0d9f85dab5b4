"""Each file of the contract's tests also holds the statements that it had run to their shape."""

from collections.abc import Iterator
from functools import cache

import pytest

from chat.store.postgres.citus import CONVERSATIONS, DIVIDED
from tests.conftest import deployed
from tests.store.conftest import migrated_file
from tests.support.commands import run_command
from tests.support.postgres_server import PostgresServer
from tests.support.refusals import refusals
from tests.support.shards import faults

__all__ = ["migrated_file"]

ALL_DIVIDED = frozenset((CONVERSATIONS, *DIVIDED))


@pytest.fixture(scope="module", autouse=True)
def statements_name_their_conversation() -> Iterator[None]:
    """What Payam asks PostgreSQL names the conversation, or is among those that may ask all shards.
    Citus refuses none of it.

    Only what this file's tests had asked counts, because other tests look into the database
    themselves.
    """
    for server, *_ in deployed:
        server.forget_statements()
    yield
    for server, url, template in deployed:
        statements = server.statements(url)
        found = faults(statements, ALL_DIVIDED)
        if found:
            looked = of_doctor(server, template)
            found = [one for one in found if one not in looked]
        assert found == []
        assert refusals(statements, ALL_DIVIDED) == []


@cache
def of_doctor(server: PostgresServer, template: str) -> list[str]:
    """The faults of `doctor`, which some of these tests run. It looks through everything."""
    url = server.create_database(template=template)
    run_command("doctor", settings={"DATABASE_URL": url})
    return faults(server.statements(url), ALL_DIVIDED)
