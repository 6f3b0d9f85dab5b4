"""The conversation stays where it is read: at its end, or in the middle, whatever grows."""

import io
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP, PHONE
from tests.web.sender import Sender
from tests.web.visitor import Visitor

SECONDS = 60  # keeps a test from hanging
FILES = "**/attachments/*/**"
IN_THE_MIDDLE = """(row) => {
    const log = row.closest(".log").getBoundingClientRect();
    const { top } = row.getBoundingClientRect();
    return top > log.top + log.height / 4 && top < log.top + (log.height * 3) / 4;
}"""


def png(width: int, height: int, colour: str = "teal", **options: Any) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(kept, "PNG", **options)
    return kept.getvalue()


def unmeasured(width: int, height: int) -> bytes:
    """A picture that browsers show and whose size the server does not know: a BMP."""
    kept = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(kept, "BMP")
    return kept.getvalue()


KNOWN = [("a.png", png(900, 700), "image/png"), ("b.png", png(60, 2000), "image/png")]
UNKNOWN = [
    ("c.png", unmeasured(500, 400), "image/png"),
    ("d.png", unmeasured(80, 300), "image/png"),
]


class Held:
    """Downloads of attachments that wait until they are let go."""

    def __init__(self) -> None:
        self._routes: list[Route] = []
        self._is_held = True

    @classmethod
    async def on(cls, page: Page) -> "Held":
        held = cls()
        await page.route(FILES, held._take)
        return held

    async def _take(self, route: Route) -> None:
        if self._is_held and route.request.method == "GET":
            self._routes.append(route)
        else:
            await route.continue_()

    async def let_go(self) -> None:
        self._is_held = False
        for route in self._routes:
            await route.continue_()


async def pair(browser: Browser, url: str, **device: Any) -> tuple[Visitor, Sender, Sender]:
    """Sara's page, with a conversation that is not open; who writes as Ali, and as Sara."""
    ali, sara = Sender(url, "ali"), Sender(url, "sara")
    ali.begin(sara)
    page = await sara.page(browser, **(device or DESKTOP))
    await expect(page.list).to_have_count(1)
    return page, ali, sara


async def enter(visitor: Visitor, unread: int) -> None:
    """Once the page knows of all of them: it begins where reading goes on, as far as it knows."""
    await expect(visitor.list.get_by_role("img")).to_have_text(str(unread))
    await visitor.list.click()


async def at_the_end(page: Page) -> None:
    """Wait until the last message ends where what is in view does, but for the room below it."""
    await page.wait_for_function("""() => {
        const last = [...document.querySelectorAll("li.message")].at(-1);
        const { bottom } = document.querySelector(".log").getBoundingClientRect();
        return Math.abs(last.getBoundingClientRect().bottom - bottom) < 30;
    }""")


async def to_the_newest(visitor: Visitor, text: str) -> None:
    """By its button, which goes once the page itself is there."""
    down = visitor.page.get_by_role("button", name="To the newest")
    await down.click()
    await expect(visitor.message(text)).to_be_in_viewport()
    await expect(down).to_be_hidden()


async def to_the_middle(visitor: Visitor, text: str) -> None:
    """Scroll to this message; what is drawn at the same moment may lead back, so look again."""
    row = visitor.message(text)
    end = time.monotonic() + SECONDS
    while not await row.evaluate(IN_THE_MIDDLE):
        assert time.monotonic() < end
        await row.evaluate("(row) => row.scrollIntoView({ block: 'center' })")
        await frames(visitor.page)


async def first_in_view(page: Page) -> tuple[str, float]:
    """The text of the first message that begins in view, and where it begins."""
    text, top = await page.evaluate("""() => {
        const { top } = document.querySelector(".log").getBoundingClientRect();
        const row = [...document.querySelectorAll("li.message")]
            .find((one) => one.getBoundingClientRect().top >= top);
        return [row.querySelector(".text").textContent, row.getBoundingClientRect().top];
    }""")
    return text, top


