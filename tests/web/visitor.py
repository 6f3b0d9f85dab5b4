"""Somebody at the page, in a browser of their own, who reads it as a screen reader would."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.async_api import Browser, Locator, Page, expect

WORDS = {
    "en": {
        "signUp": "Create account",
        "logIn": "Log in",
        "username": "Username",
        "password": "Password",
        "new": "New conversation",
        "find": "Find people by name",
        "begin": "Begin",
        "message": "Message",
        "send": "Send",
        "edit": "Edit",
        "delete": "Delete",
        "pin": "Pin",
        "unpin": "Unpin",
        "options": "Options",
        "reply": "Reply",
        "pinned": "Pinned message:",
        "read": "Read",
        "sent": "Sent",
        "queued": "Waiting to be sent",
        "edited": "edited",
        "deleted": "This message was deleted.",
        "typing": "is typing…",
        "offline": "Offline",
        "details": "Details",
        "conversationName": "Name of the conversation",
        "rename": "Rename",
        "subject": "Subject",
        "openTicket": "Open a ticket",
        "closeTicket": "Close the ticket",
        "open": "open",
        "messages": "Messages",
        "conversations": "Conversations",
    },
    "fa": {
        "signUp": "ساختن حساب",
        "logIn": "ورود",
        "username": "نام کاربری",
        "password": "گذرواژه",
        "new": "گفت‌وگوی تازه",
        "find": "یافتن افراد با نام",
        "begin": "آغاز",
        "message": "پیام",
        "send": "فرستادن",
        "edit": "ویرایش",
        "delete": "حذف",
        "pin": "سنجاق کردن",
        "unpin": "برداشتن سنجاق",
        "options": "گزینه‌ها",
        "reply": "پاسخ",
        "pinned": "پیام سنجاق‌شده:",
        "read": "خوانده شد",
        "sent": "فرستاده شد",
        "queued": "در انتظار ارسال",
        "edited": "ویرایش‌شده",
        "deleted": "این پیام حذف شد.",
        "typing": "در حال نوشتن است…",
        "offline": "آفلاین",
        "details": "جزئیات",
        "conversationName": "نام گفت‌وگو",
        "rename": "تغییر نام",
        "subject": "موضوع",
        "openTicket": "باز کردن تیکت",
        "closeTicket": "بستن تیکت",
        "open": "باز",
        "messages": "پیام‌ها",
        "conversations": "گفت‌وگوها",
    },
}
PASSWORD = "correct-horse"
MILLISECONDS = 60_000
"""For what is done in a page; only a test that fails waits so long."""
SMALL = """() => [...document.querySelectorAll("a, button, input, textarea")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !one.matches(".text a, .row-menu, [type=checkbox], [type=radio]"))
  .map((one) => [one.ariaLabel || one.textContent.trim(), one.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 44 || height < 44)
  .map(([name, { width, height }]) => `${name}: ${width} x ${height}`)"""
"""What is smaller than 44 pixels, which a finger needs: a text for each. Boxes to check have a
label beside them that is touched too.
"""
NOTICES = """
window.noticed = [];
new MutationObserver(() => {
    for (const one of document.querySelectorAll(".notices p")) noticed.push(one.textContent);
}).observe(document, { subtree: true, childList: true });
"""
"""Keeps what the page says for some seconds alone."""
KEPT = """async () => {
  const promised = (request) => new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
  const database = await promised(indexedDB.open(`payam ${location.origin}`));
  const kept = await promised(database.transaction("kept").objectStore("kept").getAll());
  database.close();
  return JSON.stringify(kept);
}"""
"""What the page has written down, as it could be read after a reload."""
LOOK = "axe.run({resultTypes: ['violations']}).then(({violations}) => ({violations}))"
"""What axe says of all that is in order is long, and half of what a look takes."""


@dataclass
class Visitor:
    page: Page
    words: dict[str, str]
    name: str
    complaints: list[str]
    """What the page threw, and what its own policy kept it from."""

    @classmethod
    async def arrive(
        cls,
        browser: Browser,
        url: str,
        name: str,
        language: str,
        script: str = "",
        **context: Any,
    ) -> "Visitor":
        """At the first screen, in the language that the browser asks for.

        The `script` runs before those of the page.

        Without the page's service worker, unless the context allows it: the browser would keep
        its requests from the test.
        """
        locale = {"en": "en-GB", "fa": "fa-IR"}[language]
        # Half-way through a transition a colour is neither the one nor the other to axe.
        context = {"service_workers": "block", **context}
        visit = await browser.new_context(locale=locale, reduced_motion="reduce", **context)
        visit.set_default_timeout(MILLISECONDS)
        await visit.add_init_script(NOTICES + script)
        page = await visit.new_page()
        one = cls(page, WORDS[language], f"{name}_{secrets.token_hex(4)}", [])
        page.on("pageerror", lambda error: one.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                one.complaints.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        await page.goto(url)
        await expect(page.get_by_role("button").first).to_be_visible()
        return one

    def button(self, word: str) -> Locator:
        return self.page.get_by_role("button", name=self.words[word], exact=True)

    @property
    def box(self) -> Locator:
        """Where messages are written."""
        return self.page.get_by_role("textbox", name=self.words["message"], exact=True)

    @property
    def messages(self) -> Locator:
        """The texts of the conversation that is open, in order."""
        return self.page.get_by_role("log").locator("li.message .text")

    @property
    def list(self) -> Locator:
        """The conversations."""
        return self.page.get_by_role("navigation").get_by_role("listitem")

    def message(self, text: str) -> Locator:
        return self.page.get_by_role("log").locator("li.message").filter(has_text=text)

    def mark(self, text: str, word: str) -> Locator:
        """The mark with which a message of one's own says how far it has come."""
        return self.message(text).get_by_role("img", name=self.words[word], exact=True)

    async def sign_up(self) -> None:
        await self.page.get_by_label(self.words["username"]).fill(self.name)
        await self.page.get_by_label(self.words["password"]).fill(PASSWORD)
        await self.button("signUp").click()
        await expect(self.page.get_by_role("navigation")).to_be_visible()

    async def begin(self, other: "Visitor") -> None:
        await self.button("new").click()
        await self.page.get_by_label(self.words["find"]).fill(other.name)
        await self.page.get_by_role("checkbox").check()
        await self.button("begin").click()
        await expect(self.box).to_be_visible()

    async def enter(self, other: "Visitor") -> None:
        """Open the conversation with them, which they began."""
        await self.list.filter(has_text=other.name).click()
        await expect(self.box).to_be_visible()

    async def noticed(self, text: str) -> None:
        """Wait until the page has said this at its edge, from where it goes by itself."""
        has_said = "(text) => noticed.some((one) => one.includes(text))"
        await self.page.wait_for_function(has_said, arg=text)

    async def until_kept(self, text: str) -> None:
        """Wait until this would outlive the page: it writes a little later than it shows."""
        end = time.monotonic() + MILLISECONDS / 1000
        while text not in await self.page.evaluate(KEPT):
            assert time.monotonic() < end, f"{text} is not kept"
            await self.page.wait_for_timeout(50)

    @asynccontextmanager
    async def typing(self, text: str) -> AsyncIterator[None]:
        """Write this again and again meanwhile: others see for some seconds only that one types."""
        is_over = asyncio.Event()

        async def write() -> None:
            while not is_over.is_set():
                await self.box.press_sequentially(text)
                with suppress(TimeoutError):
                    await asyncio.wait_for(is_over.wait(), 1)

        writing = asyncio.create_task(write())
        try:
            yield
        finally:
            is_over.set()
            await writing

    async def hold(self, place: Locator) -> None:
        """A long press, as a finger does it; it opens a menu."""
        box = await place.bounding_box()
        assert box is not None
        tools = await self.page.context.new_cdp_session(self.page)
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        await tools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        await expect(self.page.get_by_role("menu")).to_be_visible()
        await tools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    async def say(self, *texts: str) -> None:
        for text in texts:
            await self.box.fill(text)
            await self.button("send").click()

    async def act(self, text: str, word: str) -> None:
        """Something of a message's menu."""
        row = self.message(text)
        await row.hover()
        await row.get_by_role("button", name=self.words["options"], exact=True).click()
        name = self.words[word]
        await self.page.get_by_role("menuitem", name=name, exact=True).click()

    async def check(self) -> None:
        """Axe finds nothing on the screen as it is now, and nothing went wrong before."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE_SCRIPT)
        results = AxeResults(await self.page.evaluate(LOOK))
        assert results.violations_count == 0, results.generate_report()
        assert self.complaints == []
