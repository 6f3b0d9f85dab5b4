"""A day of the desk: a shop's page, a customer, two agents, a rating, and the ticket once more."""

import asyncio
import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from playwright.async_api import Browser, FrameLocator, Page, Route, expect

from tests.web.shop import SECRET, Shop
from tests.web.test_tickets import INBOX, Agent, desk_of, open_desk, queue, row
from tests.web.test_tickets import WORDS as DESK
from tests.web.visitor import Visitor
from tests.web.widget import WORDS as WIDGET
from tests.web.widget import chat_in, opened, rate, say, visit

WORDS = {
    "en": {
        "customer": "Ali",
        "one": "Sara",
        "other": "Omid",
        "asks": "Where is my parcel?",
        "note": "he has ordered a giraffe",
        "canned": "Hello {{customer}}, we look for it.",
        "answer": "Hello Ali, we look for it.",
        "news": "It comes tomorrow.",
        "again": "It has not come!",
        "automatic": "We have your message.",
        "by": "Automatic answer",
        "yours": "The ticket is yours.",
        "has": "\u2068{}\u2069 has this ticket.",
        "writes": "\u2068{}\u2069 is writing to this customer.",
        "typing": "{} is writing…",
        "here": "We are here: ",
        "closed": "Closed",
        "mine": "Mine",
        "rated": "Rated \u20685\u2069 of \u20685\u2069: \u2068quick\u2069",
    },
    "fa": {
        "customer": "علی",
        "one": "سارا",
        "other": "امید",
        "asks": "بستهٔ من کجاست؟",
        "note": "زرافه سفارش داده است",
        "canned": "سلام {{customer}}، پیگیری می‌کنیم.",
        "answer": "سلام علی، پیگیری می‌کنیم.",
        "news": "فردا می‌رسد.",
        "again": "نرسید!",
        "automatic": "پیام شما رسید.",
        "by": "پاسخ خودکار",
        "yours": "تیکت از آن شماست.",
        "has": "این تیکت با \u2068{}\u2069 است.",
        "writes": "\u2068{}\u2069 در حال نوشتن به این مشتری است.",
        "typing": "{} در حال نوشتن است…",
        "here": "اینجا هستیم: ",
        "closed": "بسته",
        "mine": "برای من",
        "rated": "امتیاز \u2068۵\u2069 از \u2068۵\u2069: \u2068quick\u2069",
    },
}


FIGURES = {
    "en": {
        "desk": "The desk",
        "figures": "Figures",
        "reopened": "Opened again",
        "number": "1",
    },
    "fa": {
        "desk": "میز پشتیبانی",
        "figures": "آمار",
        "reopened": "دوباره بازشده",
        "number": "۱",
    },
}


@dataclass
class Day:
    """Who is there, and in which language."""

    words: dict[str, str]
    desk: dict[str, Any]
    chat: dict[str, str]
    page: Page
    frame: FrameLocator
    agents: tuple[Visitor, Visitor]
    subject: str


def signed(user_id: str) -> str:
    """The attributes of a customer who is signed in at the shop."""
    signature = hmac.new(SECRET.encode(), user_id.encode(), sha256).hexdigest()
    return f'data-user-id="{user_id}" data-signature="{signature}"'


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_a_day_of_the_desk(browser: Browser, shop: Shop, language: str) -> None:
    words = WORDS[language]
    one, other = Agent(shop.payam), Agent(shop.payam)
    one.call_oneself(words["one"])
    other.call_oneself(words["other"])
    title = f"parcel{secrets.token_hex(3)}"
    rules = {"reopen_days": 3, "first_answer_inside": {language: words["automatic"]}}
    one._send("PATCH", "/api/desk/rules/", rules)
    one._send("POST", "/api/canned_responses/", {"title": title, "content": words["canned"]})
    desktop: Any = {"viewport": {"width": 1180, "height": 760}}
    visitors = await asyncio.gather(
        *(who.page(browser, language, **desktop) for who in (one, other))
    )
    attributes = f'data-lang="{language}" data-name="{words["customer"]}"'
    page, complaints = await visit(browser, shop.page(attributes), language)
    day = Day(
        words,
        DESK[language],
        WIDGET[language],
        page,
        chat_in(page),
        (visitors[0], visitors[1]),
        words["asks"],
    )
    for visitor in visitors:
        await open_desk(visitor, day.desk)
    await the_customer_writes(day)
    await one_of_two_takes_it(day)
    await the_other_one_is_warned(day)
    await it_is_answered(day, title, INBOX[language])
    await files_go_along(day)
    await a_badge_counts_what_comes_meanwhile(day)
    # Now the customer signs in at the shop.
    user_id = f"shop-{secrets.token_hex(4)}"
    await page.goto(shop.page(f"{attributes} {signed(user_id)}"))
    await the_history_is_there(day)
    await it_is_closed_and_rated(day)
    await a_reply_opens_it_again(day)
    await the_figures_know_it(day, FIGURES[language])
    assert words["note"] not in await day.frame.locator("body").inner_text()
    for visitor in visitors:
        assert visitor.complaints == []
    assert complaints == []


