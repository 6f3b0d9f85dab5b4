"""One reads on the page what another writes: what the page and the server count as unread."""

import asyncio
import time

from playwright.async_api import Browser, Locator, Page, expect

from tests.web.devices import DESKTOP
from tests.web.in_view import in_view, still
from tests.web.sender import Sender
from tests.web.visitor import Visitor

MANY = 227
SECONDS = 60  # keeps a test from hanging


async def pair(browser: Browser, url: str) -> tuple[Visitor, Sender, Sender]:
    """Sara's page, with a conversation that is not open; who writes as Ali, and as Sara."""
    ali, sara = Sender(url, "ali"), Sender(url, "sara")
    ali.begin(sara)
    page = await sara.page(browser, **DESKTOP)
    await expect(page.list).to_have_count(1)
    return page, ali, sara


async def settled(page: Page) -> None:
    """Longer than a message has to be in view to count as seen."""
    await page.wait_for_timeout(1500)


async def until_unread(reader: Sender, most: int, least: int = 0) -> None:
    """Wait until the server counts so many; the page shows sooner what it has marked."""
    end = time.monotonic() + SECONDS
    while not least <= (count := reader.unread()) <= most:
        assert time.monotonic() < end, count
        await asyncio.sleep(0.05)


async def until_read(visitor: Visitor, reader: Sender) -> None:
    """The badge alone does not say it: what was sent may not have reached the page yet."""
    await until_unread(reader, 0)
    await expect(badge(visitor)).to_be_hidden()


def badge(visitor: Visitor) -> Locator:
    return visitor.list.get_by_role("img")


async def until_read_as_seen(visitor: Visitor, reader: Sender) -> None:
    """Up to the last message in view, of which half may be enough; and then no more."""
    end = time.monotonic() + SECONDS
    while not 0 <= await unseen(visitor) - reader.unread() <= 1:
        assert time.monotonic() < end, (await in_view(visitor.page), reader.unread())
        await asyncio.sleep(0.05)
    await settled(visitor.page)
    assert 0 <= await unseen(visitor) - reader.unread() <= 1


async def unseen(visitor: Visitor) -> int:
    """How many of them follow what is in view."""
    return MANY - 1 - int((await still(visitor.page))[-1].split()[1])


async def until_known(visitor: Visitor, text: str, unread: str = "") -> None:
    """Wait until the page itself has this as the last message, and counts so many as unread: a
    conversation opens where the page believes that reading has stopped.
    """
    await expect(visitor.list.filter(has_text=text)).to_have_count(1)
    if unread:
        await expect(badge(visitor)).to_have_text(unread)
    else:
        await expect(badge(visitor)).to_be_hidden()
