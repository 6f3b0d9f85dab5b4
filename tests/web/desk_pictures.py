"""Takes the pictures of docs/support-desk.md: `python -m tests.web.desk_pictures`.

A desk with a week behind it: tickets come by the API, and their times are moved into the past.
"""

import asyncio
import io
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from tests.web.shop import Shop, opened_shop
from tests.web.test_tickets import INBOX, WORDS, Agent, desk_of, open_desk, row
from tests.web.visitor import Visitor
from tests.web.widget import WORDS as CHAT
from tests.web.widget import chat_in, say

IMAGES = Path(__file__).parents[2] / "docs/images"
HOUR = 3_600_000_000  # microseconds
COLOURS = 160
DESKTOP: Any = {"viewport": {"width": 1180, "height": 720}}
SAYS: dict[str, dict[str, Any]] = {
    "en": {
        "agents": ("Sara", "Omid"),
        "customers": ("Ali Rezaei", "Maryam", "Tom Baker", "Lena"),
        "subjects": (
            "Where is my parcel?",
            "The map does not load",
            "A refund, please",
            "I cannot sign in",
        ),
        "answer": "We have asked the post. One moment, please.",
        "thanks": "Thank you!",
        "note": "The second parcel this month. Be generous.",
        "figures": "Figures",
        "desk": "The desk",
    },
    "fa": {
        "agents": ("سارا", "امید"),
        "customers": ("علی رضایی", "مریم", "سعید کریمی", "لاله"),
        "subjects": ("بستهٔ من کجاست؟", "نقشه باز نمی‌شود", "بازگشت پول", "نمی‌توانم وارد شوم"),
        "answer": "از پست پرسیدیم. لطفاً کمی صبر کنید.",
        "thanks": "سپاسگزارم!",
        "note": "دومین بسته در این ماه. سخاوتمند باشید.",
        "figures": "آمار",
        "desk": "میز پشتیبانی",
    },
}


class Customer:
    """A guest with a ticket."""

    def __init__(self, shop: Shop, name: str, subject: str, priority: str = "normal") -> None:
        self.http = httpx.Client(base_url=shop.payam.url, trust_env=False)
        tokens = self.http.post("/api/guests/", json={"name": name}).json()
        self.http.headers["Authorization"] = f"Bearer {tokens['access']}"
        begun = self.http.post("/api/conversations/", json={"participants": [], "title": ""})
        self.path = f"/api/conversations/{begun.json()['id']}/"
        self.say(subject)
        asked = {"subject": subject, "priority": priority}
        self.ticket = int(self.http.post(f"{self.path}support_ticket/", json=asked).json()["id"])

    def say(self, text: str) -> None:
        self.http.post(f"{self.path}messages/", json={"content": text})


def a_week(shop: Shop, agents: tuple[Agent, Agent], says: dict[str, Any]) -> None:
    """Tickets of the last days, each opened, answered, closed and rated at its hour."""
    with sqlite3.connect(shop.payam.directory / "data/payam.sqlite3", timeout=30) as database:
        for number in range(24):
            agent = agents[number % 2]
            customer = Customer(shop, says["customers"][number % 4], says["subjects"][number % 4])
            agent.take(customer.ticket)
            agent._send("POST", f"{customer.path}messages/", {"content": says["answer"]})
            agent._send("POST", f"/api/support_tickets/{customer.ticket}/close/")
            rating = {"score": 3 + number % 3, "comment": ""}
            customer.http.post(f"/api/support_tickets/{customer.ticket}/rating/", json=rating)
            moved(database, customer, number)


def moved(database: sqlite3.Connection, customer: Customer, number: int) -> None:
    ago = (6 + number * 5 + number % 7) * HOUR
    answered, closed = (number % 5 + 1) * HOUR // 12, (number % 9 + 2) * HOUR
    place = int(customer.path.split("/")[3])
    database.execute(
        "UPDATE support_tickets SET created_at = created_at - ?, answered_at = answered_at - ?,"
        " closed_at = closed_at - ? WHERE id = ?",
        (ago, ago - answered, ago - closed, customer.ticket),
    )
    for action, after in (("closed", closed), ("opened", 0)):
        database.execute(
            "UPDATE ticket_steps SET at = at - ? WHERE ticket_id = ? AND action = ?",
            (ago - after, customer.ticket, action),
        )
    database.execute(
        "UPDATE messages SET created_at = created_at - (CASE WHEN by_agent THEN ? ELSE ? END)"
        " WHERE conversation_id = ?",
        (ago - answered, ago, place),
    )
    database.commit()


async def keep(page: Page, name: str) -> None:
    """With few colours, which is enough for a page and makes a small file."""
    taken = Image.open(io.BytesIO(await page.screenshot()))
    taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        IMAGES / f"{name}.png", optimize=True
    )


async def take(browser: Browser, shop: Shop, language: str) -> None:
    says = SAYS[language]
    one, other = Agent(shop.payam), Agent(shop.payam)
    for agent, name in zip((one, other), says["agents"], strict=True):
        agent.call_oneself(name)
    a_week(shop, (one, other), says)
    context = await browser.new_context(locale=language, viewport={"width": 900, "height": 680})
    page = await context.new_page()
    hers = await one.page(browser, language, **DESKTOP)
    await open_desk(hers, WORDS[language])
    attributes = f'data-lang="{language}" data-color="#7c2d12" data-name="{says["customers"][0]}"'
    await page.goto(shop.page(attributes))
    frame, chat = chat_in(page), CHAT[language]
    await frame.get_by_role("button", name=chat["open"]).click()
    await frame.get_by_role("button", name=chat["start"]).click()
    await say(frame, chat, says["subjects"][0])
    for number, priority in ((1, "urgent"), (2, "high"), (3, "normal")):
        Customer(shop, says["customers"][number], says["subjects"][number], priority)
    await row(hers, says["subjects"][0]).get_by_role("link").click()
    await desk_of(hers).get_by_role("button", name=WORDS[language]["assignToMe"]).click()
    await hers.page.get_by_role("button", name=str(INBOX[language]["note"])).click()
    await hers.box.fill(says["note"])
    await hers.box.press("Enter")
    await hers.page.locator(".bubble.note").wait_for()
    await hers.say(says["answer"])
    await say(frame, chat, says["thanks"])
    await frame.locator("#messages li").nth(2).wait_for()
    await page.wait_for_timeout(500)
    await keep(page, f"widget-{language}")
    await hers.page.locator(".notices p").first.wait_for(state="detached")
    await keep(hers.page, f"desk-inbox-{language}")
    await take_figures(hers, language, says)
    await context.close()


async def take_figures(hers: Visitor, language: str, says: dict[str, Any]) -> None:
    await hers.page.get_by_role("button", name=says["desk"], exact=True).click()
    await hers.page.get_by_role("menuitem", name=says["figures"], exact=True).click()
    await hers.page.locator("svg.plot").nth(1).wait_for()
    await hers.page.mouse.move(0, 0)
    await keep(hers.page, f"desk-figures-{language}")


async def main() -> None:
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        for language in SAYS:
            with opened_shop() as shop:
                await take(browser, shop, language)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
