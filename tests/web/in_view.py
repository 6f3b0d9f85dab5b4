"""What of a conversation is in view on the page, and moving in it."""

import time

from playwright.async_api import Page

SECONDS = 60  # keeps a test from hanging


def numbered(count: int, first: int = 0) -> list[str]:
    return [f"message {number}" for number in range(first, first + count)]


async def in_view(page: Page) -> list[str]:
    """The texts of the messages that are wholly in view."""
    texts: list[str] = await page.evaluate("""() => {
        const log = document.querySelector(".log").getBoundingClientRect();
        return [...document.querySelectorAll("li.message")].filter((row) => {
            const { top, bottom } = row.getBoundingClientRect();
            return top >= log.top && bottom <= log.bottom;
        }).map((row) => row.querySelector(".text").textContent);
    }""")
    return texts


async def until_in_view(page: Page, *texts: str) -> None:
    """Wait until these are among the messages in view."""
    end = time.monotonic() + SECONDS
    while not set(texts) <= set(seen := await in_view(page)):
        assert time.monotonic() < end, seen
        await page.wait_for_timeout(50)


FRAMES = """async () => {
    for (let count = 0; count < 3; count += 1) await new Promise(requestAnimationFrame);
}"""


async def still(page: Page) -> list[str]:
    """The texts in view, once nothing moves: for a while, in which the browser has drawn."""
    end = time.monotonic() + SECONDS
    before = await in_view(page)
    while True:
        await page.wait_for_timeout(300)
        await page.evaluate(FRAMES)
        now = await in_view(page)
        if now and now == before:
            return now
        assert time.monotonic() < end, (before, now)
        before = now


async def scroll_until(page: Page, step: int, text: str) -> None:
    """By so many pixels again and again, until this message is in view."""
    end = time.monotonic() + SECONDS
    while text not in await in_view(page):
        assert time.monotonic() < end, await in_view(page)
        await page.get_by_role("log").evaluate("(log, step) => log.scrollBy(0, step)", step)
        await page.wait_for_timeout(100)
