"""Users and sign-ins: unique names, search by prefix, families of tokens."""

import asyncio

import pytest
from structlog.contextvars import bound_contextvars

from chat import records
from chat.store import devices, token_families, users
from chat.store.database import Database
from chat.store.devices import Address
from chat.text.names import key_of
from chat.times import now
from tests.api.statements import Counter
from tests.store.world import user


async def found(database: Database, prefix: str, limit: int = 20) -> list[str]:
    return [one.username for one in await users.search(database, 0, prefix, limit)]


@pytest.mark.parametrize(
    ("taken", "wanted"), [("Ali", "aLI"), ("STRASSE", "straße"), ("Åsa", "Åsa"), ("ﬁx", "fix")]
)
async def test_names_that_differ_in_form_only_are_one(
    database: Database, taken: str, wanted: str
) -> None:
    """Letter case and compatibility forms do not make another name; sign-in finds it."""
    user_id = await user(database, taken)
    async with database.transaction() as transaction:
        assert await users.create(transaction, database, wanted) is None
    account = await users.by_username(database, wanted)
    assert account is not None
    assert (account.id, account.username) == (user_id, taken)


async def test_an_account_is_found_by_each_of_its_names(database: Database) -> None:
    """With everything that the server knows of it; None for what nobody has."""
    async with database.transaction() as transaction:
        user_id = await users.create(
            transaction, database, "Ali", password_hash="hash", external_id="x|1", is_staff=True
        )
        assert await users.any_exist(transaction)
    assert user_id is not None
    account = users.Account(user_id, "Ali", True, "hash", "x|1")
    assert await users.by_id(database, user_id) == account
    assert await users.by_external_id(database, "x|1") == account
    assert await users.of_subject(database, "x|1", 0) == [account]
    assert await users.of_subject(database, "", user_id) == [account]
    assert await users.by_id(database, user_id + 1) is None
    assert await users.by_external_id(database, "x|2") is None
    assert await users.by_ids(database, [user_id + 1, user_id]) == [records.User(user_id, "Ali")]


async def test_an_external_id_is_one_users(database: Database) -> None:
    """A second user of it is not made; many may have none."""
    async with database.transaction() as transaction:
        assert await users.create(transaction, database, "a", external_id="x|1")
        assert await users.create(transaction, database, "b", external_id="x|1") is None
        assert await users.create(transaction, database, "c")
        assert await users.create(transaction, database, "d")


async def test_one_name_at_once_on_two_nodes_is_one_user(
    database: Database, other_node: Database
) -> None:
    """The other hears that it is taken, without an error."""

    async def create(node: Database) -> int | None:
        async with node.transaction() as transaction:
            return await users.create(transaction, node, "ali")

    made = await asyncio.gather(*(create(node) for node in (database, other_node) * 5))
    assert sum(user_id is not None for user_id in made) == 1


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("عل", ["علی", "علیرضا"]),
        ("علیر", ["علیرضا"]),
        ("AL", ["Ali", "alireza"]),
        ("ali", ["Ali", "alireza"]),
        ("%", []),
        ("_", ["_low"]),
        ("a_i", ["a_i"]),
        ("a%", []),
        ("\\", []),
        ("ali' OR 1=1", []),
        ("ａＬ", ["Ali", "alireza"]),
        ("zz", []),
    ],
)
async def test_search_finds_names_that_begin_so(
    database: Database, prefix: str, expected: list[str]
) -> None:
    """Whatever the letter case, in the order of names; signs stand for themselves only."""
    for name in ("alireza", "Ali", "علیرضا", "علی", "_low", "a_i", "bali", "𝐳ed"):
        await user(database, name)
    assert await found(database, prefix) == expected


async def test_search_is_cut_at_its_limit_and_begins_with_the_first_name(
    database: Database,
) -> None:
    """Without a prefix, everyone; the order is the same on both databases."""
    names = ["b", "a", "é", "z", "ب", "😀", "A1", "-"]
    for name in names:
        await user(database, name)
    assert await found(database, "") == sorted(names, key=key_of)
    assert await found(database, "", limit=3) == sorted(names, key=key_of)[:3]


async def test_seeded_users_have_the_ids_that_were_given_and_numbering_goes_on(
    database: Database,
) -> None:
    """The next user that signs up gets the next number."""
    async with database.transaction() as transaction:
        assert not await users.any_exist(transaction)
        await users.seed(transaction, 1000, None)
        await database.after_numbering(transaction, "users")
    assert (await users.search(database, 0, "user1000", 1))[0].id == 1000
    assert await user(database, "next") > 1000


GRACE = 30.0


async def test_a_sign_in_waits_for_a_change_of_its_user(database: Database) -> None:
    """And does not begin by a password that was replaced, nor for who is suspended by then."""
    async with database.transaction() as transaction:
        ali = await users.create(transaction, database, "ali", password_hash="old")
    assert ali is not None
    whole = "UPDATE users SET password_hash = 'old', suspended_at = NULL, erased_at = NULL"
    for number, (change, verified) in enumerate(
        (
            ("password_hash = 'new'", "old"),
            ("suspended_at = 1", "old"),
            ("erased_at = 1", None),
            ("last_seen_at = 1", "old"),
        )
    ):
        async with database.transaction() as transaction:
            await transaction.execute(whole)
        async with database.transaction() as transaction:
            await transaction.execute(f"UPDATE users SET {change} WHERE id = ?", (ali,))  # noqa: S608
            beginning = asyncio.create_task(
                token_families.create(database, f"family{number}", ali, "r1", verified)
            )
            await asyncio.sleep(0.1)
            assert not beginning.done(), change
        assert await beginning == (number == 3), change
    families = await database.fetch("SELECT id FROM token_families")
    assert [family for (family,) in families] == ["family3"]


