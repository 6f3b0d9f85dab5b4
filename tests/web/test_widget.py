"""The chat of /widget.js on a shop's page, which is of another site and has a strict policy."""

import re

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.web.shop import Shop
from tests.web.test_tickets import Agent
from tests.web.visitor import MILLISECONDS, SMALL
from tests.web.widget import WORDS, chat_in, opened, rate, say, visit


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_a_customer_and_an_agent_talk(browser: Browser, shop: Shop, language: str) -> None:
    """From the shop's page: consent, words both ways, a badge while closed, history, a file."""
    words = WORDS[language]
    agent = Agent(shop.payam)
    attributes = f'data-lang="{language}" data-color="#7c2d12" data-consent="consent!"'
    page, complaints = await visit(browser, shop.page(attributes), language)
    frame = chat_in(page)
    await frame.get_by_role("button", name=words["open"]).click()
    await expect(frame.locator("html")).to_have_attribute("dir", words["direction"])
    await expect(frame.get_by_text("consent!")).to_be_visible()
    assert await frame.locator("html").evaluate(SMALL) == []
    await expect(frame.locator("header")).to_have_css("background-color", "rgb(124, 45, 18)")
    await frame.locator("#name").fill("علی")
    await frame.locator("#email").fill("ali@example.org")
    await frame.get_by_role("button", name=words["start"]).click()
    await expect(frame.get_by_text(words["away"])).to_be_visible()
    await say(frame, words, "The map does not load")
    await expect(frame.locator("#messages li.own")).to_contain_text("The map does not load")
    await expect(frame.locator("#messages li .attached")).to_have_count(0)
    ticket = await opened(page, agent, "The map does not load")
    guest = agent._send("GET", f"/api/guests/{ticket['created_by']['id']}/").json()
    assert (guest["display_name"], guest["email"]) == ("علی", "ali@example.org")
    agent.take(ticket["id"])
    messages = f"/api/conversations/{ticket['conversation']}/messages/"
    agent._send("POST", messages, {"content": "a giraffe", "internal": True})
    agent._send("POST", messages, {"content": "We look at it"})
    answer = frame.locator("#messages li:not(.own)")
    await expect(answer).to_contain_text("We look at it")
    await expect(answer).to_contain_text(words["support"].format(agent.name))
    await frame.get_by_role("button", name=words["close"]).click()
    for text in ("one", "two"):
        agent._send("POST", messages, {"content": text})
    await expect(frame.locator("#unread")).to_have_text(words["badge"])
    # Who comes back finds everything, the badge too.
    await page.reload()
    await expect(frame.locator("#unread")).to_have_text(words["badge"])
    await frame.get_by_role("button", name=words["open"]).click()
    await expect(frame.locator("#messages li")).to_have_count(4)
    await frame.locator("#file").set_input_files(
        {"name": "map.txt", "mimeType": "text/plain", "buffer": b"a map"}
    )
    await say(frame, words, "here it is")
    await expect(frame.locator("#messages li.own button.attached")).to_have_text("map.txt")
    assert await frame.locator("html").evaluate(SMALL) == []
    async with page.expect_download() as download:
        await frame.locator("#messages li.own button.attached").click()
    assert (await download.value).suggested_filename == "map.txt"
    assert "giraffe" not in await frame.locator("body").inner_text()
    agent._send("POST", f"/api/support_tickets/{ticket['id']}/close/")
    await rate(frame, 4, "good")
    rated = agent._send("GET", f"/api/support_tickets/{ticket['id']}/").json()["rating"]
    assert rated == {"score": 4, "comment": "good"}
    await say(frame, words, "and again")
    await expect(frame.locator("#messages li")).to_have_count(6)
    assert complaints == []


async def test_the_page_of_another_site_does_not_show_it(browser: Browser, shop: Shop) -> None:
    """The browser refuses the frame, and a server that names nobody lets nobody show it."""
    page, complaints = await visit(browser, shop.stranger, "en")
    await expect(page.locator("iframe")).to_be_attached()
    for _ in range(600):
        if complaints:
            break
        await page.wait_for_timeout(100)
    assert "frame-ancestors" in complaints[0]


