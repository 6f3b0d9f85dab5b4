"""The servers that tests share, each started when a test first asks for it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from functools import wraps
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from chat.media import inspector
from tests.support.citus_cluster import CitusCluster, lack_of_citus
from tests.support.commands import run_command
from tests.support.http_client import PATIENCE
from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.pgbouncer_server import PgBouncerServer
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

HERE = Path(__file__).parent

# A deadline is a timing, as is how long inputs take to be made, and these machines are shared.
settings.register_profile("payam", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("payam")
inspector.PATIENCE = PATIENCE
"""Beside tests the process that looks at files gets little of a processor: it is a nice one."""

LONG = (
    "faults/test_faults.py",
    "contract/test_cli.py",
    "web/test_page.py",
    "test_starting.py",
    "contract/test_rights.py",
    "api/test_schemathesis.py",
    "web/test_composer.py",
    "faults/test_mechanisms.py",
    "web/test_reading.py",
    "web/",
    "faults/",
    "contract/test_push.py",
    "deploy/",
    "followers/",
    "loadtest/",
    "store/postgres/",
    "realtime/",
    "client/",
    "test_documents.py",
    "importing/",
    "api/",
    "store/",
    "api/test_generated_clients.py",
    "contract/test_close_codes.py",
    "contract/",
    "followers/test_live.py",
    "realtime/test_asyncapi.py",
)
"""Where the long test files are, in their order: of what names a file, the longest counts. Those of
faults are apart from each other, because each takes a core. What asks for the servers that are
shared comes last: each of them costs some hundredths of a core, also where nobody asks it anything.
"""

LONGEST = None if "FAULT_ROUNDS" in os.environ else 600.0
"""Seconds for one test, which only bound those that wait for what never comes. So all the others
still have their result.
"""

SHAPES = {
    "sqlite": "on_sqlite",
    "postgres-redis": "on_postgres",
    "two-workers": "two_workers",
}
if not lack_of_citus():
    SHAPES["citus"] = "on_citus"
ON_EACH_SHAPE = (
    "test_conversations.py",
    "test_everything.py",
    "test_history.py",
    "test_messages.py",
    "test_rights.py",
    "test_search.py",
    "test_seed.py",
    "test_sockets.py",
)
"""Here is every statement that has another plan where messages are in partitions, every route and
every frame. The other tests run on SQLite, and on PostgreSQL with two workers and partitions.
"""
MIGRATED = "payam_migrated"
PARTITIONED = "payam_partitioned"
PARTITIONS = 4
deployed: list[tuple[PostgresServer, str, str]] = []
"""The server, the database's URL and its template, of `on_postgres` and of `two_workers`, once a
test has asked for them.
"""
HERE_ALONE = "127.0.0.1"
"""Where webhooks of tests may be sent to."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the shapes on which a test of `deployment` runs, where it does not name them."""
    named = {mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")}
    named |= vars(metafunc.module).keys()
    if "deployment" in metafunc.fixturenames and "deployment" not in named:
        on_each = metafunc.definition.path.name in ON_EACH_SHAPE
        shapes = [shape for shape in SHAPES if on_each or shape != "postgres-redis"]
        metafunc.parametrize("deployment", shapes, indirect=True, scope="session")


def within_limit(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @wraps(test)
    async def limited(*arguments: Any, **named: Any) -> None:
        async with asyncio.timeout(LONGEST):
            await test(*arguments, **named)

    return limited


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files: no worker then ends long after the others. Give each test its
    limit.
    """
    for item in items:
        if isinstance(item, pytest.Function) and iscoroutinefunction(item.obj):
            item.obj = within_limit(item.obj)

    def place(item: pytest.Item) -> int:
        file = item.path.relative_to(HERE).as_posix()
        fitting = [start for start in LONG if file.startswith(start)]
        return LONG.index(max(fitting, key=len)) if fitting else len(LONG)

    items.sort(key=place)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A private Redis, with no deployment on it."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL cluster."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The name of a migrated database that nobody connects to: a `template` to copy."""
    url = postgres_server.create_database(MIGRATED)
    migrate(url, tmp_path_factory.mktemp("data"))
    return MIGRATED


@pytest.fixture(scope="session")
def partitioned_template(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The same, with messages in partitions."""
    url = postgres_server.create_database(PARTITIONED)
    migrate(url, tmp_path_factory.mktemp("data"), "--partitions", str(PARTITIONS))
    return PARTITIONED


def migrate(database_url: str, data_dir: Path, *options: str) -> None:
    settings = {"DATABASE_URL": database_url, "DATA_DIR": str(data_dir)}
    run_command("migrate", *options, settings=settings)


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer, migrated_template: str) -> str:
    """A migrated database, the same one for all the tests that ask."""
    return postgres_server.create_database(template=migrated_template)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def own_database(request: pytest.FixtureRequest) -> str:
    """A DATABASE_URL for this module alone: first SQLite's, which is empty, then PostgreSQL's, with
    messages in partitions.
    """
    if request.param == "sqlite":
        return ""
    template = request.getfixturevalue("partitioned_template")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.create_database(template=template)


@pytest.fixture(scope="session")
def on_sqlite() -> Iterator[PayamServer]:
    """One process that needs nothing else."""
    with PayamServer({"RATE_LIMITS": "off", "WEBHOOK_ALLOW": HERE_ALONE}) as server:
        yield server


@pytest.fixture(scope="session")
def on_postgres(postgres_server: PostgresServer, migrated_template: str) -> Iterator[PayamServer]:
    """One process on PostgreSQL and Redis."""
    database_url = postgres_server.create_database(template=migrated_template)
    deployed.append((postgres_server, database_url, migrated_template))
    yield from deploy(database_url, workers=1)


@pytest.fixture(scope="session")
def two_workers(
    postgres_server: PostgresServer, partitioned_template: str
) -> Iterator[PayamServer]:
    """Two processes on PostgreSQL and Redis. Messages are in partitions, and PgBouncer in
    transaction mode is between Payam and PostgreSQL.
    """
    database_url = postgres_server.create_database(template=partitioned_template)
    deployed.append((postgres_server, database_url, partitioned_template))
    with PgBouncerServer(postgres_server) as pooler:
        yield from deploy(pooler.before(database_url), workers=2)


@pytest.fixture(scope="session")
def on_citus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PayamServer]:
    """One process on a Citus cluster and Redis."""
    with CitusCluster() as cluster:
        database_url = cluster.create_database()
        migrate(database_url, tmp_path_factory.mktemp("data"), "--citus")
        yield from deploy(database_url, workers=1)


def deploy(database_url: str, *, workers: int) -> Iterator[PayamServer]:
    """A server with a Redis of its own: Redis shares channels between all its databases."""
    with RedisServer() as relay:
        settings = {
            "RATE_LIMITS": "off",
            "WEBHOOK_ALLOW": HERE_ALONE,
            "DATABASE_URL": database_url,
            "REDIS_URL": relay.url,
        }
        with PayamServer(settings, workers=workers) as server:
            yield server


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest) -> PayamServer:
    """A running server; a test that asks for it runs on several shapes.

    A test for one shape alone asks for `on_sqlite`, `on_postgres` or `two_workers`, and
    signs up with `async with People(two_workers) as people:`.
    """
    server: PayamServer = request.getfixturevalue(SHAPES[request.param])
    return server


@pytest.fixture
async def people(deployment: PayamServer) -> AsyncIterator[People]:
    """Signs people up on the deployment: `ali = await people("ali")`."""
    async with People(deployment) as everyone:
        yield everyone
    deployment.check_log()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the server's log beside a failure."""
    report = yield
    arguments = getattr(item, "funcargs", {}).values()
    if report.failed:
        for server in {value for value in arguments if isinstance(value, PayamServer)}:
            report.sections.append(("Payam's log, its end", server.log()[-4000:]))
    return report
