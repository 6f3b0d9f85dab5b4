"""The chat of /widget.js, as a visitor of the shop uses it."""

import re
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, FrameLocator, Page, expect

from tests.web.test_tickets import Agent
from tests.web.visitor import MILLISECONDS, SMALL

WORDS = {
    "en": {
        "open": "Open the chat",
        "close": "Close the chat",
        "start": "Begin the chat",
        "write": "Your message",
        "send": "Send",
        "away": "Nobody is here now. Leave a message, and we will answer.",
        "support": "{} (support)",
        "badge": "2",
        "direction": "ltr",
    },
    "fa": {
        "open": "باز کردن گفت‌وگو",
        "close": "بستن گفت‌وگو",
        "start": "آغاز گفت‌وگو",
        "write": "پیام شما",
        "send": "فرستادن",
        "away": "اکنون کسی اینجا نیست. پیام بگذارید تا پاسخ دهیم.",
        "support": "{} (پشتیبانی)",
        "badge": "۲",
        "direction": "rtl",
    },
}
KNOWS_TICKET = """async (_, id) => {
    const ticket = () => localStorage.getItem("payam.widget/ ticket");
    while (ticket() !== id) await new Promise((then) => setTimeout(then, 20));
}"""
"""The chat has heard that its ticket is open, and will know it again."""


async def visit(browser: Browser, address: str, language: str) -> tuple[Page, list[str]]:
    """The page of the shop, and what its console complains of."""
    context = await browser.new_context(locale=language)
    context.set_default_timeout(MILLISECONDS)
    page = await context.new_page()
    complaints: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(said.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    return page, complaints


def chat_in(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


async def say(frame: FrameLocator, words: dict[str, str], text: str) -> None:
    await frame.get_by_label(words["write"]).fill(text)
    await frame.get_by_role("button", name=words["send"], exact=True).click()


async def rate(frame: FrameLocator, score: int, comment: str) -> None:
    """Answer how content one was, which is asked once the ticket is closed."""
    await frame.locator("#scores input").nth(score - 1).check()
    await frame.locator("#comment").fill(comment)
    thanks = frame.locator("#typing")  # for some seconds
    await thanks.evaluate("""(line) => {
        const keep = () => (line.dataset.said ??= line.textContent || undefined);
        const all = { childList: true, characterData: true, subtree: true };
        new MutationObserver(keep).observe(line, all);
    }""")
    assert await frame.locator("html").evaluate(SMALL) == []
    await frame.locator("#rate").click()
    await expect(frame.locator("#rating")).to_be_hidden()
    await expect(thanks).to_have_attribute("data-said", re.compile("."))


async def opened(page: Page, agent: Agent, subject: str) -> dict[str, Any]:
    """The ticket that the customer's first message opens, once it is there."""
    for _ in range(600):
        for ticket in agent._send("GET", "/api/support_tickets/?assigned_to=none").json():
            found: dict[str, Any] = ticket
            if (found["status"], found["subject"]) == ("open", subject):
                return found
        await page.wait_for_timeout(100)
    raise AssertionError("no ticket came")