async def test_a_refresh_token_works_once(database: Database) -> None:
    """Without a grace: of many that come at once with the same one, one gets the next."""
    ali = await user(database, "ali")
    await token_families.create(database, "family", ali, "r1")
    rotated = await asyncio.gather(
        *(token_families.rotate(database, "family", "r1", f"r2-{n}", 0) for n in range(5))
    )
    assert len([one for one in rotated if one is not None]) == 1
    assert await token_families.rotate(database, "family", "r1", "r3", 0) is None
    assert await token_families.rotate(database, "unknown", "r1", "r3", GRACE) is None


async def test_the_last_refresh_token_gives_the_same_next_one_for_a_while(
    database: Database,
) -> None:
    """To all that come at once, and to one that comes again; one before it gives nothing."""
    ali = await user(database, "ali")
    await token_families.create(database, "family", ali, "r1")
    rotated = await asyncio.gather(
        *(token_families.rotate(database, "family", "r1", f"r2-{n}", GRACE) for n in range(5))
    )
    (first,) = {*rotated}
    assert first is not None
    assert await token_families.rotate(database, "family", "r1", "x", GRACE) == first
    second = await token_families.rotate(database, "family", first.refresh_id, "r3", GRACE)
    assert second is not None
    assert second.refresh_id == "r3"
    assert await token_families.rotate(database, "family", "r1", "x", GRACE) is None


@pytest.mark.parametrize("seconds", [-31, 31])
async def test_the_grace_ends(database: Database, seconds: int) -> None:
    """Also where the clock was put back since, and it seems to lie ahead."""
    ali = await user(database, "ali")
    await token_families.create(database, "family", ali, "r1")
    assert await token_families.rotate(database, "family", "r1", "r2", GRACE)
    async with database.transaction() as transaction:
        await transaction.execute(
            "UPDATE token_families SET rotated_at = rotated_at + ?", (seconds * 1_000_000,)
        )
    assert await token_families.rotate(database, "family", "r1", "r3", GRACE) is None


async def test_a_revoked_family_does_not_work_any_more(database: Database) -> None:
    """Revoking tells the first who does it; its refresh token is dead, other families live."""
    ali = await user(database, "ali")
    for family in ("one", "two"):
        await token_families.create(database, family, ali, "r1")
    assert await token_families.working(database, {"one", "two", "three"}) == {"one", "two"}
    assert await token_families.revoke(database, "one")
    assert not await token_families.revoke(database, "one")
    assert await token_families.rotate(database, "one", "r1", "r2", GRACE) is None
    assert await token_families.working(database, {"one", "two"}) == {"two"}


async def test_many_sign_ins_end_with_as_many_statements_as_few(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the one that is kept, and each takes its device along."""
    ali = await user(database, "ali")
    counter = Counter(monkeypatch)
    taken = []
    for count in (2, 6):
        ended = [f"{count} {number}" for number in range(count)]
        for family in ("kept", *ended):
            await token_families.create(database, f"{family} of {count}", ali, "r1")
            async with database.transaction() as transaction:
                phone = Address("webhook", "https://push.example/", app_id="a", pushkey=family)
                await devices.put(transaction, ali, f"{family} of {count}", phone)
        counter.take()
        async with database.transaction() as transaction:
            with bound_contextvars(request_id="one"):
                revoked = await token_families.revoke_others(transaction, ali, f"kept of {count}")
        taken.append(len(counter.take()))
        assert {f"{family} of {count}" for family in ended} <= set(revoked)
        assert [one.pushkey for one in await devices.of_user(database, ali)] == ["kept"]
    assert taken[0] == taken[1]


async def test_sign_ins_that_ended_are_deleted_with_their_devices(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were revoked, or not used, for so long; also where they do not fit in one look."""
    monkeypatch.setattr(token_families, "PAGE", 2)
    ali = await user(database, "ali")
    moment = now()
    ages = {"revoked": (1, moment), "unused": (None, 1), "used": (None, moment)}
    ages["revoked lately"] = moment, moment
    for family, (revoked_at, created_at) in ages.items():
        await token_families.create(database, family, ali, "r1")
        async with database.transaction() as transaction:
            phone = Address("webhook", "https://push.example/", app_id="a", pushkey=family)
            await devices.put(transaction, ali, family, phone)
            await transaction.execute(
                "UPDATE token_families SET revoked_at = ?, created_at = ? WHERE id = ?",
                (revoked_at, created_at, family),
            )
    after: str | None = ""
    while after is not None:
        after = await token_families.prune(database, after, moment - 1, moment - 1)
    left = await database.fetch("SELECT id FROM token_families WHERE user_id = ?", (ali,))
    assert {id_ for (id_,) in left} == {"used", "revoked lately"}
    found = await devices.of_user(database, ali)
    assert {one.pushkey for one in found} == {"used", "revoked lately"}


async def test_a_grace_revives_no_revoked_family(database: Database) -> None:
    """What was replaced a moment ago is as dead as what replaced it."""
    ali = await user(database, "ali")
    await token_families.create(database, "family", ali, "r1")
    assert await token_families.rotate(database, "family", "r1", "r2", GRACE)
    assert await token_families.revoke(database, "family")
    assert await token_families.rotate(database, "family", "r1", "r3", GRACE) is None
    assert await token_families.rotate(database, "family", "r2", "r3", GRACE) is None


async def test_families_of_more_sockets_than_a_statement_takes(database: Database) -> None:
    """After an outage a process asks about all of its sockets' sign-ins at once."""
    ali = await user(database, "ali")
    await token_families.create(database, "69999", ali, "r1")
    many = {str(n) for n in range(70_000)}
    assert await token_families.working(database, many) == {"69999"}
    assert await token_families.working(database, set()) == set()
