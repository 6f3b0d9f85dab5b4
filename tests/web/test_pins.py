"""Pins on the page: the bar above the messages, for everybody who looks at the conversation."""

from playwright.async_api import Browser, Locator, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import Visitor

MANY = 120  # more than the page loads at once


def bar(visitor: Visitor, text: str) -> Locator:
    return visitor.page.get_by_role("button", name=visitor.words["pinned"]).filter(has_text=text)


async def test_what_one_pins_the_other_finds_and_unpins(
    browser: Browser, served: PayamServer
) -> None:
    """Also a message of long ago, which is not loaded; an edit and a deletion reach the bar."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.say(*[f"message {number:03}" for number in range(MANY)])
    his = await ali.page(browser, "fa", **DESKTOP)
    hers = await sara.page(browser, **DESKTOP)
    await his.list.click()
    await expect(his.message("message 119")).to_be_in_viewport()
    await hers.list.click()  # where reading begins

    await hers.act("message 000", "pin")
    await expect(bar(hers, "message 000")).to_be_visible()
    await expect(his.message("message 000")).to_have_count(0)
    await bar(his, "message 000").click()
    await expect(his.message("message 000")).to_be_in_viewport()
    await his.check()

    await hers.act("message 001", "pin")
    await expect(bar(his, "message 001")).to_be_visible()
    await his.act("message 001", "edit")
    await his.say("once more")
    await expect(bar(hers, "once more")).to_be_visible()
    await hers.page.reload()
    await expect(bar(hers, "once more")).to_be_visible()
    await hers.check()
    await his.act("once more", "delete")
    await his.page.get_by_role("dialog").get_by_role("button", name=his.words["delete"]).click()

    await expect(bar(hers, "message 000")).to_be_visible()
    await expect(bar(his, "message 000")).to_be_visible()
    await his.page.locator(".pinned").get_by_role("button", name=his.words["unpin"]).click()
    await expect(bar(hers, "")).to_have_count(0)
    await expect(bar(his, "")).to_have_count(0)
    await hers.act("message 000", "pin")  # no longer "Unpin"
    await expect(bar(his, "message 000")).to_be_visible()
