"""Pictures of people and of conversations on the page, and the names that people have chosen."""

import re
from typing import Any

from PIL import Image
from playwright.async_api import Browser, Locator, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}


def picture(path: Any, colour: str) -> str:
    file = path / f"{colour}.png"
    Image.new("RGB", (300, 200), colour).save(file)
    return str(file)


async def has_picture(avatar: Locator) -> None:
    await expect(avatar).to_have_css("background-image", re.compile("blob:"))


async def test_pictures_are_chosen_and_seen_by_others(
    browser: Browser, served: PayamServer, tmp_path: Any
) -> None:
    """Of oneself in the settings, of a group in its details; others see them at once."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara, title="trip")
    sara.call_oneself("سارا رضایی")
    sara.say("hello")
    his = await ali.page(browser, **DESKTOP)
    hers = await sara.page(browser, "fa", **PHONE)
    await his.list.click()
    await expect(his.message("hello")).to_be_visible()

    await hers.page.get_by_role("button", name="تنظیمات").click()
    window = hers.page.get_by_role("dialog")
    await window.locator("input[type=file]").set_input_files(picture(tmp_path, "green"))
    await has_picture(window.locator(".avatar"))
    await expect(window.get_by_role("button", name="برداشتن تصویر")).to_be_visible()
    text = tmp_path / "words.png"
    text.write_text("no picture at all")
    await window.locator("input[type=file]").set_input_files(text)
    await expect(window.get_by_role("alert").filter(visible=True)).to_have_text(
        re.compile("پرونده: .*تصویر")
    )
    await hers.check()
    await hers.page.keyboard.press("Escape")
    await has_picture(hers.page.locator("nav > header .avatar"))
    await his.button("details").click()
    row = his.page.get_by_role("dialog").get_by_role("listitem").filter(has_text=sara.name)
    await has_picture(row.locator(".avatar"))

    dialog = his.page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(picture(tmp_path, "orange"))
    await has_picture(dialog.locator(".own-picture .avatar"))
    await his.check()
    await his.page.keyboard.press("Escape")
    for place in (his.list.locator(".avatar"), hers.list.locator(".avatar")):
        await has_picture(place)
    await his.button("details").click()
    await dialog.get_by_role("button", name="Remove the picture").click()
    await expect(hers.list.locator(".avatar")).to_have_css("background-image", "none")


async def test_people_are_shown_by_the_names_they_chose(
    browser: Browser, served: PayamServer
) -> None:
    """In the list, above the conversation, in quotes and beside messages of a group."""
    ali, sara, omid = (Sender(served.url, name) for name in ("ali", "sara", "omid"))
    sara.call_oneself("سارا رضایی")
    ali.begin(sara, omid)
    (first,) = sara.say("who comes?")
    omid.reply(first, "I do")
    his = await ali.page(browser, **DESKTOP)
    await expect(his.list).to_contain_text("سارا رضایی")
    await his.list.click()
    await expect(his.message("who comes?").first).to_contain_text("سارا رضایی")
    await expect(his.message("who comes?").first.locator(".avatar")).to_have_text("س")
    await expect(his.message("I do").locator(".quote")).to_contain_text("سارا رضایی")
    sara.call_oneself("سارا ر.")
    await expect(his.page.locator("section > header")).to_contain_text("سارا ر.")
    await expect(his.message("who comes?").first).to_contain_text("سارا ر.")
