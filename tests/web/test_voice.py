"""Voice messages are recorded in the page, and sound is played there part by part."""

import io
import re
import wave
from typing import Any

from playwright.async_api import Browser, expect

from tests.support.payam_server import PayamServer
from tests.web.sender import Sender
from tests.web.test_message_menu import SMALL

DESKTOP: dict[str, Any] = {"viewport": {"width": 1180, "height": 760}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "is_mobile": True,
    "has_touch": True,
}
SECONDS = 60
RATE = 8000

expect.set_options(timeout=20_000)


def silence() -> bytes:
    """A minute of it, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes(b"\x80" * RATE * SECONDS)
    return file.getvalue()


async def test_a_voice_message_is_recorded_sent_and_heard(
    whole_browser: Browser, served: PayamServer
) -> None:
    """By clicks, from Chromium's own microphone; a recording that was thrown away is not sent."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    his = await ali.page(whole_browser, permissions=["microphone"], **DESKTOP)
    hers = await sara.page(whole_browser, "fa", **PHONE)
    for page in (his, hers):
        await page.list.click()
    record = his.page.get_by_role("button", name="Record a voice message")
    timer = his.page.get_by_role("timer")

    await record.click()
    await expect(timer).to_have_text("0:00")
    await his.page.keyboard.press("Escape")
    await expect(timer).to_have_count(0)
    await record.click()
    await his.page.get_by_role("button", name="Discard the recording").click()
    await expect(his.box).to_be_focused()
    await record.click()
    await expect(timer).to_have_text("0:01")
    await his.check()
    await his.page.get_by_role("button", name="Send the recording").click()
    await expect(
        his.page.get_by_role("button", name=re.compile("^Play .*Voice message"))
    ).to_be_visible()
    (message,) = ali.messages()
    (file,) = message["attachments"]
    assert file["content_type"].startswith("audio/")
    assert file["size"] > 1000
    voice = message["metadata"]["voice"]
    assert 1 <= voice["seconds"] < 60
    assert re.fullmatch(r"\d{48}", voice["wave"])
    assert set(voice["wave"]) != {"0"}  # the microphone beeps
    await expect(his.list).to_contain_text(re.compile("You: .*Voice message"))

    player = hers.page.get_by_role("group").filter(has=hers.page.get_by_role("slider"))
    await expect(player).to_be_visible()
    await expect(hers.page.locator("nav .preview")).to_have_text("پیام صوتی")
    await player.get_by_role("button", name="سرعت").click()
    await expect(player.get_by_role("button", name="سرعت")).to_have_text("×۱٫۵")
    await hers.check()
    assert await hers.page.evaluate(SMALL) == []
    await player.get_by_role("button", name="پخش").click()
    await expect(player.get_by_role("button", name="مکث")).to_be_visible()
    await expect(player.get_by_role("button", name="پخش")).to_be_visible()  # it was heard whole
    await hers.check()


async def test_sound_comes_part_by_part(whole_browser: Browser, served: PayamServer) -> None:
    """Through the page's worker, which sends the token; to its middle without what is before."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.attach(ali.say("the minutes")[0], ("minutes.wav", silence(), "audio/wav"))
    hers = await sara.page(whole_browser, "en", service_workers="allow", **DESKTOP)
    await hers.page.evaluate("""async () => {
        const worker = navigator.serviceWorker;
        if (worker.controller) return;
        await new Promise((then) => worker.addEventListener("controllerchange", then));
    }""")
    await hers.list.click()
    player = hers.page.get_by_role("group").filter(has=hers.page.get_by_role("slider"))
    await expect(player).to_contain_text("1:00")
    place = player.get_by_role("slider")
    await place.evaluate("""(bar) => {
        bar.value = 0.5;
        bar.dispatchEvent(new Event("input"));
    }""")
    await expect(place).to_have_attribute("aria-valuetext", "0:30 / 1:00")
    await player.get_by_role("button", name=re.compile("^Play .*minutes.wav")).click()
    await expect(
        player.get_by_role("button", name=re.compile("^Pause .*minutes.wav"))
    ).to_be_visible()
    (attachment,) = ali.messages()[0]["attachments"]
    part = await hers.page.evaluate(
        """async (path) => {
            const answer = await fetch(`media${path}`, { headers: { Range: "bytes=100-149" } });
            return [answer.status, (await answer.blob()).size];
        }""",
        attachment["url"],
    )
    assert part == [206, 50]
    other = await hers.page.evaluate("fetch('media/api/users/me/').then(({ status }) => status)")
    assert other == 404  # the worker lends its token for files alone
    await hers.check()
