"""What is remembered of a token, when the clocks are set; with a database, and no server."""

import asyncio
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from time import monotonic, time

import jwt
import pytest
from cachetools import TTLCache
from cryptography.hazmat.primitives.asymmetric import rsa

from chat.auth import token_ends
from chat.auth.keys import PublishedKeys, keys_from
from chat.auth.passwords import is_own
from chat.auth.tokens import Tokens
from chat.errors import NotAuthenticated, PayamError
from chat.payam import Payam
from chat.services import sessions as sessions_module
from chat.services.sessions import Sessions
from chat.services.users import CACHE_SECONDS
from chat.store import schema, token_families
from chat.store.database import Database
from chat.store.users import Account
from config.settings import Settings
from tests.auth.test_django_hashes import MADE, PASSWORD

HOUR = 3600.0


class Clock:
    """What the two clocks are ahead of the real ones."""

    def __init__(self) -> None:
        self.wall = self.monotonic = 0.0

    def go_on(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ahead = Clock()
    for module in (sessions_module, token_ends):
        monkeypatch.setattr(module, "time", lambda: time() + ahead.wall)
        monkeypatch.setattr(module, "monotonic", lambda: monotonic() + ahead.monotonic)
    return ahead


@pytest.fixture
async def payam(tmp_path: Path) -> AsyncIterator[Payam]:
    settings = Settings(data_dir=tmp_path, jwt_leeway=10)
    keys = keys_from(settings)
    payam = Payam(settings, Tokens(settings, keys), keys)
    await payam.database.open()
    await schema.migrate(payam.database)
    yield payam
    await payam.database.close()
    payam.passwords.close()


@pytest.fixture
def sessions(payam: Payam) -> Sessions:
    return payam.services.sessions


@pytest.fixture
async def access(payam: Payam, sessions: Sessions) -> str:
    """A token that is good for an hour."""
    ali = await payam.services.users.create("ali", None, is_staff=False)
    return (await sessions.begin(Account(ali.id, "ali", False, None, None))).access


async def refusal(sessions: Sessions, access: str) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        await sessions.identify(access)
    return caught.value.code


async def test_what_is_remembered_ends_with_the_issuers_key(tmp_path: Path) -> None:
    """At once where its key is not the issuer's any more; those of the other key go on."""
    one, two = [rsa.generate_private_key(65537, 2048) for _ in range(2)]
    settings = Settings(
        data_dir=tmp_path,
        jwt_algorithm="RS256",
        jwt_jwks_url="http://127.0.0.1:9/",  # nobody listens there
        jwt_create_users=True,
    )
    keys = PublishedKeys(settings.jwt_jwks_url, "RS256", pause=0.0)
    payam = Payam(settings, Tokens(settings, keys), keys)
    try:
        await payam.database.open()
        await schema.migrate(payam.database)
        keys.replace([("one", one.public_key()), ("two", two.public_key())])
        claims = {"sub": "ali", "exp": int(time()) + 600}
        by_one, by_two = [
            jwt.encode(claims, key, algorithm="RS256", headers={"kid": name})
            for key, name in ((one, "one"), (two, "two"))
        ]
        sessions = payam.services.sessions
        both = [await sessions.identify(token) for token in (by_one, by_two)]
        assert both[0].user_id == both[1].user_id
        keys.replace([("two", two.public_key())])
        assert await refusal(sessions, by_one) == "token_invalid"
        assert await sessions.identify(by_two) == both[1]
    finally:
        await payam.database.close()
        payam.passwords.close()


async def test_a_clock_that_is_put_back_prolongs_no_token(
    sessions: Sessions, access: str, clock: Clock
) -> None:
    """Nor does asking for it afresh, as a socket does: what is left of it stays the same."""
    end = (await sessions.identify(access)).expires_at
    clock.wall -= HOUR
    for identify in (sessions.identify_afresh, sessions.identify):
        assert (await identify(access)).expires_at == pytest.approx(end - HOUR, abs=1)
    clock.go_on(HOUR + 11)
    assert await refusal(sessions, access) == "token_expired"


async def test_a_clock_that_is_put_forward_ends_what_is_remembered(
    sessions: Sessions, access: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that is over by the new time is looked at anew, not answered from memory."""
    await sessions.identify(access)
    clock.wall += 10 * 365 * 24 * HOUR
    asked = []

    async def decode(token: str) -> None:
        asked.append(token)
        raise NotAuthenticated("The token has expired.", code="token_expired")

    monkeypatch.setattr(sessions._tokens, "decode_access", decode)
    assert await refusal(sessions, access) == "token_expired"
    assert asked == [access]


async def test_of_very_many_tokens_the_first_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Memory is bounded; for those that are remembered nothing changes."""
    monkeypatch.setattr(token_ends, "MOST", 3)
    ends = token_ends.TokenEnds(0)
    end = time() + HOUR
    for name in "abcd":
        assert ends.of(name, end)[0] == end
    clock.wall -= HOUR
    assert ends.of("d", end)[0] == pytest.approx(end - HOUR, abs=2)
    assert ends.of("a", end)[0] == end


async def test_sockets_that_come_together_ask_once_for_their_sign_ins(
    payam: Payam, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first asks alone, all that come meanwhile ask together, and each gets its own answer."""
    people = [await payam.services.users.create(f"u{n}", None, is_staff=False) for n in range(20)]
    pairs = [await sessions.begin(Account(p.id, p.username, False, None, None)) for p in people]
    await sessions.revoke(pairs[7].refresh, "127.0.0.1")
    sessions.forget()
    asked: list[int] = []
    working = token_families.working

    async def counted(database: Database, families: Collection[str]) -> set[str]:
        asked.append(len(families))
        return await working(database, families)

    monkeypatch.setattr(token_families, "working", counted)
    found = await asyncio.gather(
        *[sessions.identify_afresh(pair.access) for pair in pairs], return_exceptions=True
    )
    refused = [number for number, one in enumerate(found) if isinstance(one, NotAuthenticated)]
    assert refused == [7]
    assert sum(asked) == 20
    assert len(asked) <= 2


async def test_a_user_who_comes_again_and_again_is_read_again_after_a_minute(
    payam: Payam, sessions: Sessions, access: str
) -> None:
    """Otherwise a right that was taken away would never be missed."""
    users, now = payam.services.users, [0.0]
    users._of_subject = TTLCache(10, CACHE_SECONDS, timer=lambda: now[0])
    await sessions.identify_afresh(access)
    async with payam.database.transaction() as transaction:
        await transaction.execute("UPDATE users SET is_staff = ?", (True,))
    seen = []
    for moment in (40.0, 80.0):
        now[0] = moment
        seen.append((await sessions.identify_afresh(access)).is_staff)
    assert seen == [False, True]


CHANGES = {
    "password": ("wrong_credentials", "UPDATE users SET password_hash = ?"),
    "suspension": ("suspended", "UPDATE users SET suspended_at = 1"),
    "erasure": ("wrong_credentials", "UPDATE users SET erased_at = 1, username_key = 'x'"),
    "the same password, hashed again": (None, "UPDATE users SET password_hash = ?"),
}
"""What happens while a password is checked: what is answered then, and what was written."""


@pytest.mark.parametrize("name", CHANGES)
async def test_what_changes_while_a_password_is_checked_counts(
    payam: Payam, sessions: Sessions, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whoever knows the old password has no sign-in that would outlast the change."""
    code, statement = CHANGES[name]
    await payam.services.users.create("ali", "correct horse", is_staff=False)
    other = await payam.passwords.hash("correct horse" if code is None else "battery staple")
    verify, checks = payam.passwords.verify, list[bool]()

    async def changed_meanwhile(password: str, stored: str | None, rounds: int = 0) -> bool:
        checks.append(await verify(password, stored, rounds))
        if len(checks) == 1:
            async with payam.database.transaction() as transaction:
                await transaction.execute(statement, (other,) * statement.count("?"))
        return checks[-1]

    monkeypatch.setattr(payam.passwords, "verify", changed_meanwhile)
    signing_in = sessions.sign_in("ali", "correct horse", "127.0.0.1")
    if code is None:
        assert (await sessions.identify((await signing_in).access)).username == "ali"
    else:
        with pytest.raises(PayamError) as refused:
            await signing_in
        assert refused.value.code == code
        assert await payam.database.fetch("SELECT id FROM token_families") == []
    assert len(checks) == 2


FULL = """
    CREATE TRIGGER full BEFORE UPDATE ON token_families BEGIN SELECT RAISE(ABORT, 'full'); END
"""


async def test_a_password_changes_with_the_end_of_the_other_sign_ins_or_not_at_all(
    payam: Payam, sessions: Sessions
) -> None:
    """Whoever took the old one keeps no sign-in where the second half fails, as by a full disk."""
    await payam.services.users.create("ali", "correct horse", is_staff=False)
    pairs = [await sessions.sign_in("ali", "correct horse", "127.0.0.1") for _ in range(2)]
    ali = await sessions.identify(pairs[0].access)
    async with payam.database.transaction() as transaction:
        await transaction.execute(FULL)
    with pytest.raises(Exception, match="full"):
        await payam.services.password_change.change(ali, "correct horse", "battery staple")
    assert (await sessions.sign_in("ali", "correct horse", "127.0.0.1")).access


async def test_sign_ins_that_ended_are_deleted(payam: Payam, sessions: Sessions) -> None:
    """Those that were revoked a day ago, and those whose last tokens have expired."""
    ali = await payam.services.users.create("ali", None, is_staff=False)
    account = Account(ali.id, ali.username, False, None, None)
    pairs = [await sessions.begin(account) for _ in range(4)]
    await sessions.revoke(pairs[1].refresh, "127.0.0.1")
    await sessions.revoke(pairs[2].refresh, "127.0.0.1")
    families = [row[0] for row in await payam.database.fetch("SELECT id FROM token_families")]
    assert len(families) == 4
    kept = (await sessions.identify(pairs[0].access)).family
    async with payam.database.transaction() as transaction:
        await transaction.execute(
            "UPDATE token_families SET revoked_at = 1 WHERE id IN"
            " (SELECT id FROM token_families WHERE revoked_at IS NOT NULL LIMIT 1)"
        )
        await transaction.execute(
            "UPDATE token_families SET created_at = 1 WHERE id IN (SELECT id FROM token_families"
            " WHERE revoked_at IS NULL AND id <> ? LIMIT 1)",
            (kept,),
        )
    await sessions.prune()
    left = await payam.database.fetch("SELECT id, revoked_at IS NULL FROM token_families")
    assert len(left) == 2
    assert [row[0] for row in left if row[1]] == [kept]


async def test_an_imported_hash_is_replaced_at_the_next_sign_in(
    payam: Payam, sessions: Sessions
) -> None:
    """By one of Payam's own, and the password goes on working. A wrong one changes nothing."""
    ali = await payam.services.users.create("ali", None, is_staff=False)
    imported, rounds = MADE["pbkdf2_sha1"], 1_000_000

    async def kept() -> tuple[str, int | None]:
        sql = "SELECT password_hash, password_rounds FROM users WHERE id = ?"
        (row,) = await payam.database.fetch(sql, (ali.id,))
        return row[0], row[1]

    async with payam.database.transaction() as transaction:
        await transaction.execute(
            "UPDATE users SET password_hash = ?, password_rounds = ? WHERE id = ?",
            (imported, rounds, ali.id),
        )
    with pytest.raises(NotAuthenticated):
        await sessions.sign_in("ali", "wrong", "127.0.0.1")
    assert await kept() == (imported, rounds)
    await sessions.sign_in("ali", PASSWORD, "127.0.0.1")
    made, left = await kept()
    assert (is_own(made), left) == (True, None)
    await sessions.sign_in("ali", PASSWORD, "127.0.0.1")
    assert await kept() == (made, None)
