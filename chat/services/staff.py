"""Who may look after other people's accounts and conversations: staff, and the operator."""

import logging

from chat import metrics
from chat.auth.identity import Identity
from chat.errors import Forbidden
from chat.store import users
from chat.store.database import Reads

log = logging.getLogger("payam.accounts")


async def require_staff(reads: Reads, who: Identity | None) -> int | None:
    """The id of the caller, according to the database. None stands for the operator, on the
    command line, in both. Raises Forbidden for everybody else.
    """
    if who is None:
        return None
    if await users.staff_member(reads, who.user_id) is None:
        raise not_staff()
    return who.user_id


def say_act(actor: int | None, kind: str, what: str) -> None:
    """Log what staff did, and count it."""
    metrics.staff_acts.labels(kind).inc()
    log.info("%s: %s, by %s", kind, what, "the operator" if actor is None else f"user {actor}")


def not_staff() -> Forbidden:
    return Forbidden("Only staff may do this.")
