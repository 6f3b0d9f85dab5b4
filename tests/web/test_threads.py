"""The replies to a message beside the conversation, who has seen a message, and the sound."""

import re
import time
from typing import Any

from playwright.async_api import Browser, expect

from tests.support.payam_server import PayamServer
from tests.web.sender import Sender
from tests.web.visitor import SMALL

DESKTOP: dict[str, Any] = {"viewport": {"width": 1380, "height": 760}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
SECONDS = 60  # keeps a test from hanging
MANY = 60  # replies: more than a page of them
TONES = """() => {
    window.tones = 0;
    const { start } = AudioScheduledSourceNode.prototype;
    AudioScheduledSourceNode.prototype.start = function (...given) {
        window.tones += 1;
        return start.apply(this, given);
    };
}"""


async def test_a_thread_is_read_and_answered(browser: Browser, served: PayamServer) -> None:
    """Page by page; what changes meanwhile is seen in it, and what is not of it stays outside."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    talk = ali.begin(sara)
    (first,) = ali.say("where do we meet?")
    sara.say("something else")
    replies = [sara.reply(first, f"reply {number}") for number in range(MANY)]
    his = await ali.page(browser, **DESKTOP)
    hers = await sara.page(browser, "fa", **PHONE)
    for page in (his, hers):
        await page.page.goto(f"{served.url}/#/{talk}/{first}")
    await his.page.get_by_role("button", name=re.compile(rf"^Replies: .*{MANY}")).click()
    thread = his.page.get_by_role("region", name="Replies to a message")
    texts = thread.locator("li.message .text")
    await expect(texts).to_have_count(1 + 50)
    await thread.get_by_role("button", name="More replies").click()
    await expect(texts).to_have_text(
        ["where do we meet?", *(f"reply {number}" for number in range(MANY))]
    )
    answer = thread.get_by_role("textbox", name="Reply in this thread")
    await answer.fill("at nine, then")
    await answer.press("Enter")
    await expect(texts.last).to_have_text("at nine, then")
    await expect(thread.get_by_role("heading")).to_contain_text(str(MANY + 1))
    assert ali.messages()[-1]["reply_to"]["id"] == first

    await hers.page.get_by_role("button", name=re.compile("^پاسخ‌ها: .*۶۱")).click()
    on_phone = hers.page.get_by_role("region", name="پاسخ‌های یک پیام")
    await expect(on_phone.locator("li.message .text").first).to_have_text("where do we meet?")
    await hers.check()
    assert await hers.page.evaluate(SMALL) == []
    sara.say("not of the thread")
    sara.edit(replies[0], "reply zero")
    sara.delete(replies[1])
    sara.reply(first, "the last word")
    await expect(texts.last).to_have_text("the last word")
    await expect(texts.nth(1)).to_have_text("reply zero")
    await expect(texts.nth(2)).to_have_text("This message was deleted.")
    await expect(thread.get_by_text("not of the thread")).to_have_count(0)
    await his.check()
    await answer.focus()
    await his.page.keyboard.press("Escape")
    await expect(thread).to_have_count(0)
    await hers.page.get_by_role("button", name="بستن").click()
    await expect(hers.box).to_be_visible()


async def test_who_has_seen_a_message(browser: Browser, served: PayamServer) -> None:
    """Of a group, for its sender: those who have read so far, and nobody else."""
    ali, sara, omid = (Sender(served.url, name) for name in ("ali", "sara", "omid"))
    ali.begin(sara, omid)
    (message,) = ali.say("who reads this?")
    sara.read(message)
    his = await ali.page(browser, **DESKTOP)
    await his.list.click()
    await his.message("who reads this?").hover()
    await his.button("options").click()
    await his.page.get_by_role("menuitem", name="Seen by").click()
    dialog = his.page.get_by_role("dialog", name="Seen by")
    await expect(dialog.get_by_role("listitem")).to_have_text(re.compile(sara.name))
    await expect(dialog.get_by_role("status")).to_contain_text("1")
    await his.check()


async def test_sound_is_off_until_it_is_asked_for(browser: Browser, served: PayamServer) -> None:
    """By a click in the settings; then what is not looked at is heard, also after a reload."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    hers = await sara.page(browser, **DESKTOP)
    await hers.page.evaluate(TONES)
    ali.say("unheard")
    await expect(hers.list).to_contain_text("unheard")
    assert await hers.page.evaluate("tones") == 0
    await hers.page.get_by_role("button", name="Settings").click()
    await hers.page.get_by_role("button", name="Turn the sound on").click()
    await hers.page.wait_for_function("() => tones > 0")  # so that one knows it
    await hers.check()
    await hers.page.reload()
    await expect(hers.list).to_contain_text("unheard")
    await hers.page.evaluate(TONES)
    end = time.monotonic() + SECONDS
    while not await hers.page.evaluate("tones"):
        # While the page connects, the list may bring a message that the socket then need not.
        assert time.monotonic() < end
        ali.say("heard")
        await hers.page.wait_for_timeout(500)
    await hers.page.get_by_role("button", name="Settings").click()
    await hers.page.get_by_role("button", name="Turn the sound off").click()
    await hers.page.keyboard.press("Escape")
    before = await hers.page.evaluate("tones")
    ali.say("unheard again")
    await expect(hers.list).to_contain_text("unheard again")
    assert await hers.page.evaluate("tones") == before
