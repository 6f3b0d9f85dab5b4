"""How long a database waits for what may not come. A test gives shorter times."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds."""

    connection: float = 2.0
    """PostgreSQL: most that a request waits for a connection before it is refused."""
    fresh: float = 1.0
    """PostgreSQL: for so long after its last use a silent connection counts as alive."""
    read: float = 10.0
    """PostgreSQL: after that a read fails, and its connection is closed. A network that drops
    packets gives no other sign.
    """
    lock: float = 5.0
    """SQLite: most that a write waits for another process's write transaction."""
    checkpoint: float = 1.0
    """SQLite: from a commit to the checkpoint that moves it from the log into the file."""


PATIENCE = Patience()
