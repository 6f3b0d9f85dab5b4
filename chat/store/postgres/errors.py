"""Which of PostgreSQL's errors pass by themselves; others are faults of a statement."""

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, TimeoutError)
"""What it may be where a connection is asked for, and no statement of ours is at fault."""
PASSING_CLASSES = (
    "08",  # the connection
    "53",  # no memory, no disk, no connection left
    "57",  # an operator's stop, or a limit of time
    "58",  # the system under it: a failing device
)
PASSING_STATES = frozenset(
    (
        "25006",  # read-only: a standby, in the middle of a failover
        "25P03",  # a transaction was idle for too long
        "40001",  # two transactions that cannot both be,
        "40P01",  # or wait for each other
        "55P03",  # a lock was not to be had
    )
)


def passes(error: Exception, connection: psycopg.AsyncConnection[object]) -> bool:
    """Whether the same statement may work a moment later.

    `OperationalError` alone does not say so: it is also a statement with too many parameters, or
    a row too large for an index. Errors of psycopg's own have no state: those of a connection
    that broke are told by that.
    """
    if isinstance(error, TimeoutError | PoolTimeout | PoolClosed):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:
        return connection.closed
    return state.startswith(PASSING_CLASSES) or state in PASSING_STATES
