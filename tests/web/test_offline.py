"""The page while its server is stopped: it opens, shows what was read, and sends later."""

import asyncio
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Request, Route, expect

from tests.media.pictures import picture
from tests.support.payam_server import PayamServer
from tests.web.sender import Sender
from tests.web.test_voice import WORKER, silence
from tests.web.visitor import Visitor

ALLOWED: dict[str, Any] = {"service_workers": "allow"}
SHELL_KEPT = """async () => {
  const all = await (await caches.open("payam shell /")).keys();
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
  const shell = loaded.filter((path) => path.startsWith("/web/"));
  const wanted = ["/", "/web/panels.html", "/web/dialogs.js", ...shell];
  return wanted.every((path) => all.some(({ url }) => new URL(url).pathname === path));
}"""
KEPT = """async (prefix) => {
  const promised = (request) => new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
  const database = await promised(indexedDB.open(`payam ${location.origin}`));
  const range = IDBKeyRange.bound(prefix, prefix + "\uffff");
  const kept = await promised(database.transaction("kept").objectStore("kept").getAll(range));
  database.close();
  return JSON.stringify(kept);
}"""
"""What the page has kept under the keys that begin so."""

SECONDS = 60  # keeps a test from hanging
PART = 4 * 1024 * 1024  # bytes, as the page sends them
SIZE = 2 * PART + 1000


@pytest.fixture(scope="module")
def server() -> Iterator[PayamServer]:
    """One of these tests' own, since it stops."""
    with PayamServer({"RATE_LIMITS": "off"}) as server:
        yield server


async def until_kept(page: Page, prefix: str, *texts: str, but: str = "\0") -> None:
    """The page writes seldom; wait until all of this stands there, and not `but`."""
    end = time.monotonic() + SECONDS
    while True:
        kept = await page.evaluate(KEPT, prefix)
        if all(text in kept for text in texts) and but not in kept:
            return
        assert time.monotonic() < end, f"{texts} are not kept, or {but} is: {kept}"
        await page.wait_for_timeout(50)


async def test_what_was_read_can_be_read_while_the_server_is_away(
    whole_browser: Browser, server: PayamServer
) -> None:
    """The list and its faces, the newest messages of an open conversation, what is seldom used.
    What is written then waits. What was deleted or edited elsewhere is not kept as it was. Who
    signs out leaves nothing.
    """
    ali, sara = Sender(server.url, "ali"), Sender(server.url, "sara")
    ali.wear(picture("PNG", 60, 60))
    conversation = ali.begin(sara)
    sent = ali.say(*(f"message {number}." for number in range(60)))
    sara.read(sent[-1])
    hers = await sara.page(whole_browser, **ALLOWED)
    await hers.list.click()
    await expect(hers.message("message 59.")).to_be_in_viewport()
    await hers.page.wait_for_function(SHELL_KEPT)
    await until_kept(hers.page, "thread/", "message 10.", "message 59.", but="message 9.")
    await until_kept(hers.page, "account/", "message 59.")
    face = hers.list.locator(".avatar")
    await expect(face).to_have_css("background-image", re.compile("blob:"))
    await until_kept(hers.page, "seen/", f"user/{ali.id}/avatar")

    await asyncio.to_thread(server.stop)
    await hers.page.reload()
    await expect(hers.list).to_contain_text("message 59.")
    await expect(face).to_have_css("background-image", re.compile("blob:"))
    await expect(hers.message("message 59.")).to_be_in_viewport()
    await hers.page.get_by_role("log").press("Home")
    await expect(hers.message("message 10.")).to_be_visible()
    await hers.say("from the tunnel")
    await expect(hers.mark("from the tunnel", "queued")).to_be_visible()
    await hers.check()
    await hers.button("new").click()
    await expect(hers.page.get_by_role("dialog")).to_be_visible()
    await hers.page.keyboard.press("Escape")

    await asyncio.to_thread(server.start)
    ali.say("meanwhile.")
    await expect(hers.mark("from the tunnel", "sent")).to_be_visible()
    await expect(hers.message("meanwhile.")).to_be_visible()

    await until_kept(hers.page, "thread/", "meanwhile.", "from the tunnel")
    await hers.page.goto(f"{server.url}/#/")
    await hers.page.reload()
    await expect(hers.list).to_have_count(1)
    ali.delete(sent[-1])
    ali.edit(sent[-2], "message fifty-eight.")
    ali.wear(None)
    await until_kept(hers.page, "thread/", "message fifty-eight.", but="message 59.")
    await until_kept(hers.page, "seen/", but="avatar")
    await hers.page.get_by_role("button", name="Settings").click()
    await hers.page.get_by_role("button", name="Log out").click()
    await until_kept(hers.page, "", but="message")
    assert f'"id":{conversation}' not in await hers.page.evaluate(KEPT, "")


