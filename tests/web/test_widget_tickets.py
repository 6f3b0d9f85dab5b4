"""The ticket that a message in the chat of /widget.js opens."""

from playwright.async_api import Browser, expect

from tests.web.shop import Shop
from tests.web.test_tickets import Agent
from tests.web.test_widget import WORDS, chat_in, opened, say, visit


async def test_a_message_of_many_lines_opens_a_ticket(browser: Browser, shop: Shop) -> None:
    """Its beginning is the subject, in one line, and no sign in it is cut in two."""
    agent, words = Agent(shop.payam), WORDS["en"]
    page, complaints = await visit(browser, shop.page('data-lang="en"'), "en")
    frame = chat_in(page)
    await frame.get_by_role("button", name=words["open"]).click()
    await frame.get_by_role("button", name=words["start"]).click()
    await say(frame, words, "a\u202e\n\tb\u0007 " + "😀" * 100)
    await expect(frame.locator("#messages li.own")).to_contain_text("😀")
    await opened(page, agent, "a b " + "😀" * 76)
    assert complaints == []
