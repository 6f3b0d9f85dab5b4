"""The rooms of Synapse: made by itself once, and kept as a dump for the runs that follow.

One room costs Synapse a fifth of a second of a core, and one join a third of that. So the rooms are
made by several users at a time, and only in the first run.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from loadtest.peers.synapse.accounts import User, register

ROOMS = 1000
LIVELY = 100
"""How many rooms have all users. Messages are sent in these."""
USERS = 50
AT_ONCE = 6
READER, SENDER, LAST = 0, 1, USERS - 1
"""Users by their numbers. The last is in the lively rooms only."""


def name_of(number: int) -> str:
    return f"user{number}"


def make_rooms(
    url: str, secret: str, rooms: int = ROOMS, lively: int = LIVELY, users: int = USERS
) -> None:
    """Make the accounts, and so many rooms. Raises LoadFailed.

    The reader is in each, with the user who made it; all others are in the lively ones.
    """
    everybody = [register(url, name_of(number), secret) for number in range(users)]
    reader, others = everybody[READER], everybody[READER + 1 :]
    makers = others[:AT_ONCE]
    shares = [len(range(place, rooms, len(makers))) for place in range(len(makers))]

    def make(maker: User, share: int) -> list[str]:
        return [maker.make_room() for _ in range(share)]

    def enter(user: User, wanted: Sequence[str]) -> None:
        already = set(user.rooms())
        for room in wanted:
            if room not in already:
                user.join(room)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = [room for some in pool.map(make, makers, shares) for room in some]
        rest = [(user, turned(made[:lively], number)) for number, user in enumerate(others)]
        joining = [pool.submit(enter, user, wanted) for user, wanted in [(reader, made), *rest]]
        for one in joining:
            one.result()


def turned(rooms: Sequence[str], number: int) -> list[str]:
    """The same from another place on: joins of one room wait for each other."""
    start = number * len(rooms) // USERS
    return [*rooms[start:], *rooms[:start]]
