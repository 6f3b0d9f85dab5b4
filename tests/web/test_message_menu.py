"""What is done with a message: reactions, replies, names in it; and what a finger can meet."""

from typing import Any

from playwright.async_api import Browser, Locator, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import SMALL, Visitor

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}
MANY = 120  # more than the page loads at once


def reactions(visitor: Visitor, text: str) -> Locator:
    return visitor.message(text).locator(".reaction")


async def test_reactions_are_seen_and_taken_back_by_everybody(
    browser: Browser, served: PayamServer
) -> None:
    """By a long press on a phone, and at a desk by the message's own buttons."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "سارا")
    ali.begin(sara)
    ali.say("look at this")
    his = await ali.page(browser, **DESKTOP)
    hers = await sara.page(browser, "fa", **PHONE)
    for visitor in (his, hers):
        await visitor.list.click()
        await expect(visitor.message("look at this")).to_be_visible()

    await hers.hold(hers.message("look at this").locator(".bubble"))
    await hers.check()
    assert await hers.page.evaluate(SMALL) == []
    await hers.page.get_by_role("menuitemcheckbox", name="👍").tap()
    await expect(reactions(his, "look")).to_have_text(["👍 1"])
    await reactions(his, "look").click()
    await expect(reactions(hers, "look")).to_have_text(["👍 ۲"])
    await expect(reactions(his, "look")).to_have_attribute("aria-pressed", "true")

    row = his.message("look")
    await row.hover()
    await row.get_by_role("button", name="React").click()
    await his.page.get_by_role("menuitem", name="More reactions").click()
    await his.check()
    await his.page.get_by_role("menuitemcheckbox", name="🎉").click()
    await expect(reactions(hers, "look")).to_have_text(["👍 ۲", "🎉 ۱"])
    await reactions(hers, "look").first.tap()
    await expect(reactions(his, "look").first).to_have_text("👍 1")
    await hers.page.reload()
    await expect(reactions(hers, "look")).to_have_text(["👍 ۱", "🎉 ۱"])
    assert await hers.page.evaluate(SMALL) == []
    await his.check()
    await hers.check()


async def test_a_reply_leads_to_what_it_replies_to(browser: Browser, served: PayamServer) -> None:
    """Also where that was said long ago; a deletion reaches the quote."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.say("the question", *[f"message {number}" for number in range(MANY)])
    his = await ali.page(browser, **DESKTOP)
    await his.list.click()
    hers = await sara.page(browser, **DESKTOP)
    await hers.list.click()  # where reading begins

    await hers.act("the question", "reply")
    await expect(hers.page.locator(".editing")).to_contain_text("the question")
    await hers.page.keyboard.press("Escape")
    await expect(hers.page.locator(".editing")).to_be_hidden()
    await hers.act("the question", "reply")
    await hers.check()
    await hers.page.keyboard.type("the answer")
    await hers.page.keyboard.press("Enter")
    await expect(hers.page.locator(".editing")).to_be_hidden()
    quote = his.message("the answer").locator(".quote")
    await expect(quote).to_contain_text(ali.name)
    await expect(quote).to_contain_text("the question")
    await quote.click()
    await expect(his.page.locator("li.message[aria-current]")).to_contain_text("the question")
    await expect(his.page.locator("li.message[aria-current]")).to_be_in_viewport()
    await his.act("the question", "delete")
    await his.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    answer = hers.message("the answer").locator(".quote")
    await expect(answer).to_contain_text(hers.words["deleted"])
    await sara.has_read_all()
    await hers.page.reload()
    await expect(answer).to_contain_text(hers.words["deleted"])


async def test_a_name_is_completed_and_its_owner_sees_it(
    browser: Browser, served: PayamServer
) -> None:
    """With the keyboard; in the list, and in the message. A draft is there after a reload."""
    ali, sara, reza = (Sender(served.url, name) for name in ("ali", "sara", "reza"))
    sara.call_oneself("سارا رضایی")
    ali.begin(sara, reza, title="group")
    hers = await sara.page(browser, **DESKTOP)
    his = await ali.page(browser, **DESKTOP)
    await his.list.click()
    keys = his.page.keyboard
    await expect(his.box).to_be_focused()
    await keys.type("hello @")
    options = his.page.get_by_role("option")
    await expect(options).to_have_count(2)
    await keys.type("رضا")  # the name that others see
    await expect(options).to_contain_text(["سارا رضایی"])
    for _ in "رضا":
        await keys.press("Backspace")
    await keys.type("SA")
    await expect(options).to_contain_text([sara.name])
    await his.check()
    await keys.press("Enter")
    await expect(his.box).to_have_value(f"hello @{sara.name} ")
    await keys.type("and all")
    await his.page.reload()
    await expect(his.box).to_have_value(f"hello @{sara.name} and all")
    await his.page.evaluate("location.hash = '#/'")
    await expect(his.list).to_contain_text("Draft:")
    await his.list.click()
    await expect(his.box).to_be_focused()
    await keys.press("Enter")

    await expect(hers.list.get_by_role("img", name="Mentions you")).to_be_visible()
    await hers.check()
    await hers.list.click()
    await expect(hers.page.locator(".mention.me")).to_have_text(f"@{sara.name}")
    await expect(hers.list.get_by_role("img", name="Mentions you")).to_be_hidden()
    await expect(his.page.locator(".mention")).to_have_text(f"@{sara.name}")
    await expect(his.list).not_to_contain_text("Draft:")
    await his.check()
    await hers.check()


async def test_a_finger_can_meet_everything(browser: Browser, served: PayamServer) -> None:
    """The list, a conversation, its search, and the settings: nothing is smaller than 44 pixels."""
    ali = Sender(served.url, "ali")
    ali.begin(Sender(served.url, "sara"))
    ali.say("hello")
    his = await ali.page(browser, "fa", **PHONE)
    await expect(his.list).to_have_count(1)
    assert await his.page.evaluate(SMALL) == []
    await his.page.get_by_role("button", name="تنظیمات").tap()
    await expect(his.page.get_by_role("dialog")).to_be_visible()
    assert await his.page.evaluate(SMALL) == []
    await his.page.keyboard.press("Escape")
    await his.list.tap()
    await expect(his.message("hello")).to_be_visible()
    await his.page.get_by_role("button", name="جست‌وجو در این گفت‌وگو").tap()
    await his.page.locator(".search.bar input").fill("hel")
    await expect(his.page.locator(".results mark").first).to_be_visible()
    assert await his.page.evaluate(SMALL) == []
