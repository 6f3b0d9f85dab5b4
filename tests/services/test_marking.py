"""Marking where a text stands in what was found."""

from chat.records import NOTHING, Message, User
from chat.services.marking import LETTERS, marked
from tests.support.turns import counted


def message(id_: int, content: str) -> Message:
    moment, none = "2026-01-31T08:00:00Z", list[User]()
    flags = (True, False, False)
    return Message(
        id_, User(1, "ali"), content, moment, *flags, id_, [], none, [], None, 0, NOTHING
    )


async def test_the_event_loop_goes_on_between_long_messages() -> None:
    """All stay in their order, without those that do not contain the text any more."""
    long = "سلام " * (LETTERS // 10)
    given = [(7, message(n, long if n % 2 else "other " + long[:-1] + "!")) for n in range(12)]
    async with counted() as turns:
        found = await marked([*given, (8, message(12, "nothing"))], "سلام")
    assert [(one.conversation, one.message.id) for one in found] == [(7, n) for n in range(12)]
    assert len(found[0].matches) == LETTERS // 10
    assert turns.count >= 4
