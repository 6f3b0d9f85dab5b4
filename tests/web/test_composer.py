"""Files and texts on their way: what is refused before, cancelled during, discarded after."""

import asyncio
import base64
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, CDPSession, Page, Route, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import Visitor

FILE_MOST = 2_000_000
TEXT_MOST = 200
UPLOADS = "**/attachments/"
SLOW = 20_000
"""Bytes in a second, with which a file of three million is on its way for minutes."""
SECONDS = 60  # keeps a test from hanging
KNOWS_LIMITS = """async () => {
    const { limits } = await import("/web/limits.js");
    return Object.values(limits).every(Number.isFinite);
}"""
"""Before, the page lets everything through, and the server refuses it."""


@pytest.fixture(scope="module")
def strict() -> Iterator[PayamServer]:
    """A server with small limits."""
    settings = {"ATTACHMENT_MAX_SIZE": str(FILE_MOST), "MESSAGE_MAX_LENGTH": str(TEXT_MOST)}
    with PayamServer({"RATE_LIMITS": "off", **settings}) as server:
        yield server


async def at_the_box(person: Sender, browser: Browser, language: str = "en") -> Visitor:
    """Their page, with their only conversation open."""
    page = await person.page(browser, language, **DESKTOP)
    await page.list.click()
    await expect(page.box).to_be_visible()
    await page.page.wait_for_function(KNOWS_LIMITS)
    return page


async def one(browser: Browser, url: str, language: str = "en") -> tuple[Visitor, Sender]:
    """Ali's page, with the conversation with Sara open; who reads as Sara by REST."""
    ali, sara = Sender(url, "ali"), Sender(url, "sara")
    ali.begin(sara)
    return await at_the_box(ali, browser, language), sara


async def pair(browser: Browser, url: str) -> tuple[Visitor, Sender, Visitor]:
    """The same, and Sara's page."""
    ali, sara = await one(browser, url)
    return ali, sara, await at_the_box(sara, browser)


def a_file(folder: Path, size: int, name: str = "report.bin") -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


async def choose(page: Page, *paths: Path) -> None:
    await page.locator("input[type=file]").set_input_files(paths)