async def look_at_files(page: Visitor) -> None:
    """All that a conversation's files offer: see, see large, hear, save."""
    small = page.page.get_by_role("log").get_by_role("img", name="tea.png")
    await expect(small).to_have_js_property("naturalWidth", 512)
    await page.page.get_by_role("button", name=re.compile("^Open .*tea.png")).click()
    large = page.page.get_by_role("dialog").get_by_role("img", name="tea.png")
    await expect(large).to_have_js_property("naturalWidth", 900)
    await page.page.keyboard.press("Escape")
    await page.page.get_by_role("button", name=re.compile("^Play .*wav")).click()
    await page.page.get_by_role("button", name=re.compile("^Pause .*wav")).click()
    await save_note(page)


async def save_note(page: Visitor) -> None:
    async with page.page.expect_download() as download:
        await page.page.get_by_role("button", name="note.txt").click()
    assert (await (await download.value).path()).read_bytes() == b"remember the tea"


async def test_files_that_were_seen_are_there_while_the_server_is_away(
    whole_browser: Browser, server: PayamServer
) -> None:
    """Each goes with its message, with its conversation, and with who signs out."""
    ali, sara = Sender(server.url, "ali"), Sender(server.url, "sara")
    conversation = ali.begin(sara)
    sent = ali.say("a picture", "a sound", "a note", "unseen")
    ali.attach(sent[0], ("tea.png", picture("PNG", 900, 600), "image/png"))
    ali.attach(sent[1], ("minutes.wav", silence(), "audio/wav"))
    ali.attach(sent[2], ("note.txt", b"remember the tea", "text/plain"))
    ali.attach(sent[3], ("other.txt", b"unseen", "text/plain"))
    sara.read(sent[-1])
    hers = await sara.page(whole_browser, **ALLOWED)
    await hers.page.evaluate(WORKER)
    await hers.list.click()
    await look_at_files(hers)
    places = [f"{conversation}/{message}/" for message in sent]
    ids = [message["attachments"][0]["id"] for message in ali.messages()]
    files = [f"{place}{id_}/file" for place, id_ in zip(places[:3], ids, strict=False)]
    await until_kept(hers.page, "seen/", *files, f"{places[0]}{ids[0]}/thumbnail", but=places[3])
    await until_kept(hers.page, "thread/", "unseen")
    await until_kept(hers.page, "account/", "unseen")
    await hers.page.wait_for_function(SHELL_KEPT)

    await asyncio.to_thread(server.stop)
    await hers.page.reload()
    await look_at_files(hers)
    await hers.check()

    await asyncio.to_thread(server.start)
    ali.delete(sent[0])
    await until_kept(hers.page, "seen/", files[1], but=places[0])
    sara.leave(conversation)
    await until_kept(hers.page, "seen", but=f"{conversation}/")
    assert await hers.page.evaluate(KEPT, "seen") == "[]", "neither files nor what is known of them"

    dana = Sender(server.url, "dana")
    other = dana.begin(sara)
    dana.attach(dana.say("the same")[0], ("note.txt", b"remember the tea", "text/plain"))
    await expect(hers.list).to_contain_text([dana.name])  # that of the files has gone by now
    await hers.list.click()
    await save_note(hers)
    await until_kept(hers.page, "seen/", f'"place":"{other}/')
    await hers.page.get_by_role("button", name="Settings").click()
    await hers.page.get_by_role("button", name="Log out").click()
    await until_kept(hers.page, "seen/", but='"place"')
    await until_kept(hers.page, "seen-file/", but="{}")


