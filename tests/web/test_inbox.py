"""The inbox of an agent: keyboard, filters, other agents, notes, stored answers."""

import asyncio
import secrets
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Browser, Route, expect

from tests.support.commands import run_command
from tests.support.payam_server import PayamServer
from tests.web.sender import Sender
from tests.web.test_tickets import INBOX, WORDS, Agent, desk_of, open_desk, open_ticket, queue, row

BELOW_THE_TICKET = """(text) => {
    const all = [...document.querySelectorAll(".notices p")];
    const notice = all.find((one) => one.textContent === text);
    const line = document.querySelector(".desk-bar").getBoundingClientRect();
    return notice?.getBoundingClientRect().top >= line.bottom;
}"""
"""The notice does not lie over the line of the ticket. It is there for some seconds."""


async def test_the_keyboard_is_enough(browser: Browser, served: PayamServer) -> None:
    """To choose a ticket, take it, answer, change its priority and close it; on any layout."""
    ali, sara, agent = Sender(served.url, "ali"), Sender(served.url, "sara"), Agent(served)
    mark = secrets.token_hex(4)
    for customer, subject in ((ali, f"first {mark}"), (sara, f"second {mark}")):
        customer.begin()
        open_ticket(customer, subject)
    hers = await agent.page(browser)
    await open_desk(hers, WORDS["en"])
    keyboard = hers.page.keyboard
    await hers.page.locator("ul.tickets a").first.focus()
    await keyboard.press("/")
    await keyboard.type(mark)
    rows = hers.page.locator("ul.tickets li")
    await expect(rows).to_have_count(2)
    await keyboard.press("Tab")
    await keyboard.press("j")
    await expect(rows.first.get_by_role("link")).to_be_focused()
    await keyboard.press("ArrowDown")
    await expect(rows.nth(1).get_by_role("link")).to_be_focused()
    await keyboard.press("k")
    await keyboard.press("Enter")
    await expect(hers.box).to_be_focused()
    await expect(desk_of(hers)).to_contain_text(f"first {mark}")
    await keyboard.press("Escape")
    await expect(rows.first.get_by_role("link")).to_be_focused()
    await keyboard.press("a")
    await expect(desk_of(hers)).to_contain_text("You")
    await keyboard.press("p")
    await hers.page.get_by_role("menuitem", name="urgent").press("Enter")
    await expect(rows.first).to_contain_text("urgent")
    await keyboard.press("r")
    await keyboard.type("Hello")
    await keyboard.press("Enter")
    await expect(hers.messages).to_have_text(["Hello"])
    await keyboard.press("Escape")
    await keyboard.press("?")
    await expect(hers.page.get_by_role("dialog")).to_contain_text("Next ticket")
    await hers.check()
    await keyboard.press("Escape")
    # The key of the Latin e writes another letter on a Persian keyboard.
    await hers.page.evaluate(
        """document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: "ث", code: "KeyE", bubbles: true }))"""
    )
    await expect(rows).to_have_count(1)
    assert [one["status"] for one in tickets_of(agent, mark)] == ["open", "closed"]


def tickets_of(agent: Agent, mark: str) -> list[dict[str, Any]]:
    return list(agent._send("GET", f"/api/support_tickets/?{urlencode({'q': mark})}").json())


async def test_the_inbox_is_narrowed_and_ordered(browser: Browser, served: PayamServer) -> None:
    """By priority and by agent; who waits longest, is urgent or is new comes first."""
    one, other = Agent(served), Agent(served)
    mark = secrets.token_hex(4)
    for number, priority in enumerate(("low", "urgent", "normal")):
        customer = Sender(served.url, "ali")
        customer.begin()
        body = {"subject": f"{number} of {mark}", "priority": priority}
        answer = customer._send("POST", f"{customer.path}support_ticket/", body)
        if number == 2:
            other.take(answer.json()["id"])
    hers = await one.page(browser)
    await open_desk(hers, WORDS["en"])
    await hers.page.get_by_label("Search tickets").fill(mark.upper())
    names = hers.page.locator("ul.tickets .preview")
    await expect(names).to_have_text([f"{number} of {mark}" for number in (0, 1, 2)])
    order = hers.page.get_by_label("Order")
    await order.select_option("newest")
    await expect(names).to_have_text([f"{number} of {mark}" for number in (2, 1, 0)])
    await order.select_option("priority")
    await expect(names).to_have_text([f"{number} of {mark}" for number in (1, 2, 0)])
    await hers.page.get_by_label("Only of this priority").select_option("low")
    await expect(names).to_have_text([f"0 of {mark}"])
    await hers.page.get_by_label("Only of this priority").select_option("")
    await hers.page.get_by_label("Only of this agent").select_option(label=other.name)
    await expect(names).to_have_text([f"2 of {mark}"])
    await hers.check()
    await hers.page.get_by_label("Only of this agent").select_option("")
    # A closed one that is older than those that are shown is searched for.
    oldest = tickets_of(one, f"0 of {mark}")[0]["id"]
    one._send("POST", f"/api/support_tickets/{oldest}/close/")
    await hers.page.route("**/api/support_tickets/?limit=50&status=closed", nothing)
    await queue(hers, "Closed").click()
    await expect(names).to_have_text([f"0 of {mark}"])


