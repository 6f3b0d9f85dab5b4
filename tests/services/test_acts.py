"""How a process learns of acts on accounts, while the database is put back."""

from typing import Any

import pytest

from chat.services.acts import ActsFeed
from chat.store import acts
from chat.store.database import Database
from tests.store import world


@pytest.mark.parametrize("read", ["last_id", "after"])
async def test_what_is_read_while_the_database_is_put_back_is_dropped(
    database: Database, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    """Its ids are of the history before. The next look begins anew, and hears what comes then."""
    heard = list[acts.News]()
    feed = ActsFeed(database, heard.append)
    real = getattr(acts, read)

    async def put_back_meanwhile(*arguments: Any) -> Any:
        found = await real(*arguments)
        feed.begin_anew()
        return found

    ali = await world.user(database, "ali")
    if read == "after":
        await feed.look()
    await suspend(database, ali)
    with monkeypatch.context() as patch:
        patch.setattr(acts, read, put_back_meanwhile)
        await feed.look()
    assert heard == []
    await suspend(database, ali)
    await feed.look()  # learns where the acts are
    await suspend(database, ali)
    await feed.look()
    assert [(one.kind, one.user_id) for one in heard] == [(acts.SUSPENDED, ali)]


async def suspend(database: Database, user_id: int) -> None:
    async with database.transaction() as transaction:
        await acts.write(transaction, None, acts.SUSPENDED, user_id=user_id)
