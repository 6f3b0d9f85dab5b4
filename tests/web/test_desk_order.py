"""The inbox of an agent, in whatever order things come to it."""

import asyncio
from contextlib import suppress

from playwright.async_api import Browser, Route, expect

from tests.support.payam_server import PayamServer
from tests.web.sender import Sender
from tests.web.test_tickets import WORDS, Agent, act, open_desk, open_ticket, row


async def test_the_inbox_opens_in_whatever_order_its_parts_come(
    browser: Browser, served: PayamServer
) -> None:
    """Its templates have words and drawings of other panels, which come late."""
    hers = await Agent(served).page(browser)
    has_come = asyncio.Event()

    async def come(route: Route) -> None:
        await route.fulfill(response=await route.fetch())
        has_come.set()

    async def come_late(route: Route) -> None:
        with suppress(TimeoutError):  # those of the desk may wait for it
            await asyncio.wait_for(has_come.wait(), 1)
        await route.continue_()

    await hers.page.route("**/web/desk.html", come)
    await hers.page.route("**/web/panels.en.json", come_late)
    await hers.page.reload()
    await open_desk(hers, WORDS["en"])
    assert hers.complaints == []


async def test_news_of_a_ticket_outlive_an_answer_of_before(
    browser: Browser, served: PayamServer
) -> None:
    """It is closed here, and open again before that is answered."""
    ali, agent = Sender(served.url, "ali"), Agent(served)
    ali.begin()
    subject = f"printer {ali.name}"
    path = f"/api/support_tickets/{open_ticket(ali, subject)}/"
    hers = await agent.page(browser)
    await open_desk(hers, WORDS["en"])
    has_come, is_let_go = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        has_come.set()
        await is_let_go.wait()
        await route.fulfill(response=answer)

    await hers.page.route(f"**{path}close/", late)
    await act(hers, row(hers, subject), WORDS["en"]["closeTicket"])
    await has_come.wait()
    agent._send("POST", f"{path}reopen/")
    agent._send("PATCH", path, {"priority": "urgent"})
    await expect(row(hers, subject)).to_contain_text("urgent")
    is_let_go.set()
    await hers.noticed("The ticket is closed.")
    await expect(row(hers, subject)).to_contain_text("urgent")