async def test_a_ticket_that_is_closed_while_it_is_asked_for_is_rated(
    browser: Browser, shop: Shop
) -> None:
    """The answer is of before, and comes after the news."""
    agent, words = Agent(shop.payam), WIDGET["en"]
    subject = f"help {secrets.token_hex(4)}"
    page, _ = await visit(browser, shop.page('data-lang="en" data-name="Ali"'), "en")
    frame = chat_in(page)
    await frame.get_by_role("button", name=words["open"]).click()
    await frame.get_by_role("button", name=words["start"]).click()
    await say(frame, words, subject)
    ticket = await opened(page, agent, subject)
    has_come, is_let_go = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        has_come.set()
        await is_let_go.wait()
        await route.fulfill(response=answer)

    asked = f"**/api/support_tickets/{ticket['id']}/"
    await page.route(asked, late)
    await page.reload()
    await has_come.wait()
    agent._send("POST", f"/api/support_tickets/{ticket['id']}/close/")
    await frame.get_by_role("button", name=words["open"]).click()
    await expect(frame.locator("#rating")).to_be_visible()
    async with page.expect_response(asked):
        is_let_go.set()
    await rate(frame, 5, "quick")


async def the_customer_writes(day: Day) -> None:
    """As a guest, who reads what is stored and that somebody is there."""
    await day.frame.get_by_role("button", name=day.chat["open"]).click()
    await expect(day.frame.locator("#consent")).not_to_be_empty()
    await expect(day.frame.locator("#name")).to_have_value(day.words["customer"])
    await day.frame.get_by_role("button", name=day.chat["start"]).click()
    await expect(day.frame.locator("#presence")).to_contain_text(day.words["here"])
    await say(day.frame, day.chat, day.words["asks"])
    for agent in day.agents:
        ticket = row(agent, day.subject)
        await expect(ticket).to_contain_text(day.words["customer"])


async def one_of_two_takes_it(day: Day) -> None:
    """Both have asked before either knows of the other. One has it, the other reads who."""
    for agent in day.agents:
        await row(agent, day.subject).hover()
        await row(agent, day.subject).get_by_role("button").click()
    name = day.desk["assignToMe"]
    items = [agent.page.get_by_role("menuitem", name=name, exact=True) for agent in day.agents]
    await asyncio.gather(*(item.click() for item in items))
    one, other = day.agents
    yours, taken = day.words["yours"], day.desk["taken"]
    await one.page.wait_for_function("() => noticed.length > 0")
    if not await one.page.evaluate("(yours) => noticed.includes(yours)", yours):
        day.agents = one, other = other, one
        day.words = {**day.words, "one": day.words["other"], "other": day.words["one"]}
    await one.noticed(yours)
    await other.noticed(taken.format(day.words["one"]))
    await expect(row(other, day.subject)).to_contain_text(day.words["one"])


async def the_other_one_is_warned(day: Day) -> None:
    """That somebody has the ticket, and writes already. The customer sees that too."""
    one, other = day.agents
    for agent in day.agents:
        await row(agent, day.subject).get_by_role("link").click()
        await expect(desk_of(agent)).to_contain_text(day.subject)
    warning = other.page.locator(".collision")
    await expect(warning).to_have_text(day.words["has"].format(day.words["one"]))
    async with one.typing("We "):
        await expect(warning).to_have_text(day.words["writes"].format(day.words["one"]))
        await expect(day.frame.locator("#typing")).to_have_text(
            day.words["typing"].format(day.words["one"])
        )
    await one.box.fill("")


