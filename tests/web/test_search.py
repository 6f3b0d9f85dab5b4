"""Search on the page: what was said is found, gone to in its place, and left again."""

import asyncio
from typing import Any

from playwright.async_api import Browser, Locator, Route, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import Visitor

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "color_scheme": "dark",
}
MANY = 130  # more than the page loads at once


def box(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("navigation").get_by_role("searchbox")


def results(visitor: Visitor) -> Locator:
    return visitor.page.locator(".results a:visible")


def marked(visitor: Visitor) -> Locator:
    """What is marked in the messages that were found."""
    return visitor.page.locator(".results .preview mark:visible")


def target(visitor: Visitor) -> Locator:
    """The message that was gone to."""
    return visitor.page.locator("li.message[aria-current]")


async def test_what_was_said_long_ago_is_found_in_its_place(
    browser: Browser, served: PayamServer
) -> None:
    """By the keyboard alone, half typed, with the letters of another keyboard."""
    ali, sara, reza = (Sender(served.url, name) for name in ("ali", "سارا", "reza"))
    conversation = ali.begin(sara)
    texts = [f"پیام {number}" for number in range(MANY)]
    texts[20] = "🙂🙂 دیروز کتاب‌خانه بسته بود"
    sara.say(*texts)
    ali.begin(sara, reza, title="باشگاه کتاب")
    his = await ali.page(browser, "fa", **DESKTOP)
    keys = his.page.keyboard

    await keys.press("Control+k")
    await expect(box(his)).to_be_focused()
    await keys.type("كتاب")
    await expect(results(his)).to_have_count(2)
    await expect(results(his).nth(0)).to_contain_text("باشگاه")
    await expect(marked(his)).to_have_text(["کتاب"])
    await his.check()
    await keys.press("ArrowDown")
    await keys.press("ArrowDown")
    await expect(results(his).nth(1)).to_be_focused()
    await keys.press("Enter")
    await expect(target(his)).to_contain_text("کتاب‌خانه")
    await expect(target(his)).to_be_in_viewport()
    await expect(target(his)).to_be_focused()
    await expect(his.message("پیام 19")).to_be_visible()  # what was before it, and after
    await expect(his.message("پیام 21")).to_be_visible()
    await expect(his.message(f"پیام {MANY - 1}")).to_have_count(0)
    painted = "[...(CSS.highlights.get('found') ?? [])].map((range) => range.toString()).join('|')"
    await his.page.wait_for_function(f"() => {painted} === 'کتاب'")

    await his.page.reload()  # its address leads to it again
    await expect(target(his)).to_be_in_viewport()
    await his.page.get_by_role("button", name="به تازه‌ترین").click()
    await expect(his.message(f"پیام {MANY - 1}")).to_be_in_viewport()
    await expect(target(his)).to_have_count(0)
    await expect(his.page).to_have_url(f"{served.url}/#/{conversation}")

    await his.page.get_by_role("log").focus()
    await keys.press("/")
    await expect(box(his)).to_be_focused()
    await keys.type("هیچ‌کس")
    await expect(his.page.locator(".results [role=status]")).to_contain_text("پیدا نشد")
    await keys.press("Escape")
    await expect(his.list).to_have_count(2)


async def test_one_conversation_is_searched_on_a_phone(
    browser: Browser, served: PayamServer
) -> None:
    """From match to match, more than one page of them, and nothing of other conversations."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    sara.say(*[f"apple {n}" if n % 4 == 0 else f"message {n}" for n in range(MANY)])
    hers = await sara.page(browser, **PHONE)
    await hers.list.click()
    await expect(hers.message(f"message {MANY - 1}")).to_be_in_viewport()
    ali.begin_alone("apples")
    await hers.page.get_by_role("button", name="Search in this conversation").tap()
    await expect(hers.page.locator(".search.bar input")).to_be_focused()
    await hers.page.keyboard.type("APPL")
    await expect(results(hers)).to_have_count(20)
    await expect(marked(hers).first).to_have_text("appl")
    await hers.check()
    await hers.page.get_by_role("button", name="More results").tap()
    await expect(results(hers)).to_have_count(33)
    await results(hers).nth(31).tap()
    await expect(target(hers)).to_contain_text("apple 4")
    await expect(target(hers)).to_be_in_viewport()
    await expect(results(hers)).to_have_count(0)
    await hers.page.get_by_role("button", name="Older match").tap()
    await expect(target(hers)).to_contain_text("apple 0")
    await hers.page.get_by_role("button", name="Newer match").tap()
    await expect(target(hers)).to_contain_text("apple 4")
    await hers.page.get_by_role("button", name="Close the search").tap()
    await hers.say("here I am")
    await expect(hers.message("here I am")).to_be_in_viewport()
    await expect(target(hers)).to_have_count(0)
    await hers.check()


async def test_late_answers_and_failures(browser: Browser, served: PayamServer) -> None:
    """An answer that comes late takes nobody's place; a failure is said, and tried again."""
    ali = Sender(served.url, "ali")
    ali.begin(Sender(served.url, "sara"))
    ali.say("bread and butter", "breakfast")
    his = await ali.page(browser, **DESKTOP)
    release = asyncio.Event()
    came = asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        await release.wait()
        await route.fulfill(response=answer)
        came.set()

    await his.page.route("**/api/search/?q=brea&**", hold)
    async with his.page.expect_request("**/api/search/?q=brea&**"):
        await box(his).fill("brea")
    await box(his).fill("breakf")
    await expect(marked(his)).to_have_text(["breakf"])
    release.set()
    await came.wait()
    await his.page.unroute("**/api/search/?q=brea&**")
    await expect(marked(his)).to_have_text(["breakf"])

    await his.page.route("**/api/search/**", lambda route: route.abort())
    await box(his).fill("bread")
    alert = his.page.get_by_role("alert").filter(visible=True)
    await expect(alert).to_have_text("The server cannot be reached.")
    await his.check()
    await his.page.unroute("**/api/search/**")
    await his.page.get_by_role("button", name="Try again").click()
    await expect(marked(his)).to_have_text(["bread"])

    await box(his).fill("ًٌ")  # marks alone
    await expect(his.page.locator(".results [role=status]")).to_have_text(
        "There is no letter or digit to look for."
    )


async def test_a_page_that_is_empty_is_not_the_end(browser: Browser, served: PayamServer) -> None:
    """A page of results may be short, or have none at all; its link is followed."""
    ali = Sender(served.url, "ali")
    ali.begin(Sender(served.url, "sara"))
    ali.say(*(f"pancake {number}" for number in range(45)))
    his = await ali.page(browser, **DESKTOP)
    asked: list[str] = []

    async def shorten(route: Route) -> None:
        asked.append(route.request.url)
        answer = await route.fetch()
        found = await answer.json()
        await route.fulfill(response=answer, json=[] if len(asked) < 3 else found)

    await his.page.route("**/api/search/**", shorten)
    await box(his).fill("pancake")
    await expect(marked(his)).to_have_count(5)
    assert len(asked) == 3
    await expect(his.page.locator(".results [role=status]")).to_contain_text("5")
    await expect(his.page.get_by_role("button", name="More results")).to_be_hidden()


async def test_a_message_that_is_not_there(browser: Browser, served: PayamServer) -> None:
    """An address of a message that another conversation has, or that nobody has."""
    ali = Sender(served.url, "ali")
    conversation = ali.begin(Sender(served.url, "sara"))
    ali.say("only this")
    his = await ali.page(browser, **DESKTOP)
    await his.page.evaluate(f"location.hash = '#/{conversation}/999999999'")
    await expect(his.message("only this")).to_be_in_viewport()
    await his.noticed("This message is not there any more.")
    await expect(his.page).to_have_url(f"{served.url}/#/{conversation}")
