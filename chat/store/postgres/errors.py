"""Which of PostgreSQL's errors pass by themselves. Others are faults of a statement."""

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, TimeoutError)
"""The errors of taking a connection. No statement can be at fault there."""
PASSING_CLASSES = (
    "08",  # the connection
    "53",  # no memory, no disk, no connection left
    "57",  # stopped by an operator, or by a time limit
    "58",  # an error of the system: a failing device
)
PASSING_STATES = frozenset(
    (
        "25006",  # read-only: a standby, in the middle of a failover
        "25P03",  # a transaction was idle for too long
        "40001",  # two transactions that contradict each other,
        "40P01",  # or that wait for each other
        "55P03",  # a lock could not be had
    )
)

LOST_COMMIT = "could not commit transaction for shard"
"""So the text begins with which Citus says that a server was lost while it committed."""
LOST_SERVER = ("XX000", (LOST_COMMIT, "failure on connection marked as essential"))
"""Citus gives no state of their own to these."""


def passes(error: Exception, connection: psycopg.AsyncConnection[object]) -> bool:
    """Whether the same statement may work a moment later.

    `OperationalError` alone does not say that: a statement with too many parameters raises it too,
    and so does a row that is too large for an index. So the state (SQLSTATE) decides. psycopg's own
    errors have no state; for them it counts whether the connection is broken, or what the server
    said just before: a pipeline that it has cut cannot be ended in order.
    """
    if isinstance(error, TimeoutError | PoolTimeout | PoolClosed):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:
        before = error.__context__
        if not connection.closed and isinstance(before, psycopg.Error) and before.sqlstate:
            return passes(before, connection)
        return connection.closed
    if state == LOST_SERVER[0]:
        return str(error).startswith(LOST_SERVER[1])
    return state.startswith(PASSING_CLASSES) or state in PASSING_STATES


def is_open(error: BaseException | None, connection: psycopg.AsyncConnection[object]) -> bool:
    """Whether nobody knows if a commit was carried out that ended with this error."""
    return connection.closed or str(error).startswith(LOST_COMMIT)
