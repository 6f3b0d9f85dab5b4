"""The desk: staff find tickets on the page, answer them, and hand them on."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Route, expect

from tests.support.commands import new_staff
from tests.support.payam_server import PayamServer
from tests.web.devices import DARK_PHONE, DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import Visitor

WORDS = {
    "en": {
        "tickets": "Tickets",
        "assignToMe": "Assign to me",
        "giveBack": "Back to the queue",
        "closeTicket": "Close the ticket",
        "you": "You",
        "taken": "\u2068{}\u2069 has this ticket already.",
        "support": "\u2068{}\u2069 (support)",
    },
    "fa": {
        "tickets": "تیکت‌ها",
        "assignToMe": "واگذاری به من",
        "giveBack": "بازگرداندن به صف",
        "closeTicket": "بستن تیکت",
        "you": "شما",
        "taken": "این تیکت را \u2068{}\u2069 برداشته است.",
        "support": "\u2068{}\u2069 (پشتیبانی)",
    },
}


class Agent(Sender):
    """A member of staff, made from the command line as an operator does."""

    def __init__(self, server: PayamServer) -> None:
        self.name = f"agent_{secrets.token_hex(4)}"
        self._url = server.url
        access = new_staff(server.settings, self.name)
        self._tokens = {"access": access, "refresh": ""}
        self._headers = {"Authorization": f"Bearer {access}"}
        self.id = self._send("GET", "/api/users/me/").json()["id"]

    def take(self, ticket_id: int) -> None:
        self._send("POST", f"/api/support_tickets/{ticket_id}/assign/", {"user_id": self.id})


def open_ticket(customer: Sender, subject: str) -> int:
    """In the customer's only conversation."""
    answer = customer._send("POST", f"{customer.path}support_ticket/", {"subject": subject})
    return int(answer.json()["id"])


def row(visitor: Visitor, subject: str) -> Locator:
    return visitor.list.filter(has_text=subject)


async def act(visitor: Visitor, ticket: Locator, name: str) -> None:
    """Something of the menu of a ticket in the list."""
    await ticket.hover()
    await ticket.get_by_role("button").click()
    await visitor.page.get_by_role("menuitem", name=name, exact=True).click()


