"""An answer counts only for the sign-in that it was asked for."""

import asyncio
import base64
import json
import time

import pytest

from payam_client import PayamError, Tokens
from payam_client.tokens import TokenKeeper


def pair(subject: str, number: int, seconds: int = 3600) -> Tokens:
    """Tokens of this user, good for so long; `number` tells one pair from another."""
    now = int(time.time())
    claims = {"sub": subject, "iat": now - 3600, "exp": now + seconds, "jti": str(number)}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return Tokens(f"e30.{payload}.signature", f"refresh-{subject}-{number}")


class Renewals:
    """A server that answers a renewal when the test says so."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[tuple[str, asyncio.Future[Tokens]]] = asyncio.Queue()

    async def __call__(self, refresh: str) -> Tokens:
        answer: asyncio.Future[Tokens] = asyncio.get_running_loop().create_future()
        self.asked.put_nowait((refresh, answer))
        return await answer


OLD = pair("1", 1, -5)
NEW = pair("1", 2)
OTHERS = pair("2", 1)
REFUSED = PayamError("used before", code="token_revoked", status=401)


def status_of(error: pytest.ExceptionInfo[PayamError]) -> int:
    return error.value.status


async def test_a_renewal_answered_after_signing_out_signs_nobody_in() -> None:
    renewals, kept = Renewals(), list[Tokens | None]()
    keeper = TokenKeeper(OLD, renewals, kept.append)
    asking = asyncio.create_task(keeper.token())
    _, answer = await renewals.asked.get()
    keeper.begin()
    keeper.set(None)
    answer.set_result(NEW)
    with pytest.raises(PayamError) as refused:
        await asking
    assert (status_of(refused), keeper.tokens, kept) == (401, None, [None])


@pytest.mark.parametrize("outcome", [NEW, REFUSED], ids=["answered", "refused"])
async def test_a_renewal_that_ends_after_another_signed_in_leaves_them(
    outcome: Tokens | PayamError,
) -> None:
    """Who asked as the first user gets neither user's token."""
    renewals, kept = Renewals(), list[Tokens | None]()
    keeper = TokenKeeper(OLD, renewals, kept.append)
    asking = asyncio.create_task(keeper.token())
    _, answer = await renewals.asked.get()
    keeper.set(OTHERS, keeper.begin())
    if isinstance(outcome, Tokens):
        answer.set_result(outcome)
    else:
        answer.set_exception(outcome)
    with pytest.raises(PayamError) as refused:
        await asking
    assert (status_of(refused), keeper.tokens, kept) == (401, OTHERS, [OTHERS])
    assert await keeper.token() == OTHERS.access


async def test_another_users_renewal_does_not_wait_for_the_first_ones() -> None:
    """Each sign-in has its own: who asks gets the token of who is signed in."""
    renewals = Renewals()
    keeper = TokenKeeper(OLD, renewals, None)
    first = asyncio.create_task(keeper.token())
    _, old_answer = await renewals.asked.get()
    keeper.set(OTHERS, keeper.begin())
    second = asyncio.create_task(keeper.token(refused=OTHERS.access))
    asked, answer = await renewals.asked.get()
    assert asked == OTHERS.refresh
    next_of_others = pair("2", 2)
    answer.set_result(next_of_others)
    assert await second == next_of_others.access
    old_answer.set_result(NEW)
    with pytest.raises(PayamError):
        await first
    assert keeper.tokens == next_of_others


async def test_of_two_sign_ins_the_last_that_was_asked_for_counts() -> None:
    keeper = TokenKeeper(None, Renewals(), None)
    first, second = keeper.begin(), keeper.begin()
    assert keeper.set(OTHERS, second)
    assert not keeper.set(NEW, first)
    assert (keeper.tokens, keeper.subject) == (OTHERS, "2")


async def test_a_token_is_asked_for_as_one_user() -> None:
    """Where another has signed in, only a new sign-in of the first one helps."""
    keeper = TokenKeeper(OTHERS, Renewals(), None)
    assert await keeper.token(subject="2") == OTHERS.access
    with pytest.raises(PayamError) as refused:
        await keeper.token(subject="1")
    assert status_of(refused) == 401
