"""A database of Synapse that is filled once, and restored into an empty one for each run."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg

from loadtest.peers.backing import Backing


def restore(backing: Backing, dump: Path, database: str, fill: Callable[[str], None]) -> None:
    """Bring what is kept in `dump` into the empty database.

    If nothing is kept yet, `fill` first fills another one, which is dumped.
    """
    binaries = backing.postgres.binaries
    if not dump.exists():
        with backing.database() as fresh:
            fill(fresh)
            unfinished = dump.with_suffix(".unfinished")
            dumping = [str(binaries / "pg_dump"), "--format=custom", f"--file={unfinished}", fresh]
            subprocess.run(dumping, check=True)
            unfinished.rename(dump)
    restoring = [str(binaries / "pg_restore"), "--no-owner", f"--dbname={database}", str(dump)]
    subprocess.run(restoring, check=True)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")  # a restored database has no statistics