async def test_a_large_file_goes_on_after_a_cut_and_a_reload(
    whole_browser: Browser, server: PayamServer, tmp_path: Path
) -> None:
    """In parts, of which none goes twice, while the message shows how far it is."""
    ali, sara = Sender(server.url, "ali"), Sender(server.url, "sara")
    ali.begin(sara)
    his = await ali.page(whole_browser)
    await his.list.click()
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(SIZE))
    away, is_back = asyncio.Event(), False
    parts: list[int] = []

    async def hold(route: Route, request: Request) -> None:
        """The second part waits until the server is away; the last one never comes."""
        if request.method == "PATCH":
            parts.append(int(request.headers["upload-offset"]))
            if parts[-1] == PART:
                await away.wait()
            if parts[-1] == 2 * PART and not is_back:
                return
        await route.continue_()

    await his.page.route("**/api/uploads/**", hold)
    await his.page.locator('input[type="file"]').first.set_input_files(large)
    await his.button("send").click()
    progress = his.page.get_by_role("progressbar", name="large.bin")
    await expect(progress).to_have_js_property("value", PART / SIZE)
    await asyncio.to_thread(server.stop)
    away.set()
    await asyncio.to_thread(server.start)
    await expect(progress).to_have_js_property("value", 2 * PART / SIZE)
    await until_kept(his.page, "upload/", '"upload":"')
    is_back = True
    await his.page.reload()
    await expect(progress).to_have_count(0)
    await expect(
        his.page.get_by_role("button", name=re.compile("Download .*large.bin"))
    ).to_be_visible()
    assert parts == sorted(parts)
    assert (parts.count(0), parts.count(2 * PART)) == (1, 2)  # each part that came, once
    (message,) = sara.messages()
    assert [(one["name"], one["size"]) for one in message["attachments"]] == [("large.bin", SIZE)]
    await until_kept(his.page, "upload/", but="large.bin")
    assert await his.page.evaluate(KEPT, "file/") == "[]"
    await his.check()


BOUNDS = """async () => {
  const { SeenFiles } = await import("/web/client/seen-files.js");
  const { memoryStorage } = await import("/web/client/storage.js");
  const storage = { ...memoryStorage(), holdsFiles: true };
  const seen = new SeenFiles(storage, "1", { one: 10, all: 25, count: 4 });
  const asked = [];
  const at = (id, made = "then") => ({
    url: `/api/conversations/${id > 5 ? 2 : 1}/messages/${id}/attachments/${id}/`,
    created_at: made,
  });
  const have = (id, size, made) => seen.load("file", at(id, made), async () => {
    asked.push(id);
    return new Blob(["x".repeat(size)]);
  });
  const kept = async () => {
    await seen.drop(99);  // after all that was begun before
    await new Promise((then) => setTimeout(then, 5));  // what comes next is newer
    return (await storage.list("seen/")).map(({ place }) => Number(place.split("/")[1])).sort();
  };
  const steps = [];
  for (const id of [1, 2, 3]) {
    await have(id, id === 2 ? 11 : 10);  // the second is too large
    await kept();
  }
  steps.push(await kept());
  await have(4, 10);  // there is room for two of these
  steps.push(await kept());
  await have(4, 10);
  await kept();
  await have(4, 10, "later");  // another file with the same ids
  await kept();
  steps.push([...asked]);
  for (const id of [6, 7, 8, 9]) await have(id, 1).then(kept);  // four at most
  steps.push(await kept());
  await seen.drop(2, 7);
  steps.push(await kept());
  await seen.drop(2);
  steps.push(await kept());
  const slow = seen.load("file", at(5), async () => {
    await seen.drop(1, 5);  // its message goes while it is on its way
    return new Blob(["x"]);
  });
  await slow;
  steps.push(await kept());
  return steps;
}"""


async def test_what_was_seen_has_bounds(whole_browser: Browser, server: PayamServer) -> None:
    """Of one file, of all together, and of their number; the oldest makes room."""
    page = (await Visitor.arrive(whole_browser, server.url, "ali", "en")).page
    assert await page.evaluate(BOUNDS) == [
        [1, 3],
        [3, 4],
        [1, 2, 3, 4, 4],
        [6, 7, 8, 9],
        [6, 8, 9],
        [],
        [],
    ]
