"""Passwords: hashes that match only their own password, made off the event loop."""

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import Type, extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.auth.passwords import PASSWORD_MAX_LENGTH, UNMATCHED, Passwords, to_bytes
from chat.errors import InvalidInput, Unavailable


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    passwords = Passwords()
    yield passwords
    passwords.close()


async def test_the_right_password_matches(passwords: Passwords) -> None:
    """A password matches the hash of itself, made either way."""
    assert await passwords.verify("گذرواژه 1", await passwords.hash("گذرواژه 1"))
    assert await passwords.verify("گذرواژه 1", passwords.hash_sync("گذرواژه 1"))


@pytest.mark.parametrize("wrong", ["", "Secret", "secret ", "secre", "secret\0"])
async def test_a_wrong_password_does_not_match(passwords: Passwords, wrong: str) -> None:
    """Anything but the password itself is refused."""
    assert not await passwords.verify(wrong, passwords.hash_sync("secret"))


async def test_hashes_of_one_password_differ(passwords: Passwords) -> None:
    """Each hash has a salt of its own, so equal passwords do not show."""
    assert passwords.hash_sync("secret") != passwords.hash_sync("secret")


async def test_a_hash_says_how_it_was_made(passwords: Passwords) -> None:
    """It is argon2id with OWASP's parameters: 19 MiB, two iterations, one lane."""
    made = extract_parameters(await passwords.hash("secret"))
    assert (made.type, made.memory_cost, made.time_cost, made.parallelism) == (
        Type.ID,
        19456,
        2,
        1,
    )


@pytest.mark.parametrize("stored", [None, "", "!", "pbkdf2_sha256$1$salt$hash"])
@pytest.mark.parametrize("password", ["", "secret"])
async def test_without_a_hash_nothing_matches(
    passwords: Passwords, stored: str | None, password: str
) -> None:
    """No password signs in an unknown user, nor one without a hash of ours."""
    assert not await passwords.verify(password, stored)


async def test_an_unknown_user_costs_what_a_known_one_does(passwords: Passwords) -> None:
    """The hash checked in place of a missing one has the same parameters as every other."""
    assert extract_parameters(UNMATCHED) == extract_parameters(passwords.hash_sync("secret"))


async def test_an_unknown_user_waits_in_the_same_queue() -> None:
    """Checks without a hash need a thread as well: a full queue refuses them too."""
    passwords = Passwords(most_waiting=0)
    try:
        answers = await asyncio.gather(
            *(passwords.verify("secret", None) for _ in range(3)), return_exceptions=True
        )
    finally:
        passwords.close()
    assert answers[:2] == [False, False]
    assert isinstance(answers[2], Unavailable)


async def test_the_event_loop_goes_on_meanwhile(passwords: Passwords) -> None:
    """Other tasks run while a hash is being computed."""
    hashing = asyncio.create_task(passwords.hash("secret"))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 2


async def test_too_many_at_once_are_refused_until_later() -> None:
    """Two run, three wait, the others hear when to come back; then it is free again."""
    passwords = Passwords(most_waiting=3)
    try:
        answers = await asyncio.gather(
            *(passwords.hash("secret") for _ in range(8)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, Unavailable)]
        assert len(refused) == 3
        assert refused[0].retry_after > 0
        assert await passwords.hash("secret")
    finally:
        passwords.close()


async def test_who_gives_up_waiting_frees_the_place() -> None:
    """Cancelled calls do not count as waiting for ever."""
    passwords = Passwords(most_waiting=0)
    try:
        for _ in range(5):
            call = asyncio.create_task(passwords.hash("secret"))
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert await passwords.hash("secret")
    finally:
        passwords.close()


async def test_a_very_long_password_is_refused_before_any_work(passwords: Passwords) -> None:
    """To compose this one takes minutes, in which nothing else would be served."""
    slow = "a" + "\u0301\u0327" * 200_000
    for check in (passwords.hash(slow), passwords.verify(slow, None)):
        with pytest.raises(InvalidInput) as caught:
            await check
        assert caught.value.fields == {"password": ["At most 1024 characters."]}
    with pytest.raises(InvalidInput):
        passwords.hash_sync(slow)
    longest = slow[:PASSWORD_MAX_LENGTH]
    assert await passwords.verify(longest, await passwords.hash(longest))


async def test_one_password_typed_on_two_keyboards_is_one(passwords: Passwords) -> None:
    """A letter matches whether it came as one code point or as two that make it up."""
    composed, decomposed = "\u0622\u00e9", "\u0627\u0653e\u0301"
    assert await passwords.verify(decomposed, passwords.hash_sync(composed))


@given(st.text(st.characters(), max_size=50))
@settings(deadline=None)
def test_any_text_can_be_a_password(text: str) -> None:
    """Lone surrogates, NUL and emoji have bytes like other characters, and different ones."""
    assert to_bytes(text) != to_bytes(text + "x")
