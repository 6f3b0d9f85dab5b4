"""Where a conversation opens on the page, and what leads to another place in it."""

import asyncio

from playwright.async_api import Browser, Route, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import PHONE
from tests.web.in_view import numbered, scroll_until, still, until_in_view
from tests.web.reading import (
    badge,
    pair,
    until_known,
    until_read,
)
from tests.web.sender import Sender


async def test_it_opens_where_reading_stopped(browser: Browser, served: PayamServer) -> None:
    """With what was read before it above, and what follows loaded as it is scrolled to."""
    sara, ali, hers = await pair(browser, served.url)
    ids = ali.say(*numbered(180))
    hers.read(ids[79])
    await sara.page.reload()
    await until_known(sara, "message 179", "100")
    await sara.list.click()
    line = sara.page.get_by_role("log").get_by_text("Unread from here")
    await expect(line).to_be_in_viewport()
    await until_in_view(sara.page, "message 79", "message 80")
    await scroll_until(sara.page, 600, "message 179")
    texts = await sara.messages.all_text_contents()
    assert texts == numbered(len(texts), 180 - len(texts))
    await expect(badge(sara)).to_be_hidden()
    await scroll_until(sara.page, -6000, "message 0")
    await expect(sara.messages).to_have_text(numbered(180))


async def test_a_phone_opens_where_reading_stopped(browser: Browser, served: PayamServer) -> None:
    """Also a conversation that was open before, whose messages are there at once."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.say(*numbered(5))
    phone = await sara.page(browser, **PHONE)
    await phone.list.click()
    await expect(phone.messages).to_have_count(5)
    await until_read(phone, sara)
    await phone.page.get_by_role("link", name="Back to conversations").click()
    ali.say(*numbered(40, first=5))
    await expect(badge(phone)).to_have_text("40")
    await phone.list.click()
    await expect(phone.page.get_by_role("log").get_by_text("Unread from here")).to_be_in_viewport()
    await expect(phone.page.get_by_role("heading", name=ali.name)).to_be_focused()
    await until_in_view(phone.page, "message 5")


async def test_ones_own_message_leads_to_the_newest(browser: Browser, served: PayamServer) -> None:
    """Also where the newest is not loaded; the line is gone."""
    sara, ali, _ = await pair(browser, served.url)
    ali.say(*numbered(120))
    await until_known(sara, "message 119", "120")
    await sara.list.click()
    await expect(sara.page.locator("li.line")).to_be_in_viewport()
    await sara.say("an answer")
    await expect(sara.message("an answer")).to_be_in_viewport()
    await expect(sara.message("message 119")).to_be_in_viewport()
    await expect(sara.page.locator("li.line")).to_have_count(0)
    texts = await sara.messages.all_text_contents()
    assert texts == [*numbered(len(texts) - 1, 121 - len(texts)), "an answer"]


async def test_ones_own_message_leads_there_also_while_others_load(
    browser: Browser, served: PayamServer
) -> None:
    """The page asks for the messages that follow, as one answers."""
    sara, ali, _ = await pair(browser, served.url)
    ali.say(*numbered(120))
    await until_known(sara, "message 119", "120")
    await sara.list.click()
    await expect(sara.page.locator("li.line")).to_be_in_viewport()
    is_over = asyncio.Event()

    async def hold(route: Route) -> None:
        await is_over.wait()
        await route.continue_()

    await sara.page.route("**/messages/?*after=*", hold, times=1)
    async with sara.page.expect_request("**/messages/?*after=*"):
        await sara.page.get_by_role("log").evaluate("(log) => (log.scrollTop = 0)")
    await sara.say("an answer")
    is_over.set()
    await expect(sara.message("an answer")).to_be_in_viewport()
    await expect(sara.message("message 119")).to_be_in_viewport()


async def test_ones_place_is_kept(browser: Browser, served: PayamServer) -> None:
    """Back from another conversation one reads on, unless something new has come meanwhile."""
    sara, ali, hers = await pair(browser, served.url)
    ids = ali.say(*numbered(60))
    hers.read(ids[-1])
    hers.begin(Sender(served.url, "omid"), title="others")
    await until_known(sara, "message 59")
    await sara.list.filter(has_text=ali.name).click()
    await expect(sara.message("message 59")).to_be_in_viewport()
    await sara.page.get_by_role("log").evaluate("(log) => log.scrollBy(0, -900)")
    await expect(sara.page.get_by_role("button", name="To the newest")).to_be_visible()
    before = await still(sara.page)
    await sara.list.filter(has_text="others").click()
    await expect(sara.messages).to_have_count(0)
    await sara.list.filter(has_text=ali.name).click()
    await expect(sara.message(before[0])).to_be_in_viewport()
    assert await still(sara.page) == before
    await sara.list.filter(has_text="others").click()
    await expect(sara.messages).to_have_count(0)
    ali.say("news")
    await expect(badge(sara)).to_have_text("1")
    await sara.list.filter(has_text=ali.name).click()
    await expect(sara.message("news")).to_be_in_viewport()


async def test_the_day_stays_in_view(browser: Browser, served: PayamServer) -> None:
    """However far below its first message one reads."""
    sara, ali, hers = await pair(browser, served.url)
    hers.read(ali.say(*numbered(60))[-1])
    await sara.page.reload()
    await until_known(sara, "message 59")
    await sara.list.click()
    await expect(sara.message("message 59")).to_be_in_viewport()
    await expect(sara.page.locator("li.day")).to_be_in_viewport()
    await sara.page.get_by_role("log").evaluate("(log) => log.scrollBy(0, -900)")
    await expect(sara.message("message 59")).not_to_be_in_viewport()
    await expect(sara.page.locator("li.day")).to_be_in_viewport()