def queue(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator(".inbox-tools .filter").filter(has_text=name)


def desk_of(visitor: Visitor) -> Locator:
    """What is above the conversation."""
    return visitor.page.locator(".desk-bar")


async def open_desk(visitor: Visitor, words: dict[str, str]) -> None:
    """Its button says how many wait, once that is known."""
    await visitor.page.get_by_role("button", name=words["tickets"]).click()
    await expect(visitor.page.locator("ul.tickets")).to_be_visible()


@pytest.mark.parametrize(("language", "device"), [("en", DESKTOP), ("fa", DARK_PHONE)])
async def test_an_agent_takes_answers_and_closes_a_ticket(
    browser: Browser, served: PayamServer, language: str, device: dict[str, Any]
) -> None:
    """Found in the list; the customer sees who answers, and that it is support."""
    words = WORDS[language]
    ali, agent = Sender(served.url, "ali"), Agent(served)
    subject = f"چاپگر {secrets.token_hex(4)}"
    ali.begin()
    ali.say("help!")
    open_ticket(ali, subject)
    his, hers = await ali.page(browser, language), await agent.page(browser, language, **device)
    await open_desk(hers, words)
    ticket = row(hers, subject)
    await hers.check()
    await ticket.get_by_role("link").click()
    take = desk_of(hers).get_by_role("button", name=words["assignToMe"])
    await take.click()
    await expect(desk_of(hers)).to_contain_text(words["you"])
    await expect(take).to_be_hidden()
    await expect(hers.messages).to_have_text(["help!"])
    await hers.say("Is it switched on?")
    await his.page.get_by_role("navigation").get_by_role("link").click()
    await expect(his.messages).to_have_text(["help!", "Is it switched on?"])
    await expect(his.message("Is it switched on?")).to_contain_text(
        words["support"].format(agent.name)
    )
    await his.say("Oh.")
    await expect(hers.messages).to_have_text(["help!", "Is it switched on?", "Oh."])
    await hers.check()
    await his.check()
    await desk_of(hers).get_by_role("button", name=words["closeTicket"]).click()
    if device is DARK_PHONE:
        await hers.page.go_back()
    await expect(ticket).to_have_count(0)
    await expect(his.page.locator("p.ticket")).to_be_hidden()


async def test_of_two_agents_one_takes_it(browser: Browser, served: PayamServer) -> None:
    """The other sees who has it; given back, it is free for both."""
    words = WORDS["en"]
    ali, one, other = Sender(served.url, "ali"), Agent(served), Agent(served)
    ali.begin()
    subject = f"printer {secrets.token_hex(4)}"
    ticket_id = open_ticket(ali, subject)
    hers = await one.page(browser)
    await open_desk(hers, words)
    ticket = row(hers, subject)

    async def after_the_other(route: Route) -> None:
        await asyncio.to_thread(other.take, ticket_id)
        await route.continue_()

    await hers.page.route("**/assign/", after_the_other, times=1)
    await act(hers, ticket, words["assignToMe"])
    await hers.noticed(words["taken"].format(other.name))
    await expect(ticket).to_contain_text(other.name)
    theirs = await other.page(browser)
    await open_desk(theirs, words)
    await act(theirs, row(theirs, subject), words["giveBack"])
    await expect(ticket).not_to_contain_text(other.name)
    await act(hers, ticket, words["assignToMe"])
    await expect(ticket).to_contain_text(words["you"])


async def test_the_desk_is_live(browser: Browser, served: PayamServer) -> None:
    """A new ticket comes by itself, and goes when it is closed, without a request for the list."""
    ali, sara, omid = (Sender(served.url, name) for name in ("ali", "sara", "omid"))
    agent = Agent(served)
    first, second, third = (f"printer {secrets.token_hex(4)}" for _ in range(3))
    for customer in (ali, sara, omid):
        customer.begin()
    open_ticket(ali, first)
    hers = await agent.page(browser)
    await open_desk(hers, WORDS["en"])
    await expect(row(hers, first)).to_be_visible()
    # Once it is connected, it reads the list again: from then on that is not needed.
    open_ticket(sara, second)
    await expect(row(hers, second)).to_be_visible()
    asked: list[str] = []
    hers.page.on("request", lambda request: asked.append(request.url))
    ticket_id = open_ticket(omid, third)
    await expect(row(hers, third)).to_be_visible()
    agent.take(ticket_id)
    await expect(row(hers, third)).to_contain_text(WORDS["en"]["you"])
    agent._send("POST", f"/api/support_tickets/{ticket_id}/close/")
    await expect(row(hers, third)).to_have_count(0)
    await expect(row(hers, first)).to_be_visible()
    assert [url for url in asked if "support_tickets" in url] == []


async def test_others_have_no_desk(browser: Browser, served: PayamServer) -> None:
    """Nor does an address lead who is not staff into a conversation of others."""
    ali, stranger = Sender(served.url, "ali"), Sender(served.url, "stranger")
    conversation = ali.begin()
    open_ticket(ali, "mine")
    page = (await stranger.page(browser)).page
    await page.evaluate(f"location.hash = '#/{conversation}'")
    await expect(page.get_by_role("navigation")).to_be_visible()
    await expect(page.get_by_role("button", name=WORDS["en"]["tickets"])).to_have_count(0)
    await expect(page.get_by_role("log")).to_have_count(0)


INBOX = {
    "en": {
        "note": "Write a note for staff only",
        "noteOf": "Note of \u2068{}\u2069, for staff only",
        "queues": ["All", "Unassigned", "Mine", "Closed"],
        "again": "Open again",
    },
    "fa": {
        "note": "نوشتن یادداشتی فقط برای کارکنان",
        "noteOf": "یادداشت \u2068{}\u2069، فقط برای کارکنان",
        "queues": ["همه", "بی‌کارشناس", "برای من", "بسته"],
        "again": "باز کردن دوباره",
    },
}


async def note_and_answer(
    hers: Visitor, inbox: dict[str, Any], name: str, title: str, customer: str
) -> None:
    """Write a note, and then what is stored under this title, without sending it."""
    await hers.page.get_by_role("button", name=inbox["note"]).click()
    await hers.check()
    await hers.box.fill("a giraffe")
    await hers.box.press("Enter")
    note = hers.page.locator(".bubble.note")
    await expect(note).to_contain_text("a giraffe")
    await expect(note).to_contain_text(inbox["noteOf"].format(name))
    await hers.box.fill(f"/{title.lower()}")
    await expect(hers.page.locator(".hints [role=option]")).to_contain_text(title)
    await hers.box.press("Enter")
    await expect(hers.box).to_have_value(f"Hello {customer}!")


@asynccontextmanager
async def held(visitor: Visitor, pattern: str) -> AsyncIterator[None]:
    """What the page asks there is asked only afterwards."""
    is_over = asyncio.Event()

    async def hold(route: Route) -> None:
        await is_over.wait()
        await route.continue_()

    await visitor.page.route(pattern, hold)
    yield
    is_over.set()


async def too_early(hers: Visitor, text: str) -> None:
    """Enter, before the page knows the stored answers: nothing is sent."""
    await hers.box.fill(text)
    await hers.box.press("Enter")
    await expect(hers.box).to_have_value(text)


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_the_inbox_has_queues_notes_and_stored_answers(
    browser: Browser, served: PayamServer, language: str
) -> None:
    """A note is for the agent, and not for the customer; a stored answer is written for them."""
    words, inbox = WORDS[language], INBOX[language]
    again = str(inbox["again"])
    ali, agent = Sender(served.url, "ali"), Agent(served)
    subject = f"printer {secrets.token_hex(4)}"
    ali.begin()
    open_ticket(ali, subject)
    title = f"Greeting{secrets.token_hex(3)}"
    answer = {"title": title, "content": "Hello {{customer}}!"}
    agent._send("POST", "/api/canned_responses/", answer)
    hers = await agent.page(browser, language, **DESKTOP)
    await open_desk(hers, words)
    ticket = row(hers, subject)
    everything, unassigned, mine, closed = [queue(hers, name) for name in inbox["queues"]]
    await unassigned.click()
    await act(hers, ticket, words["assignToMe"])
    await expect(ticket).to_have_count(0)
    await mine.click()
    await expect(mine).to_have_attribute("aria-pressed", "true")
    async with held(hers, "**/api/canned_responses/**"):
        async with held(hers, "**/web/desk-composer.js"):
            await ticket.get_by_role("link").click()
            await too_early(hers, f"/{title.lower()}")
        await expect(hers.page.get_by_role("button", name=str(inbox["note"]))).to_be_visible()
        await too_early(hers, f"/{title.lower()}")
    await expect(hers.page.locator(".hints [role=option]")).to_contain_text(title)
    await hers.box.fill("")
    await expect(hers.page.locator("li.step")).to_have_count(2)
    await note_and_answer(hers, inbox, agent.name, title, ali.name)
    await hers.box.press("Enter")
    await expect(hers.messages).to_have_text(["a giraffe", f"Hello {ali.name}!"])
    his = await ali.page(browser, language)
    await his.page.get_by_role("navigation").get_by_role("link").click()
    await expect(his.messages).to_have_text([f"Hello {ali.name}!"])
    await act(hers, ticket, words["closeTicket"])
    await expect(ticket).to_have_count(0)
    # What was done stands between the messages, in its place; only for agents.
    await expect(hers.page.locator("li.step")).to_have_count(3)
    await expect(hers.page.locator(".log ol > li").last).to_contain_text(agent.name)
    await expect(his.page.locator("li.step")).to_have_count(0)
    await closed.click()
    await act(hers, ticket, again)
    await everything.click()
    await expect(ticket).to_be_visible()
