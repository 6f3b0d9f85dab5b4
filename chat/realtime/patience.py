"""How long the sockets' side waits, and how often it asks again. A test gives shorter times."""

from dataclasses import dataclass

RETRY_SECONDS = 0.5
"""While the database is away: from one question to the next."""


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds."""

    retry: float = RETRY_SECONDS
    in_vain: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0)
    """Pauses after the database did not have what the relay announced. The last one is used for
    all later tries.
    """
    strange: float = 0.5
    """Between two questions to the database because of news that cannot be believed."""
    reader: float = 30.0
    """Most that a client may take to read a part of what it missed."""


PATIENCE = Patience()
