"""A browser, and a server with the page."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.support.payam_server import PayamServer


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium; as root it runs only without its sandbox."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        yield chromium
        await chromium.close()


@pytest.fixture(scope="module")
def served() -> Iterator[PayamServer]:
    with PayamServer({"RATE_LIMITS": "off"}) as server:
        yield server
