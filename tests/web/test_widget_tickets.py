"""The ticket of the chat of /widget.js: opened by a message, and rated."""

import asyncio
import re

from playwright.async_api import Browser, Route, expect

from tests.web.shop import Shop
from tests.web.test_tickets import Agent
from tests.web.widget import KNOWS_TICKET, WORDS, chat_in, opened, say, visit


async def test_who_comes_back_later_is_asked_how_it_was_and_may_pass(
    browser: Browser, shop: Shop
) -> None:
    """Also who was not there as the ticket was closed; and who passes is not asked again."""
    words, agent = WORDS["en"], Agent(shop.payam)
    page, _ = await visit(browser, shop.page('data-lang="en"'), "en")
    frame = chat_in(page)
    await frame.get_by_role("button", name=words["open"]).click()
    await frame.get_by_role("button", name=words["start"]).click()
    await say(frame, words, "look at https://shop.example/a.")
    link = frame.locator("#messages a")
    await expect(link).to_have_attribute("href", "https://shop.example/a")
    ticket = await opened(page, agent, "look at https://shop.example/a.")
    await frame.locator("html").evaluate(KNOWS_TICKET, str(ticket["id"]))
    address = page.url
    await page.goto("about:blank")
    agent._send("POST", f"/api/support_tickets/{ticket['id']}/close/")
    await page.goto(address)
    await frame.get_by_role("button", name=words["open"]).click()
    await frame.get_by_role("button", name="Not now").click()
    await expect(frame.locator("#rating")).to_be_hidden()
    await page.reload()
    await frame.get_by_role("button", name=words["open"]).click()
    await expect(frame.locator("#messages li")).to_have_count(1)
    await expect(frame.locator("#rating")).to_be_hidden()
    # The ticket is closed, and the customer had the last word before: that opens nothing.
    path = f"/api/support_tickets/?created_by={ticket['created_by']['id']}"
    assert len(agent._send("GET", path).json()) == 1


async def test_who_writes_before_the_list_has_come_opens_one_ticket(
    browser: Browser, shop: Shop
) -> None:
    """The chat learns of its conversation from the list while it still opens the ticket."""
    agent, words = Agent(shop.payam), WORDS["en"]
    page, complaints = await visit(browser, shop.page('data-lang="en"'), "en")
    has_list, has_ticket = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        is_listed = route.request.method == "GET"
        await (has_list if is_listed else has_ticket).wait()
        await route.continue_()

    listing = re.compile(r"/api/conversations/(\?.*)?$")
    await page.route(
        listing, lambda one: hold(one) if one.request.method == "GET" else one.continue_()
    )
    opening = "**/support_ticket/"
    await page.route(opening, hold)
    frame = chat_in(page)
    await frame.get_by_role("button", name=words["open"]).click()
    await frame.get_by_role("button", name=words["start"]).click()
    async with page.expect_request(opening):
        await say(frame, words, "in a hurry")
    async with page.expect_request_finished(lambda one: "/participants/" in one.url):
        has_list.set()
    await expect(frame.locator("#messages li.own")).to_contain_text("in a hurry")
    has_ticket.set()
    ticket = await opened(page, agent, "in a hurry")
    await frame.locator("html").evaluate(KNOWS_TICKET, str(ticket["id"]))
    assert complaints == []


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
