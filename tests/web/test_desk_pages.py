"""The rules of the desk and its figures, on the page of an agent."""

import secrets

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.support.payam_server import PayamServer
from tests.web.sender import Sender
from tests.web.test_tickets import WORDS, Agent, open_desk, open_ticket
from tests.web.visitor import Visitor

MENU = {
    "en": {"desk": "The desk", "rules": "Rules of the desk", "figures": "Figures"},
    "fa": {"desk": "میز پشتیبانی", "rules": "قاعده‌های میز", "figures": "آمار"},
}
SAVED = {"en": "The rules hold from now on.", "fa": "قاعده‌ها از اکنون برقرارند."}
FIRST_DAY = {"en": "monday", "fa": "saturday"}
REASON = {"en": "is no span like", "fa": "بازه نیست"}
OFF = {"en": "2026-03-21, 2026-12-21, 2027/3/20", "fa": "۱۴۰۵/۱/۱، 1405-09-30، 2027-03-20"}
SHOWN_OFF = {
    "en": "2026-03-21, 2026-12-21, 2027-03-20",
    "fa": "1405-01-01, 1405-09-30, 1405-12-29",
}
WRONG = {"en": "Business hours", "fa": "ساعت‌های کار"}


async def window_of(visitor: Visitor, language: str, name: str) -> Locator:
    menu = MENU[language]
    await visitor.page.get_by_role("button", name=menu["desk"], exact=True).click()
    await visitor.page.get_by_role("menuitem", name=menu[name], exact=True).click()
    window = visitor.page.get_by_role("dialog")
    await expect(window).to_be_visible()
    return window


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_rules_are_set_on_the_page(
    browser: Browser, served: PayamServer, language: str
) -> None:
    """What is wrong is said there and changes nothing; what is right is there the next time."""
    agent = Agent(served)
    hers = await agent.page(browser, language)
    await open_desk(hers, WORDS[language])
    window = await window_of(hers, language, "rules")
    await hers.check()
    await window.locator("[name=timezone]").fill("Asia/Tehran")
    await window.locator("[name=always]").uncheck()
    await window.locator("[name=saturday]").fill("9 to 5")
    await window.locator("[name=reopen_days]").fill("3")
    await window.locator("[name=inside_fa]").fill("به‌زودی پاسخ می‌دهیم.")
    before = agent._send("GET", "/api/desk/rules/").json()
    save = window.locator("button.primary")
    await save.click()
    await expect(window.locator(".problem")).to_contain_text(WRONG[language])
    await expect(window.locator(".problem")).to_contain_text(REASON[language])
    days = window.locator(".week input")
    await expect(days.first).to_have_attribute("name", FIRST_DAY[language])
    assert agent._send("GET", "/api/desk/rules/").json() == before
    await window.locator("[name=saturday]").fill("۰۹:۰۰–۱۳:۰۰، 14:00-18:00")
    await window.locator("[name=days_off]").fill(OFF[language])
    await save.click()
    await hers.noticed(SAVED[language])
    rules = agent._send("GET", "/api/desk/rules/").json()
    assert (rules["timezone"], rules["reopen_days"]) == ("Asia/Tehran", 3)
    assert rules["hours"] == {"saturday": ["09:00-13:00", "14:00-18:00"]}
    assert rules["days_off"] == ["2026-03-21", "2026-12-21", "2027-03-20"]
    assert rules["first_answer_inside"] == {"fa": "به‌زودی پاسخ می‌دهیم."}
    window = await window_of(hers, language, "rules")
    await expect(window.locator("[name=saturday]")).to_have_value("09:00-13:00, 14:00-18:00")
    await expect(window.locator("[name=days_off]")).to_have_value(SHOWN_OFF[language])
    await window.locator("[name=days_off]").fill("")
    own = window.locator(".takers label").filter(has_text=agent.name)
    async with hers.page.expect_response(lambda answer: answer.request.method == "PUT"):
        await own.locator("select").select_option("false")
    await window.locator("[name=always]").check()
    await window.locator("[name=reopen_days]").fill("")
    await window.locator("[name=inside_fa]").fill("")
    await save.click()
    await expect(window).to_have_count(0)
    rules = agent._send("GET", "/api/desk/rules/").json()
    assert (rules["hours"], rules["reopen_days"], rules["first_answer_inside"]) == (None, None, {})
    agents = agent._send("GET", "/api/desk/agents/").json()
    assert [one["takes_tickets"] for one in agents if one["id"] == agent.id] == [False]
    assert hers.complaints == []


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_figures_are_shown_and_taken_along(
    browser: Browser, served: PayamServer, language: str
) -> None:
    """As tiles, plots and a table of agents, which follow what happens; and as CSV."""
    ali, agent = Sender(served.url, "ali"), Agent(served)
    agent.call_oneself(f"Sara{secrets.token_hex(3)}")
    name = agent._send("GET", "/api/users/me/").json()["display_name"]
    ali.begin()
    ticket = open_ticket(ali, "printer")
    agent.take(ticket)
    agent._send("POST", f"{ali.path}messages/", {"content": "Hello"})
    hers = await agent.page(browser, language, timezone_id="Asia/Tehran")
    await open_desk(hers, WORDS[language])
    window = await window_of(hers, language, "figures")
    row = window.locator("tbody tr").filter(has_text=name)
    first, closed = row.locator("td").nth(0), row.locator("td").nth(2)
    digits = {"en": "01", "fa": "۰۱"}[language]
    await expect(first).to_have_text(digits[1])
    await expect(closed).to_have_text(digits[0])
    await expect(window.locator("svg.plot")).to_have_count(3)
    await hers.check()
    agent._send("POST", f"/api/support_tickets/{ticket}/close/")
    await expect(closed).to_have_text(digits[1])
    await window.locator(".filters button").nth(1).click()
    await expect(closed).to_have_text(digits[1])
    async with hers.page.expect_download() as download:
        await window.locator(".csv button").nth(2).click()
    table = await (await download.value).path()
    assert agent.name in table.read_text() or name in table.read_text()
