"""Who writes in the chat of /widget.js: a guest, or whom the shop names."""

import hmac
from hashlib import sha256

import httpx
from playwright.async_api import Browser, expect

from tests.web.shop import SECRET, Shop
from tests.web.test_tickets import Agent
from tests.web.widget import WORDS, chat_in, opened, say, visit


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
