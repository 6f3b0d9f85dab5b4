"""The change numbers that a client names as its position: read, or refused by name."""

from chat.errors import InvalidInput
from chat.records import ID_MAX

DIGITS = len(str(ID_MAX))


def seq_of(given: object, field: str = "since") -> int:
    """Raises InvalidInput for what is no change number."""
    if not isinstance(given, int) or not 0 <= given <= ID_MAX:
        raise InvalidInput({field: [f"A whole number from 0 to {ID_MAX}."]})
    return given


def seq_in(text: str) -> int:
    """The same of a parameter in the URL."""
    is_short = text.isascii() and text.isdigit() and len(text) <= DIGITS
    return seq_of(int(text) if is_short else None)


def positions_of(since: int | dict[str, int] | None) -> dict[int, int] | None:
    """The client's positions by conversation. Raises InvalidInput."""
    if since is None:
        return None
    if not isinstance(since, dict):
        raise InvalidInput({"since": ["Change numbers by conversation, or name a `conversation`."]})
    found: dict[int, int] = {}
    for name, seq in since.items():
        is_id = name.isascii() and name.isdigit() and len(name) <= DIGITS
        # One that begins with 0 could name the same conversation twice.
        if not is_id or name.startswith("0") or int(name) > ID_MAX:
            raise InvalidInput({"since": [f"Names conversations by their ids, 1 to {ID_MAX}."]})
        found[int(name)] = seq_of(seq, f"since.{name}")
    return found
