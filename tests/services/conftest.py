"""A database for each test, on SQLite and on PostgreSQL, as the store's tests have it."""

from tests.services.desk_world import desk
from tests.store.conftest import (
    database,
    database_url,
    dialect,
    migrated_file,
    other_node,
    shared_url,
)

__all__ = [
    "database",
    "database_url",
    "desk",
    "dialect",
    "migrated_file",
    "other_node",
    "shared_url",
]
