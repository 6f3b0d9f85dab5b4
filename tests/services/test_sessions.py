"""What is remembered of a token, when the clocks are set; with a database, and no server."""

from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic, time

import pytest

from chat.auth import token_ends
from chat.auth.keys import keys_from
from chat.auth.tokens import Tokens
from chat.errors import NotAuthenticated
from chat.payam import Payam
from chat.services import sessions as sessions_module
from chat.services.sessions import Sessions
from chat.store import schema
from chat.store.users import Account
from config.settings import Settings

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