async def nothing(route: Route) -> None:
    await route.fulfill(json=[])


async def test_a_ticket_is_handed_over_and_taken_over(
    browser: Browser, served: PayamServer
) -> None:
    """Who writes while another agent has it, or writes too, is warned; the customer is known."""
    ali, one, other = Sender(served.url, "ali"), Agent(served), Agent(served)
    ali.call_oneself("علی")
    conversation = ali.begin()
    ticket_id = open_ticket(ali, "printer")
    one.take(ticket_id)
    other.call_oneself("Omid")
    hers, theirs = await one.page(browser), await other.page(browser)
    for visitor in (hers, theirs):
        await visitor.page.evaluate(f"location.hash = '#/{conversation}'")
        await expect(desk_of(visitor)).to_be_visible()
    await desk_of(hers).get_by_role("button", name="Agent: ").click()
    await hers.page.get_by_role("menuitem", name="Hand over…").click()
    await hers.page.get_by_role("dialog").get_by_role("button", name="Omid").click()
    warning = hers.page.locator(".collision")
    await expect(warning).to_have_text("\u2068Omid\u2069 has this ticket.")
    await expect(theirs.page.locator(".collision")).to_be_hidden()
    async with theirs.typing("I look. "):
        await expect(warning).to_have_text("\u2068Omid\u2069 is writing to this customer.")
    await hers.box.fill("so do I")
    said = "\u2068Omid\u2069 has just answered."
    await asyncio.gather(
        hers.page.wait_for_function(BELOW_THE_TICKET, arg=said), theirs.box.press("Enter")
    )
    await desk_of(hers).get_by_role("button", name="Agent: ").click()
    await hers.page.get_by_role("menuitem", name="Take over").click()
    await hers.page.get_by_role("dialog").get_by_role("button", name="Take over").click()
    await expect(theirs.page.locator(".collision")).to_contain_text(one.name)
    await desk_of(hers).get_by_role("button", name="The customer").click()
    customer = hers.page.locator(".customer")
    await expect(customer.get_by_role("heading").first).to_have_text("علی")
    await expect(customer.locator(".tickets-of li")).to_have_count(1)
    await expect(customer.locator(".steps li")).to_have_count(4)
    await hers.check()


async def test_tickets_of_who_answers_no_more_are_in_the_queue(
    browser: Browser, served: PayamServer
) -> None:
    """As the server counts them: another agent takes them, and need not take them over."""
    ali, one, gone = Sender(served.url, "ali"), Agent(served), Agent(served)
    ali.begin()
    subject = f"printer {ali.name}"
    gone.take(open_ticket(ali, subject))
    one._send("POST", f"/api/staff/users/{gone.id}/suspend/", {"reason": "left"})
    hers = await one.page(browser)
    await open_desk(hers, WORDS["en"])
    await queue(hers, "Unassigned").click()
    await expect(row(hers, subject)).to_contain_text("Unassigned")
    await row(hers, subject).get_by_role("link").click()
    await desk_of(hers).get_by_role("button", name="Assign to me").click()
    await expect(row(hers, subject)).to_have_count(0)
    await queue(hers, "Mine").click()
    await expect(row(hers, subject)).to_contain_text("You")


COUNT_TYPING = """
window.wasTyped = 0;
new MutationObserver(() => {
    if (document.querySelector(".about.typing")) window.wasTyped += 1;
}).observe(document.body, { subtree: true, childList: true, attributes: true });
"""


async def test_a_note_that_is_half_written_is_no_draft_of_a_message(
    browser: Browser, served: PayamServer
) -> None:
    """The customer is not shown that anybody types, and nothing of it is sent later by mistake."""
    ali, agent = Sender(served.url, "ali"), Agent(served)
    conversation = ali.begin()
    open_ticket(ali, "printer")
    hers, his = await agent.page(browser), await ali.page(browser)
    await his.list.click()
    await his.page.evaluate(COUNT_TYPING)
    await hers.page.evaluate(f"location.hash = '#/{conversation}'")
    toggle = hers.page.get_by_role("button", name=str(INBOX["en"]["note"]))
    await toggle.click()
    await hers.box.press_sequentially("he is angry")
    await hers.page.evaluate("location.hash = '#/'")
    await expect(hers.box).to_have_count(0)
    await hers.page.evaluate(f"location.hash = '#/{conversation}'")
    await expect(toggle).to_have_attribute("aria-pressed", "false")
    await expect(hers.box).to_have_value("")
    # By one step, which nobody is shown as typing.
    agent._send("POST", f"/api/conversations/{conversation}/messages/", {"content": "Hello"})
    await expect(his.messages).to_have_text(["Hello"])
    assert await his.page.evaluate("window.wasTyped") == 0