def test_the_script_is_small_and_the_frame_is_for_the_shop_alone(shop: Shop) -> None:
    """Under 10 KB as sent; and Payam's own page is in nobody's frame."""
    with httpx.Client(base_url=shop.payam.url, trust_env=False) as http:
        sent = http.get("/widget.js")
        assert len(sent.content) < 10_000
        assert sent.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        policy = http.get("/widget/").headers["Content-Security-Policy"]
        assert f"frame-ancestors {shop.url};" in policy
        assert "frame-ancestors 'none';" in http.get("/").headers["Content-Security-Policy"]


async def test_attributes_say_how_it_looks_and_what_it_says(browser: Browser, shop: Shop) -> None:
    """Any of its sentences, a link about privacy, and a text that one can read on the colour."""
    attributes = (
        'data-lang="en" data-dir="rtl" data-color="#facc15" data-start="Go!" data-title="Help"'
        ' data-privacy-url="https://shop.example/privacy" data-name="Ali" data-side="left"'
        ' data-wrong-email="Hm?"'
    )
    page, complaints = await visit(browser, shop.page(attributes), "en")
    frame = chat_in(page)
    await frame.get_by_role("button", name=WORDS["en"]["open"]).click()
    await expect(frame.locator("html")).to_have_attribute("dir", "rtl")
    await expect(frame.locator("header")).to_have_css("color", "rgb(28, 25, 23)")
    await expect(frame.get_by_role("heading")).to_have_text("Help")
    await expect(frame.get_by_role("button", name="Go!")).to_be_visible()
    await expect(frame.locator("#privacy")).to_have_attribute(
        "href", "https://shop.example/privacy"
    )
    await expect(frame.locator("#name")).to_have_value("Ali")
    await expect(page.locator("iframe")).to_have_css("left", "0px")
    assert complaints == []
    await frame.locator("#about").evaluate("(form) => (form.noValidate = true)")
    await frame.locator("#email").fill("no address")
    await frame.get_by_role("button", name="Go!").click()
    await expect(frame.locator("#trouble")).to_have_text("Hm?")


@pytest.mark.parametrize(("language", "date"), [("en", "January 15"), ("fa", "۲۵ دی")])
async def test_a_desk_that_opens_in_many_days_says_the_date(
    browser: Browser, shop: Shop, language: str, date: str
) -> None:
    """A weekday alone would be taken for the next one."""
    page, _ = await visit(browser, shop.page(f'data-lang="{language}"'), language)
    here = chat_in(page).locator("html")
    await expect(here).to_have_attribute("lang", language)
    said = await here.evaluate(
        """async (html) => {
            const { upcoming } = await import("../web/widget-dress.js");
            const year = new Date().getFullYear() + 1;
            return [upcoming(new Date(year, 0, 15, 9)), upcoming(Date.now() + 5 * 86_400_000)];
        }"""
    )
    assert date in said[0]
    assert [len(re.findall(r"\d+", text)) for text in said] == [3, 2]  # the hour, the minute


async def test_a_browser_that_keeps_nothing_for_frames_can_chat(
    browser: Browser, shop: Shop
) -> None:
    """As with cookies of other sites forbidden: then it lasts as long as the page."""
    context = await browser.new_context(locale="en")
    context.set_default_timeout(MILLISECONDS)
    await context.add_init_script(
        """for (const name of ["localStorage", "indexedDB"]) {
            const get = () => { throw new DOMException("", "SecurityError"); };
            Object.defineProperty(window, name, { get });
        }"""
    )
    page = await context.new_page()
    await page.goto(shop.page('data-lang="en"'))
    frame, words = chat_in(page), WORDS["en"]
    await frame.get_by_role("button", name=words["open"]).click()
    await frame.get_by_role("button", name=words["start"]).click()
    await say(frame, words, "hello")
    await expect(frame.locator("#messages li.own")).to_contain_text("hello")
