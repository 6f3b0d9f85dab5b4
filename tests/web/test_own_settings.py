"""One's own settings of conversations: the menu of a row, the archive, and what is kept on top."""

from typing import Any

from playwright.async_api import Browser, Locator, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import Visitor

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "color_scheme": "dark",
}


def row(visitor: Visitor, name: str) -> Locator:
    return visitor.list.filter(has_text=name)


def item(visitor: Visitor, text: str) -> Locator:
    return visitor.page.get_by_role("menuitem", name=text, exact=True)


async def test_settings_of_a_row_are_the_same_on_all_devices(
    browser: Browser, served: PayamServer
) -> None:
    """By a long press on a phone, by the keyboard at a desk; a new message changes none of them."""
    ali = Sender(served.url, "ali")
    others = [Sender(served.url, name) for name in ("sara", "reza", "mary")]
    for other in others:
        other.begin(ali)
        other.say("hello")
    sara, reza, mary = (other.name for other in others)
    desk = await ali.page(browser, **DESKTOP)
    phone = await ali.page(browser, "fa", **PHONE)
    names = desk.list.locator(".name")
    await expect(names).to_have_text([mary, reza, sara])

    await phone.hold(row(phone, sara))
    await phone.check()
    await item(phone, "نگه داشتن در بالا").tap()
    await expect(names).to_have_text([sara, mary, reza])
    await expect(row(desk, sara).get_by_role("img", name="On top")).to_be_visible()
    assert "#/1" not in phone.page.url  # the link under the finger was not followed

    await row(desk, reza).get_by_role("link").focus()
    await desk.page.keyboard.press("Shift+F10")
    await expect(desk.page.get_by_role("menuitem").first).to_be_focused()
    await desk.page.keyboard.press("ArrowUp")
    await expect(item(desk, "Archive")).to_be_focused()
    await desk.page.keyboard.press("Enter")
    await expect(names).to_have_text([sara, mary])
    await expect(phone.list).to_have_count(2)
    others[1].say("are you there?")
    archive = desk.page.get_by_role("button", name="Archive")
    await expect(archive.get_by_role("img")).to_have_text("2")
    await archive.click()
    await expect(names).to_have_text([reza])
    await desk.check()

    await row(desk, reza).hover()
    await row(desk, reza).get_by_role("button", name="Options").click()
    await item(desk, "Back from the archive").click()
    await expect(names).to_have_text([sara, reza, mary])
    await expect(archive).to_have_count(0)

    await row(desk, mary).click(button="right")
    await item(desk, "Mute for an hour").click()
    await expect(row(phone, mary).get_by_role("img", name="بی‌صدا")).to_be_visible()
    await desk.page.reload()
    # What is shown first is what the page has kept, perhaps from before.
    await expect(row(desk, mary).get_by_role("img", name="Muted")).to_be_visible()
    await row(desk, mary).click(button="right")
    await item(desk, "Unmute").click()
    await expect(row(phone, mary).get_by_role("img", name="بی‌صدا")).to_be_hidden()
    await desk.page.keyboard.press("Escape")
    await desk.check()
    assert desk.complaints + phone.complaints == []
