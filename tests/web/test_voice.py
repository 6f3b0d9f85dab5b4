"""Voice messages are recorded in the page; sound and films are played there part by part."""

import base64
import io
import re
import wave
from typing import Any

from playwright.async_api import Browser, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import SMALL

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "is_mobile": True,
    "has_touch": True,
}
WORKER = """async () => {
  const worker = navigator.serviceWorker;
  if (worker.controller) return;
  await new Promise((then) => worker.addEventListener("controllerchange", then));
}"""
"""The page's service worker is there, and reads files for it."""
FILM = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
  const paper = canvas.getContext("2d");
  const type = { mimeType: "video/webm;codecs=vp8" };
  const recorder = new MediaRecorder(canvas.captureStream(25), type);
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start(100);
  let frame = 0;
  const timer = setInterval(() => {
    paper.fillStyle = `hsl(${(frame += 9)} 80% 50%)`;
    paper.fillRect(0, 0, 320, 180);
  }, 40);
  while (parts.reduce((sum, { size }) => sum + size, 0) < 5000 || frame < 270) {
    await new Promise((then) => setTimeout(then, 50));
  }
  recorder.stop();
  clearInterval(timer);
  await new Promise((then) => (recorder.onstop = then));
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(bytes.reduce((text, one) => text + String.fromCharCode(one), ""));
}"""
"""Colours that change, for a little more than a second, as Chromium itself records them."""
NOTE_PAUSE = """() => {
  window.couldPause = false;
  new MutationObserver(() => {
    if (document.querySelector("[aria-label^=مکث]")) window.couldPause = true;
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
"""Keeps whether something was played: a recording of a second is over soon."""
SECONDS = 60
RATE = 8000


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
    await expect(timer).to_be_visible()
    await his.page.keyboard.press("Escape")
    await expect(timer).to_have_count(0)
    await record.click()
    await his.page.get_by_role("button", name="Discard the recording").click()
    await expect(his.box).to_be_focused()
    await record.click()
    await expect(timer).to_have_text(re.compile("^0:(0[1-9]|[1-5])"))
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
    await hers.page.evaluate(NOTE_PAUSE)
    await player.get_by_role("button", name="پخش").click()
    await hers.page.wait_for_function("() => couldPause")
    await expect(player.get_by_role("button", name="پخش")).to_be_visible()  # it was heard whole
    await hers.check()


async def test_sound_comes_part_by_part(whole_browser: Browser, served: PayamServer) -> None:
    """Through the page's worker, which sends the token; to its middle without what is before."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.attach(ali.say("the minutes")[0], ("minutes.wav", silence(), "audio/wav"))
    hers = await sara.page(whole_browser, "en", service_workers="allow", **DESKTOP)
    await hers.page.evaluate(WORKER)
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


async def test_a_film_is_played_in_its_message(whole_browser: Browser, served: PayamServer) -> None:
    """Part by part, with its length and its size; what is no film after all can be saved."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    hers = await sara.page(whole_browser, "en", service_workers="allow", **PHONE)
    film = base64.b64decode(await hers.page.evaluate(FILM))
    broken = film[:300] + bytes(2000)
    ali.attach(ali.say("two")[0], ("b.webm", broken, "video/webm"), ("f.webm", film, "video/webm"))
    await hers.page.evaluate(WORKER)
    statuses: list[int] = []
    hers.page.on(
        "response",
        lambda one: statuses.append(one.status) if "/media/api/" in one.url else None,
    )
    await hers.list.click()
    row = hers.message("two")
    player = row.get_by_label("f.webm").and_(row.locator("video"))
    await player.evaluate("""async (film) => {
        while (!(film.readyState > 1 && film.duration > 1 && film.duration < 60)) {
            await new Promise((then) => setTimeout(then, 50));
        }
    }""")
    assert await player.evaluate("({ videoWidth, videoHeight }) => [videoWidth, videoHeight]") == [
        320,
        180,
    ]
    box = await player.bounding_box()
    assert box
    assert abs(box["width"] / box["height"] - 16 / 9) < 0.05
    await expect(row).to_contain_text(re.compile(r"kB · 0:(0[1-9]|[1-5]\d)"))
    await player.evaluate("""async (film) => {
        film.muted = true;
        await film.play();
        while (film.currentTime < 0.3) await new Promise((then) => setTimeout(then, 50));
        film.pause();
    }""")
    assert set(statuses) == {206}
    await expect(row.locator("video")).to_have_count(2)
    await expect(row.locator("video").first).to_be_hidden()
    await expect(row.get_by_role("button", name=re.compile("b.webm")).first).to_be_visible()
    await hers.check()