async def still_first(page: Page, text: str, top: float) -> None:
    """Once what moves has moved."""
    end = time.monotonic() + SECONDS
    while True:
        now, there = await first_in_view(page)
        if now == text and abs(there - top) <= 1:
            return
        assert time.monotonic() < end, (now, there, text, top)
        await frames(page)


async def pictures(page: Page, count: int) -> None:
    """Wait until so many are there with all their pixels, and what moves has moved."""
    await page.wait_for_function(
        "(count) => [...document.querySelectorAll('img.picture')]"
        ".filter((one) => one.complete && one.naturalWidth > 0 && !one.hidden).length === count",
        arg=count,
    )
    await frames(page)


async def frames(page: Page) -> None:
    await page.evaluate(
        "() => new Promise((done) =>"
        " requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"
    )


def numbered(count: int) -> list[str]:
    return [f"message {number}." for number in range(count)]


@pytest.mark.parametrize("files", [KNOWN, UNKNOWN], ids=["known", "unknown"])
async def test_pictures_leave_the_end_in_view(
    browser: Browser, served: PayamServer, files: list[tuple[str, bytes, str]]
) -> None:
    """Six of them, of known size or not, one by one and several on a message."""
    sara, ali, hers = await pair(browser, served.url)
    ali.say(*numbered(30))
    await enter(sara, 30)
    await to_the_newest(sara, "message 29.")
    for text in ("first", "second", "third"):
        (message,) = ali.say(text)
        ali.attach(message, *files)
    await pictures(sara.page, 6)
    await at_the_end(sara.page)
    await expect(sara.page.get_by_role("button", name="To the newest")).to_be_hidden()
    await expect(sara.list.get_by_role("img")).to_be_hidden()
    await hers.has_read_all()
    await sara.page.reload()
    await pictures(sara.page, 6)
    await at_the_end(sara.page)
    await sara.check()


async def test_the_place_is_kept_before_the_picture_comes(
    browser: Browser, served: PayamServer
) -> None:
    """So nothing moves when it does; a turned one has the place of how it is shown."""
    sara, ali, _ = await pair(browser, served.url)
    exif = Image.Exif()
    exif[0x0112] = 6
    kept = io.BytesIO()
    Image.new("RGB", (400, 100), "teal").save(kept, "JPEG", exif=exif)
    (message,) = ali.say("look")
    thin = ("thin.png", png(2, 900), "image/png")
    ali.attach(message, *KNOWN, ("turned.jpg", kept.getvalue(), "image/jpeg"), thin)
    held = await Held.on(sara.page)
    await sara.list.click()
    places = sara.page.locator("img.picture")
    await expect(places).to_have_count(4)
    measure = "(all) => all.map((one) => [one.clientWidth, one.clientHeight])"
    before = [[370, 288], [29, 288], [72, 288], [2, 20]]
    await frames(sara.page)
    assert await places.evaluate_all(measure) == before
    await held.let_go()
    await pictures(sara.page, 4)
    assert await places.evaluate_all(measure) == before


@pytest.mark.parametrize("files", [KNOWN, UNKNOWN], ids=["known", "unknown"])
async def test_what_is_read_in_the_middle_stays_there(
    browser: Browser, served: PayamServer, files: list[tuple[str, bytes, str]]
) -> None:
    """Pictures above and below it, new messages, a reload of earlier ones: it does not move."""
    sara, ali, _ = await pair(browser, served.url)
    for place, message in enumerate(ali.say(*numbered(80))):
        if place % 10 == 5:
            ali.attach(message, *files)
    held = await Held.on(sara.page)
    await enter(sara, 80)
    await to_the_newest(sara, "message 79.")
    await to_the_middle(sara, "message 50.")
    text, before = await first_in_view(sara.page)
    ali.say("one more", "and another")
    await expect(sara.messages.filter(has_text="and another")).to_have_count(1)
    await still_first(sara.page, text, before)
    await held.let_go()
    count = await sara.page.get_by_role("button", name="Download").count()
    await pictures(sara.page, count)
    await still_first(sara.page, text, before)