async def test_a_note_is_written_once(browser: Browser, served: PayamServer) -> None:
    """Though Enter is pressed again while it is on its way; it stays as it was sent."""
    ali, agent = Sender(served.url, "ali"), Agent(served)
    conversation = ali.begin()
    open_ticket(ali, "printer")
    hers = await agent.page(browser)
    await hers.page.evaluate(f"location.hash = '#/{conversation}'")
    asked: list[str] = []
    is_let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        asked.append(route.request.url)
        await is_let_go.wait()
        await route.continue_()

    await hers.page.route("**/messages/", hold)
    await hers.page.get_by_role("button", name=str(INBOX["en"]["note"])).click()
    await hers.box.fill("he is angry")
    for key in ("Enter", "Enter", "x"):
        await hers.box.press(key)
    await expect(hers.box).to_have_value("he is angry")
    is_let_go.set()
    await expect(hers.messages).to_have_text(["he is angry"])
    await expect(hers.box).to_have_value("")
    await hers.box.fill("and so on")
    assert len(asked) == 1


async def test_stored_answers_are_kept_on_the_page(browser: Browser, served: PayamServer) -> None:
    """Written and changed there by an agent, and offered by a slash at once.

    The list that was asked for before comes late, and changes nothing.
    """
    ali, agent = Sender(served.url, "ali"), Agent(served)
    ali.begin()
    open_ticket(ali, f"printer {ali.name}")
    title = f"greet{secrets.token_hex(3)}"
    hers = await agent.page(browser)
    is_first, is_let_go = True, asyncio.Event()

    async def first_late(route: Route) -> None:
        nonlocal is_first
        is_late, is_first = is_first, False
        answer = await route.fetch()
        if is_late:
            await is_let_go.wait()
        await route.fulfill(response=answer)

    listed = "**/api/canned_responses/?*"
    await hers.page.route(listed, first_late)
    await open_desk(hers, WORDS["en"])
    await row(hers, f"printer {ali.name}").get_by_role("link").click()
    await hers.page.get_by_role("button", name="The desk").click()
    await hers.page.get_by_role("menuitem", name="Stored answers").click()
    window = hers.page.get_by_role("dialog")
    await window.get_by_label("Short name").fill(title)
    await window.get_by_label("Answer", exact=True).fill("Dear {{customer}}")
    await window.get_by_role("button", name="Save").click()
    change = window.get_by_role("button", name=f"Edit: \u2068{title}\u2069")
    await expect(change).to_be_visible()
    async with hers.page.expect_response(listed):
        is_let_go.set()
    await change.click()
    await hers.check()
    await window.get_by_label("Answer", exact=True).fill("Hi {{customer}}")
    await window.get_by_role("button", name="Save").click()
    await expect(window.locator("li").filter(has_text=title)).to_contain_text("Hi")
    await hers.page.keyboard.press("Escape")
    await hers.box.fill(f"/{title}")
    await expect(hers.page.locator(".hints [role=option]")).to_contain_text(title)
    await hers.box.press("Enter")
    await expect(hers.box).to_have_value(f"Hi {ali.name}")
    await hers.box.fill(f"/no-{title}")
    await expect(hers.page.locator("#hints")).to_have_text("No stored answer has this name.")


async def test_who_is_no_agent_any_more_has_no_inbox(browser: Browser, served: PayamServer) -> None:
    """While one looks at it: the tickets, the conversation and the button go."""
    ali, agent = Sender(served.url, "ali"), Agent(served)
    ali.begin()
    subject = f"printer {ali.name}"
    open_ticket(ali, subject)
    hers = await agent.page(browser)
    await open_desk(hers, WORDS["en"])
    await row(hers, subject).get_by_role("link").click()
    await expect(desk_of(hers)).to_contain_text(subject)
    run_command("users", "set-staff", agent.name, "--off", settings=served.settings)
    await expect(hers.page.get_by_role("log")).to_have_count(0, timeout=60_000)
    await expect(hers.page.locator("ul.tickets")).to_be_hidden()
    await expect(hers.page.locator(".icon-button.desk")).to_be_hidden()
    body = hers.page.locator("body")
    await expect(body).not_to_contain_text(subject, use_inner_text=True)
