"""The chat of /widget.js on a shop's page, which is of another site and has a strict policy."""

import asyncio
import hmac
import re
from hashlib import sha256
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, FrameLocator, Page, Route, expect

from tests.web.shop import SECRET, Shop
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


KNOWS_TICKET = """async (_, id) => {
    const ticket = () => localStorage.getItem("payam.widget/ ticket");
    while (ticket() !== id) await new Promise((then) => setTimeout(then, 20));
}"""
"""The chat has heard that its ticket is open, and will know it again."""


async def opened(page: Page, agent: Agent, subject: str) -> dict[str, Any]:
    """The ticket that the customer's first message opens, once it is there."""
    for _ in range(600):
        for ticket in agent._send("GET", "/api/support_tickets/?assigned_to=none").json():
            found: dict[str, Any] = ticket
            if (found["status"], found["subject"]) == ("open", subject):
                return found
        await page.wait_for_timeout(100)
    raise AssertionError("no ticket came")


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


async def test_who_is_signed_in_at_the_shop_is_known(browser: Browser, shop: Shop) -> None:
    """By the shop's signature, without a question; on another device with the same history."""
    signature = hmac.new(SECRET.encode(), b"shop-1", sha256).hexdigest()
    attributes = (
        f'data-lang="en" data-name="Sara" data-user-id="shop-1" data-signature="{signature}"'
    )
    words = WORDS["en"]
    for count in (1, 2):
        page, complaints = await visit(browser, shop.page(attributes), "en")
        frame = chat_in(page)
        await frame.get_by_role("button", name=words["open"]).click()
        await say(frame, words, f"word {count}")
        await expect(frame.locator("#messages li.own")).to_have_count(count)
        await expect(frame.locator("#about")).to_be_hidden()
        assert complaints == []


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


async def test_with_a_wrong_signature_one_is_a_guest(browser: Browser, shop: Shop) -> None:
    """The chat says that it does not know who this is, and goes on, with its greeting."""
    attributes = 'data-lang="en" data-user-id="shop-9" data-signature="0" data-greeting="Welcome!"'
    page, _ = await visit(browser, shop.page(attributes), "en")
    frame, words = chat_in(page), WORDS["en"]
    await frame.get_by_role("button", name=words["open"]).click()
    await expect(frame.locator("#trouble")).to_contain_text("You can write as a guest.")
    await frame.get_by_role("button", name=words["start"]).click()
    await expect(frame.locator("#trouble")).to_be_hidden()
    await expect(frame.locator("#log")).to_contain_text("Welcome!")
    await expect(frame.locator("#text")).to_have_css("font-size", "16px")  # or phones zoom in
    await say(frame, words, "hello")
    await expect(frame.locator("#messages li.own")).to_contain_text("hello")


async def test_what_a_guest_wrote_stays_theirs(browser: Browser, shop: Shop) -> None:
    """Also where the shop's user had an account before: they wrote it, and no agent did."""
    signature = hmac.new(SECRET.encode(), b"shop-3", sha256).hexdigest()
    Agent(shop.payam)._send(
        "POST", "/api/guests/identify/", {"user_id": "shop-3", "signature": signature}
    )
    words = WORDS["en"]
    page, complaints = await visit(browser, shop.page('data-lang="en"'), "en")
    frame = chat_in(page)
    await frame.get_by_role("button", name=words["open"]).click()
    await frame.get_by_role("button", name=words["start"]).click()
    await say(frame, words, "as a guest")
    await expect(frame.locator("#messages li.own")).to_have_count(1)
    signed = f'data-lang="en" data-user-id="shop-3" data-signature="{signature}"'
    await page.goto(shop.page(signed))
    await frame.get_by_role("button", name=words["open"]).click()
    await expect(frame.locator("#messages li.own")).to_contain_text("as a guest")
    assert complaints == []


async def test_an_answer_in_another_conversation_is_shown(browser: Browser, shop: Shop) -> None:
    """Who wrote as a guest on another device, before they signed in there, has two."""
    signature = hmac.new(SECRET.encode(), b"shop-4", sha256).hexdigest()
    who = {"user_id": "shop-4", "signature": signature}
    agent, words = Agent(shop.payam), WORDS["en"]
    async with httpx.AsyncClient(base_url=shop.payam.url, trust_env=False) as http:
        access = (await http.post("/api/guests/identify/", json=who)).json()["access"]
        http.headers["Authorization"] = f"Bearer {access}"
        begun = await http.post("/api/conversations/", json={"participants": [], "title": ""})
        earlier = f"/api/conversations/{begun.json()['id']}/"
        await http.post(f"{earlier}messages/", json={"content": "the first"})
        ticket = await http.post(f"{earlier}support_ticket/", json={"subject": "shop-4"})
        assert ticket.is_success
    page, complaints = await visit(browser, shop.page('data-lang="en"'), "en")
    frame = chat_in(page)
    await frame.get_by_role("button", name=words["open"]).click()
    await frame.get_by_role("button", name=words["start"]).click()
    await say(frame, words, "the second")
    later = (await opened(page, agent, "the second"))["conversation"]
    signed = f'data-lang="en" data-user-id="shop-4" data-signature="{signature}"'
    await page.goto(shop.page(signed))
    await frame.get_by_role("button", name=words["open"]).click()
    await expect(frame.locator("#messages")).to_contain_text("the second")
    agent._send("POST", f"{earlier}messages/", {"content": "an answer to the first"})
    await expect(frame.locator("#messages")).to_contain_text("an answer to the first")
    await frame.get_by_role("button", name=words["close"]).click()
    agent._send("POST", f"/api/conversations/{later}/messages/", {"content": "one to the second"})
    await expect(frame.locator("#unread")).to_have_text("1")
    await frame.get_by_role("button", name=words["open"]).click()
    await expect(frame.locator("#messages")).to_contain_text("one to the second")
    assert complaints == []


async def test_who_has_signed_out_at_the_shop_is_forgotten(browser: Browser, shop: Shop) -> None:
    """The next visitor of the same browser is asked who they are, and sees nothing."""
    signature = hmac.new(SECRET.encode(), b"shop-2", sha256).hexdigest()
    attributes = f'data-lang="en" data-user-id="shop-2" data-signature="{signature}"'
    words = WORDS["en"]
    page, complaints = await visit(browser, shop.page(attributes), "en")
    frame = chat_in(page)
    await frame.get_by_role("button", name=words["open"]).click()
    await say(frame, words, "between us")
    await expect(frame.locator("#messages li.own")).to_have_count(1)
    await page.goto(shop.page('data-lang="en"'))
    await frame.get_by_role("button", name=words["open"]).click()
    await expect(frame.get_by_role("button", name=words["start"])).to_be_visible()
    assert "between us" not in await frame.locator("body").inner_text()
    assert complaints == []


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


async def test_two_tabs_begin_one_chat(browser: Browser, shop: Shop) -> None:
    """Also the one whose form was there before the other began."""
    words = WORDS["en"]
    page, complaints = await visit(browser, shop.page('data-lang="en"'), "en")
    other = await page.context.new_page()
    await other.goto(page.url)
    for tab in (page, other):
        await chat_in(tab).get_by_role("button", name=words["open"]).click()
        await expect(chat_in(tab).locator("#start")).to_be_visible()
    await chat_in(page).locator("#start").click()
    await say(chat_in(page), words, "from the first")
    await expect(chat_in(page).locator("#messages li.own")).to_have_count(1)
    await chat_in(other).locator("#start").click()
    await expect(chat_in(other).locator("#messages li.own")).to_contain_text("from the first")
    assert complaints == []


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