async def it_is_answered(day: Day, title: str, inbox: dict[str, Any]) -> None:
    """With a note before, which the other agent reads, and with a stored answer."""
    one, other = day.agents
    await one.page.get_by_role("button", name=inbox["note"]).click()
    await one.box.fill(day.words["note"])
    await one.box.press("Enter")
    await expect(other.page.locator(".bubble.note")).to_contain_text(day.words["note"])
    await one.box.fill(f"/{title}")
    await expect(one.page.locator(".hints [role=option]")).to_contain_text(title)
    await one.box.press("Enter")
    await expect(one.box).to_have_value(day.words["answer"])
    await one.box.press("Enter")
    answers = day.frame.locator("#messages li:not(.own)")
    await expect(answers).to_have_count(2)
    await expect(answers.first).to_contain_text(day.words["automatic"])
    await expect(answers.first).to_contain_text(day.words["by"])
    # It has the same name for the agents.
    first = one.message(day.words["automatic"]).locator(".sender")
    await expect(first).to_have_text(day.words["by"])
    answer = answers.last
    await expect(answer).to_contain_text(day.words["answer"])
    await expect(answer).to_contain_text(day.chat["support"].format(day.words["one"]))
    await expect(day.frame.locator("#typing")).to_be_empty()


async def files_go_along(day: Day) -> None:
    """From the customer to the agents, and back."""
    one, _ = day.agents
    file: Any = {"name": "bill.txt", "mimeType": "text/plain", "buffer": b"a bill"}
    await day.frame.locator("#file").set_input_files(file)
    await say(day.frame, day.chat, "")
    await expect(one.message("bill.txt").locator("button.file")).to_be_visible()
    label: Any = {**file, "name": "label.txt"}
    await one.page.locator("form.composer input[type=file]").set_input_files(label)
    await one.say(day.words["news"])
    await expect(day.frame.locator("#messages li:not(.own) button.attached")).to_have_text(
        "label.txt"
    )


async def a_badge_counts_what_comes_meanwhile(day: Day) -> None:
    one, _ = day.agents
    await day.frame.get_by_role("button", name=day.chat["close"]).click()
    await one.say("…")
    await expect(day.frame.locator("#unread")).to_be_visible()


async def the_history_is_there(day: Day) -> None:
    """Of the guest, who is the shop's user now; without another question."""
    await expect(day.frame.locator("#unread")).to_be_visible()
    await day.frame.get_by_role("button", name=day.chat["open"]).click()
    messages = day.frame.locator("#messages li")
    await expect(messages).to_have_count(6)
    await expect(messages.first).to_contain_text(day.words["asks"])
    await expect(day.frame.locator("#about")).to_be_hidden()
    await expect(day.frame.locator("#unread")).to_be_hidden()


async def it_is_closed_and_rated(day: Day) -> None:
    one, other = day.agents
    await desk_of(one).get_by_role("button", name=day.desk["closeTicket"]).click()
    await expect(row(other, day.subject)).to_have_count(0)
    await rate(day.frame, 5, "quick")
    for agent in day.agents:
        await expect(desk_of(agent)).to_contain_text(day.words["rated"])
    await queue(one, day.words["closed"]).click()
    await expect(row(one, day.subject)).to_be_visible()


async def a_reply_opens_it_again(day: Day) -> None:
    """The same ticket, by the rule of the desk, and it is still of the agent who had it."""
    one, other = day.agents
    await say(day.frame, day.chat, day.words["again"])
    await expect(row(other, day.subject)).to_contain_text(day.words["one"])
    await expect(day.frame.locator("#rating")).to_be_hidden()
    await expect(one.messages.last).to_have_text(day.words["again"])
    await queue(one, day.words["mine"]).click()
    await expect(row(one, day.subject)).to_have_count(1)


async def the_figures_know_it(day: Day, names: dict[str, str]) -> None:
    """How often tickets were opened again, and who answered first."""
    one, _ = day.agents
    await one.page.get_by_role("button", name=names["desk"], exact=True).click()
    await one.page.get_by_role("menuitem", name=names["figures"], exact=True).click()
    window = one.page.get_by_role("dialog")
    tiles = window.locator(".tiles > div")
    reopened = tiles.filter(has_text=names["reopened"]).locator("strong")
    await expect(reopened).to_have_text(re.compile("[1-9۱-۹]"))
    of_one = window.locator("tbody tr").filter(has_text=day.words["one"])
    await expect(of_one.locator("td").first).to_have_text(names["number"])
