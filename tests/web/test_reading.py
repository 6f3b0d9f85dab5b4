"""What counts as read on the page: what was before somebody's eyes, and nothing else."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP, PHONE
from tests.web.in_view import numbered, scroll_until, still
from tests.web.reading import (
    MANY,
    badge,
    pair,
    settled,
    until_known,
    until_read,
    until_read_as_seen,
    until_unread,
)
from tests.web.sender import Sender


async def test_what_was_in_view_is_read_and_no_more(browser: Browser, served: PayamServer) -> None:
    """Of 227 unread, reading begins at the first; the rest is counted at the way to the newest."""
    sara, ali, hers = await pair(browser, served.url)
    ali.say(*numbered(MANY))
    await until_known(sara, f"message {MANY - 1}", str(MANY))
    await sara.list.click()
    line = sara.page.get_by_role("log").get_by_text("Unread from here")
    await expect(line).to_be_in_viewport()
    assert (await still(sara.page))[0] == "message 0"
    await until_read_as_seen(sara, hers)
    down = sara.page.get_by_role("button", name="To the newest")
    await expect(down).to_have_accessible_name(re.compile(rf"\b{hers.unread()}\b.* unread"))
    await expect(badge(sara)).to_have_text(str(hers.unread()))
    await sara.check()

    await sara.page.get_by_role("log").hover()
    await sara.page.mouse.wheel(0, 300)
    await expect(sara.messages.filter(has_text="message 0")).not_to_be_in_viewport()
    await until_read_as_seen(sara, hers)
    await expect(line).to_have_count(1)  # it stays where reading began

    await down.click()
    await expect(sara.message("message 226")).to_be_in_viewport()
    await until_read(sara, hers)
    await expect(down).to_be_hidden()


async def test_what_comes_while_one_reads_above_is_unread(
    browser: Browser, served: PayamServer
) -> None:
    """Nothing moves; the way to the newest counts it, and leads to the line before it."""
    sara, ali, hers = await pair(browser, served.url)
    ali.say(*numbered(60))
    await until_known(sara, "message 59", "60")
    await sara.list.click()
    await sara.page.get_by_role("button", name="To the newest").click()
    await until_read(sara, hers)
    await sara.page.get_by_role("log").evaluate("(log) => log.scrollBy(0, -900)")
    down = sara.page.get_by_role("button", name="To the newest")
    await expect(down).to_be_visible()
    before = await still(sara.page)
    ali.say("while you were away", "and another")
    await expect(down).to_have_accessible_name(re.compile(r"\b2\b.* unread"))
    await settled(sara.page)
    assert hers.unread() == 2
    assert await still(sara.page) == before
    await down.click()
    rows = sara.page.locator("li.line + li.message")
    await expect(rows).to_contain_text("while you were away")
    await until_read(sara, hers)


async def test_a_message_of_many_screens_is_read_as_it_is_reached(
    browser: Browser, served: PayamServer
) -> None:
    """Half a screen full of it is enough; what stands behind it is not seen yet."""
    sara, ali, hers = await pair(browser, served.url)
    ali.say(*numbered(20), "line\n" * 900 + "its end", "behind it")
    await until_known(sara, "behind it", "22")
    await sara.list.click()
    await expect(sara.page.locator("li.line")).to_be_in_viewport()
    await sara.page.get_by_role("log").hover()
    for _ in range(60):  # slowly, so that it comes into view by and by
        await sara.page.mouse.wheel(0, 60)
        await sara.page.wait_for_timeout(20)
    await expect(badge(sara)).to_have_text("1")
    await until_unread(hers, 1)
    await settled(sara.page)
    assert hers.unread() == 1


async def away(page: Page, how: str) -> None:
    """Take the page out of sight as a browser would: another tab, another window, a dialog."""
    session = await page.context.new_cdp_session(page)
    if how == "dialog":
        await page.get_by_role("button", name="Details").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
    else:
        await session.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
        other = await page.context.new_page()
        await other.bring_to_front()


async def back(page: Page, how: str) -> None:
    if how == "dialog":
        await page.keyboard.press("Escape")
    else:
        await page.bring_to_front()
        session = await page.context.new_cdp_session(page)
        await session.send("Emulation.setFocusEmulationEnabled", {"enabled": True})


@pytest.mark.parametrize("how", ["tab", "dialog"])
async def test_what_is_out_of_sight_is_read_on_return(
    whole_browser: Browser, served: PayamServer, how: str
) -> None:
    """Another tab in front, or a window over it: at the end, and yet nobody saw it."""
    sara, ali, hers = await pair(whole_browser, served.url)
    ali.say("seen")
    await sara.list.click()
    await until_read(sara, hers)
    await away(sara.page, how)
    ali.say("unseen", "unseen too")
    await expect(sara.messages).to_have_text(["seen", "unseen", "unseen too"])
    await settled(sara.page)
    assert hers.unread() == 2
    await back(sara.page, how)
    await expect(sara.page.locator("li.line + li.message")).to_contain_text("unseen")
    await until_read(sara, hers)


async def test_another_conversation_that_is_open_reads_only_itself(
    browser: Browser, served: PayamServer
) -> None:
    """What comes to the first meanwhile is unread."""
    sara, ali, hers = await pair(browser, served.url)
    ali.say("one")
    await sara.list.click()
    await until_read(sara, hers)
    hers.begin(Sender(served.url, "omid"), title="others")
    await sara.list.filter(has_text="others").click()
    await expect(sara.messages).to_have_count(0)
    ali.say("two")
    await expect(badge(sara)).to_have_text(["1"])
    await settled(sara.page)
    assert sorted(one["unread_count"] for one in hers.conversations()) == [0, 1]


async def test_reading_on_one_device_shows_on_another(
    browser: Browser, served: PayamServer
) -> None:
    """Badge and line, whether the conversation is open there or not."""
    sara, ali, hers = await pair(browser, served.url)
    ids = ali.say(*numbered(30))
    await expect(badge(sara)).to_have_text("30")
    hers.read(ids[19])
    await expect(badge(sara)).to_have_text("10")
    await sara.list.click()
    await expect(sara.page.locator("li.line + li.message")).to_contain_text("message 20")
    await scroll_until(sara.page, -9000, "message 0")
    more = ali.say(*numbered(40, 30))
    hers.read(more[9])
    await expect(badge(sara)).to_have_text("30")
    await expect(sara.page.locator("li.line + li.message")).to_contain_text("message 40")


async def test_a_mark_that_fails_is_made_again(whole_browser: Browser, served: PayamServer) -> None:
    """What is seen while there is no connection is read for everyone after it."""
    sara, ali, hers = await pair(whole_browser, served.url)
    await sara.list.click()
    await expect(sara.box).to_be_visible()
    session = await sara.page.context.new_cdp_session(sara.page)
    await session.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    other = await sara.page.context.new_page()
    await other.bring_to_front()
    ali.say("hello")
    await expect(sara.messages).to_have_text(["hello"])
    await sara.page.context.set_offline(True)
    await sara.page.bring_to_front()
    await session.send("Emulation.setFocusEmulationEnabled", {"enabled": True})
    await expect(badge(sara)).to_be_hidden()
    assert hers.unread() == 1
    await sara.page.context.set_offline(False)
    await hers.has_read_all()


async def test_ones_own_typing_is_not_somebody_elses(browser: Browser, served: PayamServer) -> None:
    """On another device of the same user; the others see it."""
    sara, ali, _ = await pair(browser, served.url)
    ali.say("hello")
    await sara.list.click()
    phone, desk = [await ali.page(browser, **device) for device in (PHONE, DESKTOP)]
    await phone.list.click()
    await desk.list.click()
    await expect(desk.messages).to_have_text(["hello"])
    async with phone.typing("typing"):
        typing = sara.page.get_by_role("status").filter(has_text="is typing…")
        await expect(typing).to_be_visible()
    await expect(desk.page.get_by_text(re.compile("is typing"))).to_have_count(0)
