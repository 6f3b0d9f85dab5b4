"""Password hashes that Django made: checked as Django does, with a limit to their work."""

from collections.abc import Iterator

import pytest

from chat.auth import django_hashes, passwords
from chat.auth.passwords import Passwords

PASSWORD = "گذرواژهٔ آ"
MADE = {  # by Django 5.2.19, with its own parameters
    "pbkdf2_sha256": (
        "pbkdf2_sha256$1000000$NaClNaClNaCl$uiUFklKtukURKNqMk3/jMDFBYBUyqS8ofYjbSqTezWA="
    ),
    "pbkdf2_sha1": "pbkdf2_sha1$1000000$NaClNaClNaCl$Q4u0bxfoSvOTz0ckrOVEqsCVTss=",
    "argon2": (
        "argon2$argon2id$v=19$m=102400,t=2,p=8$TmFDbE5hQ2xOYUNs"
        "$46mvzKXEgm2pMi4OCH0YFvpimWaa/ESLp69TE0WMQWM"
    ),
    "scrypt": (
        "scrypt$16384$NaClNaClNaCl$8$5"
        "$YyGieHknQlDHWduOVkNWcD8EmdtF07OvkeY3GtCJ0yGkJSjuM9tzeFlFnLbugv+59Fdj3Y4zu1utqfZt7jRhbQ=="
    ),
}
SALT = "$NaClNaClNaCl$"
BAD = [
    "",
    "!",
    "!abcdef",
    "unsalted",
    "bcrypt_sha256$$2b$12$" + "a" * 53,
    "pbkdf2_sha256",
    "pbkdf2_sha256$1$salt",
    MADE["pbkdf2_sha256"].replace("1000000", "0"),
    MADE["pbkdf2_sha256"].replace("1000000", "-5"),
    MADE["pbkdf2_sha256"].replace("1000000", "4000001"),
    MADE["pbkdf2_sha256"].replace("1000000", "9" * 30),
    MADE["pbkdf2_sha256"].replace("1000000", "۱۰۰"),
    f"pbkdf2_sha256$1000{SALT}not base64",
    f"pbkdf2_sha256$1000{SALT}" + "A" * 4000,
    MADE["scrypt"].replace("16384", str(2**22)),
    MADE["scrypt"].replace("16384", "16385"),
    MADE["scrypt"].replace("$8$5$", "$8$500000$"),
    MADE["argon2"].replace("m=102400", "m=1048576"),
    MADE["argon2"].replace("t=2", "t=200000"),
    MADE["argon2"].replace("argon2id", "argon2x"),
]


@pytest.fixture(scope="module")
def checking() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.mark.parametrize("scheme", MADE)
async def test_a_hash_of_django_matches_its_password_only(scheme: str, checking: Passwords) -> None:
    """The password as it was typed; whoever has another one is refused."""
    assert await checking.verify(PASSWORD, MADE[scheme])
    assert not await checking.verify(PASSWORD + " ", MADE[scheme])
    assert not passwords.is_own(MADE[scheme])


@pytest.mark.parametrize("stored", BAD)
async def test_no_other_hash_matches_or_takes_long(stored: str, checking: Passwords) -> None:
    """Unknown kinds, broken ones, and those that ask for too much work."""
    assert django_hashes.read(stored) is None
    assert not await checking.verify(PASSWORD, stored)


@pytest.mark.parametrize("scheme", [*MADE, "own", "nobody", "unknown"])
async def test_every_refusal_is_as_much_work(
    scheme: str, checking: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash of Payam's own, and as many rounds as the slowest imported hash takes."""
    most = 3_000_000
    own: list[str | None] = []
    rounds: list[int] = []
    verify_own = checking._verify_own

    def counted(password: bytes, stored: str | None) -> bool:
        own.append(stored)
        return verify_own(password, stored)

    monkeypatch.setattr(checking, "_verify_own", counted)
    monkeypatch.setattr(django_hashes, "burn", rounds.append)
    present = {"own": checking.hash_sync("another"), "nobody": None, "unknown": "bcrypt$x"}
    stored = MADE.get(scheme) or present[scheme]
    assert not await checking.verify("wrong", stored, most)
    imported = django_hashes.read(stored or "")
    spent = imported.rounds if imported else 0
    assert rounds == [most - spent]
    assert len(own) == 1
