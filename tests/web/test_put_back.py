"""The page after its server's database was put back to an older state."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.commands import run_command
from tests.support.payam_server import PayamServer
from tests.web.sender import Sender


@pytest.fixture
def server() -> Iterator[PayamServer]:
    """One of the test's own, since all of its users lose something."""
    with PayamServer({"RATE_LIMITS": "off"}) as server:
        yield server


def copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as whole, closing(sqlite3.connect(target)) as copied:
        whole.backup(copied)


async def test_the_page_shows_what_the_database_has(
    browser: Browser, server: PayamServer, tmp_path: Path
) -> None:
    """Nothing that was lost, everything that is new, in the conversation and in the list."""
    live, backup = Path(server.settings["DATA_DIR"]) / "payam.sqlite3", tmp_path / "backup"
    ali, sara = Sender(server.url, "ali"), Sender(server.url, "sara")
    ali.begin(sara)
    ali.say("kept 1", "kept 2")
    copy(live, backup)
    ali.say("lost 3", "lost 4", "lost 5")
    page = await sara.page(browser)
    await page.list.click()
    await expect(page.messages).to_have_text(["kept 1", "kept 2", "lost 3", "lost 4", "lost 5"])
    await expect(page.list.get_by_role("img")).to_be_hidden()
    await sara.has_read_all()

    copy(backup, live)
    await asyncio.to_thread(run_command, "restored", settings=server.settings)
    ali.say("new 3", "new 4", "new 5", "new 6")
    kept = ["kept 1", "kept 2"]
    await expect(page.messages).to_have_text([*kept, "new 3", "new 4", "new 5", "new 6"])
    await expect(page.list).to_contain_text("new 6")
    ali.say("new 7")
    await expect(page.messages).to_have_text([*kept, "new 3", "new 4", "new 5", "new 6", "new 7"])
    await page.say("and on")
    await expect(page.mark("and on", "sent")).to_be_visible()
    assert [message["content"] for message in ali.messages()][-1] == "and on"
    await page.check()
