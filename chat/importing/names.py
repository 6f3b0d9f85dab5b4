"""Names of users. Two people never become one, whatever their names are.

1. A name that Payam allows, and that nobody has, stays as it is.
2. A name that folds like somebody else's, but is written otherwise (Ali and ali, علي and علی),
   stays too. Each of the two signs in by the name as it is written.
3. A name that somebody has exactly so, or that Payam does not allow, gets the user's old id behind
   it. What is not allowed in a name is left out, and a long name is cut.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from unicodedata import normalize

from chat.errors import InvalidInput, PayamError
from chat.importing.job import Note
from chat.services import checks
from chat.store.users import keys_of
from chat.text.names import NON_JOINER, key_of, may_be_in_a_name

ROOM = 30
"""Characters that are left for the id behind a name that is cut."""
TRIES = 3


class Named(NamedTuple):
    name: str
    key: str
    note: Note | None


class Names:
    """Gives names in one batch. `present` has the users that exist, by folded name."""

    def __init__(self, present: Mapping[str, Sequence[tuple[int, str]]]) -> None:
        self._present = {key: list(users) for key, users in present.items()}

    def give(self, old_id: int, new_id: int, written: str) -> Named:
        name = allowed(written)
        note = None
        if name is None or self._is_taken(name):
            reason = "is taken" if name else "is no name in Payam"
            name = self._another(written, old_id)
            note = f"user {old_id}: the name {short(written)} {reason}; it became {name!r}"
        others = self._present.setdefault(key_of(name), [])
        key, apart = keys_of(new_id, name)
        if others:
            if note is None:
                other_id, other = others[0]
                note = (
                    f"user {old_id}: the name {short(name)} reads like {other!r} of user"
                    f" {other_id} (new id); each signs in by the name as it is written"
                )
            key = apart
        others.append((new_id, name))
        return Named(name, key, None if note is None else Note("names", new_id, note))

    def _is_taken(self, name: str) -> bool:
        return any(one == name for _, one in self._present.get(key_of(name), ()))

    def _another(self, written: str, old_id: int) -> str:
        """A name with the user's old id, which nobody has."""
        for name in candidates(written, old_id):
            if key_of(name) not in self._present:
                return name
        raise PayamError(f"There is no free name for user {old_id}.")


def candidates(written: str, old_id: int) -> Iterator[str]:
    """Names for somebody whose own name cannot be, the best first."""
    most = checks.USERNAME_MAX_LENGTH - ROOM
    kept = "".join(c for c in normalize("NFC", written[:most]) if may_be_in_a_name(c))
    for number in range(1, TRIES + 1):
        ending = str(old_id) if number == 1 else f"{old_id}-{number}"
        for candidate in (f"{kept[:most].strip(NON_JOINER)}-{ending}", f"user-{ending}"):
            name = allowed(candidate)
            if name is not None and name != f"-{ending}":
                yield name


def keys_to_look_up(users: Iterable[tuple[int, str]]) -> set[str]:
    """The folded names that the users with these old ids and names may get."""
    keys = set()
    for old_id, written in users:
        keys.add(key_of(written[: checks.USERNAME_MAX_LENGTH]))
        keys.update(key_of(name) for name in candidates(written, old_id))
    return keys


def allowed(name: str) -> str | None:
    try:
        return checks.username(name)
    except InvalidInput:
        return None


def short(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:60] + "…")
