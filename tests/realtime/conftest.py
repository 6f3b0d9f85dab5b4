"""Nodes on which tests of this folder look at what comes while something waits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from tests.realtime.nodes import Nodes, Talk, one_node, two_nodes
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

SECRET = "a secret that is long enough for everybody"


@pytest.fixture(scope="module", params=["one", "two"])
def nodes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nodes]:
    """One node on SQLite, or two on PostgreSQL and Redis."""
    folder = tmp_path_factory.mktemp("nodes")
    if request.param == "one":
        with one_node(Settings(data_dir=folder, rate_limits=False)) as alone:
            yield alone
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    template: str = request.getfixturevalue("migrated_template")
    with RedisServer() as redis:
        each = Settings(
            data_dir=folder,
            rate_limits=False,
            jwt_secret=SECRET,
            database_url=server.create_database(template=template),
            redis_url=redis.url,
            database_pool_size=20,
        )
        with two_nodes(each, each) as both:
            yield both


@pytest.fixture
def talk(nodes: Nodes) -> Talk:
    return Talk(nodes)


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Nodes]:
    """A node where a user may have five sockets, and which stops quickly."""
    settings = Settings(data_dir=tmp_path, max_connections=5, graceful_timeout=4)
    with one_node(settings) as alone:
        yield alone
