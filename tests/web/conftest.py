"""A browser, and a server with the page."""

import inspect
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.support.payam_server import PayamServer
from tests.web.shop import Shop, opened_shop

HERE = Path(__file__).parent
FAKE_MICROPHONE = "--use-fake-device-for-media-stream"
"""It beeps once in a second."""
NO_SPARE = "--renderer-process-limit=1"
"""Otherwise Chromium starts a process ahead for the next page, which is an eighth of what a page
takes, and most contexts here end before it is used.
"""

# Playwright looks at the stack for each call. Two frames of xdist's are of no file, and for those
# Python looks through all modules each time, which took half of the processor time here.
inspect.modulesbyfile["<string>"] = "__main__"

# It only keeps a test from hanging.
expect.set_options(timeout=60_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests here share the event loop in which their browser lives."""
    for item in items:
        if item.path.parent == HERE and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium without windows, which takes half the CPU time; or Chromium itself."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    async with started(path, NO_SPARE) as one:
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def whole_chromium() -> AsyncIterator[Browser]:
    async with started(shutil.which("chromium")) as one:
        yield one


@asynccontextmanager
async def started(path: str | None, *more: str) -> AsyncIterator[Browser]:
    """As root it runs only without its sandbox."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=path,
            args=[FAKE_MICROPHONE, *more, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
        )
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """Of each test its own: contexts share neither cookies nor storage, and go with the test."""
    async with alone(chromium) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def whole_browser(whole_chromium: Browser) -> AsyncIterator[Browser]:
    """The same, with windows: for notifications, a microphone, and tabs one behind the other."""
    async with alone(whole_chromium) as one:
        yield one


@asynccontextmanager
async def alone(chromium: Browser) -> AsyncIterator[Browser]:
    assert not chromium.contexts
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest.fixture(scope="module")
def served() -> Iterator[PayamServer]:
    """Of each module its own: to start one costs less than one that idles until the end."""
    with PayamServer({"RATE_LIMITS": "off"}) as server:
        yield server


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """Of each module its own: whether an agent is there is the same for all of a server."""
    with opened_shop() as shop:
        yield shop
