"""The private PostgreSQL and Redis behind the servers of a comparison.

They come from `tests.support`. `compare` runs only in a checkout anyway, because it starts Payam
from it, so the code that starts PostgreSQL need not exist twice.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer


@dataclass(frozen=True)
class Backing:
    """What every server that stores needs, and the key of all tokens."""

    postgres: PostgresServer
    redis: RedisServer
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database, dropped at the end."""
        url = self.postgres.create_database()
        try:
            yield url
        finally:
            self.postgres.drop_database(url.rpartition("/")[2])


@contextmanager
def backing() -> Iterator[Backing]:
    """Start both. PostgreSQL commits to the disk, which is its default."""
    with PostgresServer(fsync=True) as postgres, RedisServer() as redis:
        yield Backing(postgres, redis)
