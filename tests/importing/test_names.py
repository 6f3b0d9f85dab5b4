"""Names of imported users: nobody becomes somebody else, and nobody is left without a name."""

from hypothesis import given
from hypothesis import strategies as st

from chat.errors import InvalidInput
from chat.importing.names import Names, keys_to_look_up
from chat.services import checks
from chat.store.users import keys_of

letters = st.text(st.sampled_from("aAbي یکكۀ\u200c@ (#-12\0é"), max_size=6)
names = st.one_of(letters, st.text(max_size=200), st.just("a" * 149), st.just("A" * 160))


@given(st.lists(names, max_size=12), st.lists(letters, max_size=4))
def test_each_gets_a_name_and_a_key_of_their_own(
    written: list[str], there_before: list[str]
) -> None:
    """Whatever names there are, twice or otherwise strange: names and keys are all different."""
    present: dict[str, list[tuple[int, str]]] = {}
    taken, keys = set(), set()
    for id_, name in enumerate(there_before, 1000):
        try:
            valid = checks.username(name)
        except InvalidInput:
            continue
        key, apart = keys_of(id_, valid)
        if valid in taken:
            continue
        keys.add(apart if key in present else key)
        present.setdefault(key, []).append((id_, valid))
        taken.add(valid)
    people = list(enumerate(written, 1))
    looked_up = {key: users for key, users in present.items() if key in keys_to_look_up(people)}
    giving = Names(looked_up)
    for old_id, name in people:
        named = giving.give(old_id, old_id, name)
        assert checks.username(named.name) == named.name
        assert named.key in keys_of(old_id, named.name)
        assert named.name not in taken
        assert named.key not in keys
        assert named.note is not None or named.name == checks.username(name)
        taken.add(named.name)
        keys.add(named.key)


def test_what_is_fine_stays_and_what_is_not_is_named() -> None:
    """The new name has the old one in it, where that can be."""
    giving = Names({"ali": [(1, "ali")]})
    given = {
        name: giving.give(id_, id_, name)
        for id_, name in enumerate(["sara", "ali", "Ali", "a b", "", "x" * 151, "ali-3"], 2)
    }
    assert {written: named.name for written, named in given.items()} == {
        "sara": "sara",
        "ali": "ali-3",
        "Ali": "Ali",
        "a b": "ab-5",
        "": "user-6",
        "x" * 151: "x" * 120 + "-7",
        "ali-3": "ali-3-8",
    }
    assert given["sara"].note is None
    assert all(named.note for written, named in given.items() if written != "sara")