async def taller_composer(page: Page) -> None:
    await page.get_by_role("textbox", name="Message").fill("one\ntwo\nthree\nfour\nfive")


async def keyboard(page: Page) -> None:
    """A phone's keyboard takes the lower half, and the browser makes the page smaller."""
    await page.set_viewport_size({"width": 390, "height": 420})


async def larger_letters(page: Page) -> None:
    """As a font that comes late has them."""
    await page.evaluate("document.documentElement.style.fontSize = '21px'")


async def banner(page: Page) -> None:
    """The connection is gone, and a line says so."""
    await page.context.set_offline(True)
    await expect(page.get_by_role("status").filter(has_text="Offline")).to_be_visible()


@pytest.mark.parametrize("change", [taller_composer, keyboard, larger_letters, banner])
async def test_the_end_stays_in_view(
    browser: Browser, served: PayamServer, change: Callable[[Page], Awaitable[None]]
) -> None:
    """While what is around the conversation, or in it, takes more room."""
    sara, ali, _ = await pair(browser, served.url, **PHONE)
    ali.say(*numbered(40))
    await enter(sara, 40)
    await to_the_newest(sara, "message 39.")
    await change(sara.page)
    await frames(sara.page)
    await at_the_end(sara.page)
    await expect(sara.page.get_by_role("button", name="To the newest")).to_be_hidden()


async def test_a_bomb_is_not_opened(browser: Browser, served: PayamServer) -> None:
    """A small file that says it is 60,000 pixels wide and high is a file to download."""
    sara, ali, _ = await pair(browser, served.url)
    header = struct.pack(">I4sII5B", 13, b"IHDR", 60_000, 60_000, 8, 2, 0, 0, 0)
    (message,) = ali.say("harmless")
    ali.attach(message, ("bomb.png", b"\x89PNG\r\n\x1a\n" + header + bytes(99), "image/png"))
    ali.attach(message, ("fine.png", png(20, 20), "image/png"))
    asked: list[str] = []
    sara.page.on("request", lambda request: asked.append(request.url))
    await sara.list.click()
    await pictures(sara.page, 1)
    await expect(sara.page.get_by_role("button", name="bomb.png")).to_be_visible()
    files = [file["url"] for one in ali.messages() for file in one["attachments"]]
    assert [url for url in files if served.url + url in asked] == files[1:]


async def test_a_picture_opens_over_the_page_and_leads_to_the_next(
    browser: Browser, served: PayamServer
) -> None:
    """With the keyboard, from one of the conversation to the other; what is read stays in place."""
    sara, ali, _ = await pair(browser, served.url)
    first, second = ali.say("one", "two")
    ali.attach(first, KNOWN[0])
    ali.attach(second, KNOWN[1])
    await sara.list.click()
    await sara.page.get_by_role("button", name="Open \u2068a.png").click()
    viewer = sara.page.get_by_role("dialog")
    await expect(viewer.get_by_role("img", name="a.png")).to_be_visible()
    await expect(viewer.get_by_role("img")).to_have_js_property("naturalWidth", 900)
    await expect(viewer.get_by_role("img")).to_have_js_property("naturalHeight", 700)
    await sara.check()
    await sara.page.keyboard.press("ArrowRight")
    await expect(viewer.get_by_role("img", name="b.png")).to_be_visible()
    await expect(viewer.get_by_role("status")).to_have_text("\u20682\u2069 of \u20682\u2069")
    await expect(viewer.get_by_role("button", name="Later picture")).to_be_hidden()
    await sara.page.keyboard.press("Escape")
    await expect(viewer).to_have_count(0)
    await expect(sara.page.get_by_role("button", name="Open \u2068a.png")).to_be_focused()
    assert sara.complaints == []