async def slow(page: Page, bytes_a_second: int) -> CDPSession:
    """Let what the page sends take its time, as on a phone."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1}
    limits["uploadThroughput"] = bytes_a_second
    await session.send("Network.emulateNetworkConditions", limits)
    return session


async def stored(reader: Sender, *texts: str) -> None:
    """Wait until these are the messages that the server has, but for deleted ones."""
    end = time.monotonic() + SECONDS
    while True:
        found = [one["content"] for one in reader.messages() if not one["is_deleted"]]
        if found == list(texts):
            return
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)


async def test_a_file_over_the_limit_is_not_sent(
    browser: Browser, strict: PayamServer, tmp_path: Path
) -> None:
    """It is named with the limit; no message is there for anybody; the others go."""
    ali, reader = await one(browser, strict.url)
    await choose(ali.page, a_file(tmp_path, FILE_MOST + 1), a_file(tmp_path, FILE_MOST, "fits.bin"))
    await ali.noticed("report.bin")
    await ali.noticed("1.9 MB")
    await ali.check()
    await ali.button("send").click()
    await stored(reader, "fits.bin")
    # Not the button that stops it on its way.
    await expect(ali.page.get_by_role("button", name="Download")).to_be_visible()
    (message,) = reader.messages()
    assert [file["name"] for file in message["attachments"]] == ["fits.bin"]


async def test_a_sentence_keeps_its_order_whatever_name_begins_it(
    browser: Browser, strict: PayamServer, tmp_path: Path
) -> None:
    """In Persian from right to left, also where the file that it names has a Latin name.

    It covers nothing of a text that is being written, however long.
    """
    ali, _ = await one(browser, strict.url, "fa")
    await ali.box.fill("سلام\n" * 12)
    in_order = """() => {
        const notice = document.querySelector(".notices p");
        const box = document.querySelector("form.composer textarea").getBoundingClientRect();
        return (
            notice?.textContent.includes("report.bin") &&
            getComputedStyle(notice).direction === "rtl" &&
            notice.getBoundingClientRect().bottom <= box.top
        );
    }"""
    # The notice is there for some seconds: one waits for it before.
    large = a_file(tmp_path, FILE_MOST + 1)
    await asyncio.gather(ali.page.wait_for_function(in_order), choose(ali.page, large))


async def test_a_text_over_the_limit_is_not_sent(browser: Browser, strict: PayamServer) -> None:
    """A counter says how much room is left, in characters of Unicode, then how much is too much."""
    ali, reader = await one(browser, strict.url)
    room = ali.page.locator("#room")
    await ali.box.fill("x" * 100)
    await expect(room).to_be_hidden()
    await ali.box.fill("😀" * 190)
    await expect(room).to_contain_text("10")
    await ali.check()
    await ali.box.fill("😀" * 201)
    await expect(room).to_contain_text("too many")
    await expect(ali.box).to_have_attribute("aria-invalid", "true")
    await expect(ali.button("send")).to_be_disabled()
    await ali.box.press("Enter")
    await ali.check()
    await ali.box.press("Backspace")
    await ali.box.press("Enter")
    await expect(ali.messages).to_have_text(["😀" * 200])
    await stored(reader, "😀" * 200)
    await expect(room).to_be_hidden()


async def test_an_upload_under_way_can_be_cancelled(
    browser: Browser, served: PayamServer, tmp_path: Path
) -> None:
    """Its progress shows; the message that was only there for it goes, for the other too."""
    ali, reader, sara = await pair(browser, served.url)
    await slow(ali.page, SLOW)
    await choose(ali.page, a_file(tmp_path, 3_000_000))
    await ali.button("send").click()
    bar = ali.page.get_by_role("progressbar")
    await expect(bar).to_be_visible()
    await ali.page.wait_for_function("() => document.querySelector('progress').value > 0")
    await ali.check()
    button = ali.page.get_by_role("button", name="Do not upload")
    pressed, share = await button.element_handle(), await bar.evaluate("(one) => one.value")
    await ali.page.wait_for_function(
        "(share) => document.querySelector('progress').value > share", arg=share
    )
    assert await pressed.evaluate("(one) => one.isConnected")
    await button.click()
    await expect(bar).to_have_count(0)
    await stored(reader)
    await expect(sara.messages).to_have_text(["This message was deleted."])
    await ali.check()


async def test_a_message_with_a_text_outlives_its_upload(
    browser: Browser, served: PayamServer, tmp_path: Path
) -> None:
    """The file alone is cancelled."""
    ali, reader, sara = await pair(browser, served.url)
    await slow(ali.page, SLOW)
    await choose(ali.page, a_file(tmp_path, 3_000_000))
    await ali.say("here it is")
    await ali.page.get_by_role("button", name="Do not upload").click()
    await expect(ali.page.get_by_role("progressbar")).to_have_count(0)
    await ali.say("or not")
    await stored(reader, "here it is", "or not")
    await expect(sara.messages).to_have_text(["here it is", "or not"])


async def cut(route: Route) -> None:
    await (route.abort() if route.request.method == "POST" else route.continue_())


async def test_a_failed_upload_is_tried_again_or_discarded(
    browser: Browser, served: PayamServer, tmp_path: Path
) -> None:
    """Of two that the network cut, one is tried again and one discarded: its name goes too."""
    ali, reader, sara = await pair(browser, served.url)
    await ali.page.route(UPLOADS, cut)
    await choose(ali.page, a_file(tmp_path, 3000, "one.bin"), a_file(tmp_path, 3000, "two.bin"))
    await ali.button("send").click()
    rows = ali.page.locator("li.pending")
    await expect(rows.get_by_role("button", name="Try again")).to_have_count(2)
    await ali.check()
    await ali.page.unroute(UPLOADS)
    await rows.filter(has_text="one.bin").get_by_role("button", name="Try again").click()
    await expect(sara.page.get_by_role("button", name="one.bin")).to_be_visible()
    await rows.filter(has_text="two.bin").get_by_role("button", name="Discard").click()
    await expect(rows).to_have_count(0)
    await stored(reader, "one.bin")


async def test_discarding_the_only_file_removes_its_message(
    browser: Browser, served: PayamServer, tmp_path: Path
) -> None:
    """Nothing of it is left for the other but that there was something."""
    ali, reader, sara = await pair(browser, served.url)
    await ali.page.route(UPLOADS, cut)
    await choose(ali.page, a_file(tmp_path, 3000))
    await ali.button("send").click()
    await ali.page.locator("li.pending").get_by_role("button", name="Discard").click()
    await stored(reader)
    await expect(sara.messages).to_have_text(["This message was deleted."])
    await expect(ali.page.locator("li.pending")).to_have_count(0)


async def drag(session: CDPSession, path: Path, x: int, y: int) -> None:
    """Drag a file from the desktop to a place on the page, and drop it there."""
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        event = {"type": kind, "x": x, "y": y, "data": data}
        await session.send("Input.dispatchDragEvent", event)


@pytest.mark.parametrize("place", [(150, 400), (700, 300), (700, 725)], ids=["list", "log", "box"])
async def test_a_dropped_file_goes_with_the_message(
    browser: Browser, served: PayamServer, tmp_path: Path, place: tuple[int, int]
) -> None:
    """Wherever it is dropped on the page."""
    ali, reader = await one(browser, served.url)
    session = await ali.page.context.new_cdp_session(ali.page)
    await drag(session, a_file(tmp_path, 3000), *place)
    await expect(ali.page.locator(".chips li")).to_contain_text("report.bin")
    await ali.say("look")
    await expect(ali.page.get_by_role("button", name="Download")).to_be_visible()
    await stored(reader, "look")
    assert ali.page.url.startswith(served.url)
    assert len(ali.page.context.pages) == 1


async def test_a_file_dropped_where_nothing_takes_it_changes_nothing(
    browser: Browser, served: PayamServer, tmp_path: Path
) -> None:
    """No conversation is open, a dialog is, or nobody is signed in: the page stays."""
    path = a_file(tmp_path, 3000, "page.html")
    ali = Sender(served.url, "ali")
    ali.begin(Sender(served.url, "sara"))
    page = await ali.page(browser, **DESKTOP)
    visitor = await Visitor.arrive(browser, served.url, "nobody", "en", **DESKTOP)
    for one in (page, visitor):
        session = await one.page.context.new_cdp_session(one.page)
        await drag(session, path, 600, 400)
        assert one.page.url.startswith(served.url)
        assert len(one.page.context.pages) == 1
    await page.list.click()
    await page.button("details").click()
    await expect(page.page.get_by_role("dialog")).to_be_visible()
    await drag(await page.page.context.new_cdp_session(page.page), path, 600, 400)
    await expect(page.page.get_by_role("dialog")).to_be_visible()
    await page.page.keyboard.press("Escape")
    await expect(page.page.locator(".chips li")).to_have_count(0)
    assert page.page.url.startswith(served.url)


async def test_a_folder_is_not_a_file(
    browser: Browser, served: PayamServer, tmp_path: Path
) -> None:
    """It is not taken, and the page stays."""
    ali, _ = await one(browser, served.url)
    await drag(await ali.page.context.new_cdp_session(ali.page), tmp_path, 700, 300)
    await expect(ali.page.locator(".chips li")).to_have_count(0)
    assert ali.page.url.startswith(served.url)


async def test_a_pasted_picture_goes_with_the_message(
    browser: Browser, served: PayamServer
) -> None:
    """With the focus where one writes, or on the messages; formatted text stays text."""
    ali, reader, sara = await pair(browser, served.url)
    await ali.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    kept = io.BytesIO()
    Image.new("RGB", (120, 90), "teal").save(kept, "PNG")
    copy = """async ([picture, text]) => {
        const bytes = Uint8Array.from(atob(picture), (sign) => sign.charCodeAt(0));
        const data = { "image/png": new Blob([bytes], { type: "image/png" }) };
        for (const type of text ? ["text/plain", "text/html"] : []) {
            data[type] = new Blob([text], { type });
        }
        await navigator.clipboard.write([new ClipboardItem(data)]);
    }"""
    picture = base64.b64encode(kept.getvalue()).decode()
    await ali.page.evaluate(copy, [picture, ""])
    await ali.box.press("Control+v")
    await expect(ali.page.locator(".chips li")).to_have_count(1)
    await ali.page.get_by_role("log").focus()
    await ali.page.keyboard.press("Control+v")
    await expect(ali.page.locator(".chips li")).to_have_count(2)
    await ali.page.evaluate(copy, [picture, "from a table"])
    await ali.box.press("Control+v")
    await expect(ali.box).to_have_value("from a table")
    await expect(ali.page.locator(".chips li")).to_have_count(2)
    await ali.button("send").click()
    await expect(sara.page.locator("img.picture")).to_have_count(2)
    await stored(reader, "from a table")
