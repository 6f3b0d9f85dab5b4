"""The page without a pointer."""

from playwright.async_api import Browser, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import PASSWORD, Visitor


async def test_who_is_found_again_keeps_the_focus(browser: Browser, served: PayamServer) -> None:
    """An answer that comes while one goes through those who were found, to a name written on."""
    sara = Sender(served.url, "sara")
    ali = await Sender(served.url, "ali").page(browser)
    await ali.button("new").click()
    find = ali.page.get_by_label(ali.words["find"])
    await find.fill(sara.name[:-1])
    person = ali.page.get_by_role("checkbox")
    await person.focus()
    write = """(input, name) => {
        input.value = name;
        input.dispatchEvent(new Event("input"));
    }"""
    async with ali.page.expect_request_finished(lambda one: f"={sara.name}&" in one.url):
        await find.evaluate(write, sara.name)
    await ali.page.keyboard.press("Space")
    await expect(person).to_be_checked()
    await expect(ali.button("begin")).to_be_enabled()


async def test_the_keyboard_is_enough(browser: Browser, served: PayamServer) -> None:
    """From signing up to deleting a message, without a pointer."""
    ali = await Visitor.arrive(browser, served.url, "ali", "en", **DESKTOP)
    sara = await Visitor.arrive(browser, served.url, "sara", "en", **DESKTOP)
    await sara.sign_up()
    keys = ali.page.keyboard
    await expect(ali.page.get_by_label(ali.words["username"])).to_be_focused()
    await keys.type(ali.name)
    for key in ("Tab", PASSWORD, "Tab", "Tab", "Enter"):
        await (keys.press(key) if key != PASSWORD else keys.type(key))
    await expect(ali.page.get_by_role("navigation")).to_be_visible()
    await keys.press("Tab")
    await expect(ali.button("new")).to_be_focused()
    await keys.press("Enter")
    await expect(ali.page.get_by_label(ali.words["find"])).to_be_focused()
    await keys.type(sara.name)
    await expect(ali.page.get_by_role("checkbox")).to_be_visible()
    await keys.press("Tab")
    await keys.press("Space")
    await keys.press("Tab")
    await expect(ali.button("begin")).to_be_focused()
    await keys.press("Enter")
    await expect(ali.box).to_be_focused()
    await keys.type("one")
    await keys.press("Shift+Enter")
    await keys.type("line")
    await keys.press("Enter")
    await expect(ali.messages).to_have_text(["one\nline"], use_inner_text=True)
    await keys.type("two")
    await keys.press("Enter")
    await expect(ali.mark("two", "sent")).to_be_visible()
    await keys.press("ArrowUp")
    await expect(ali.box).to_have_value("two")
    await keys.press("End")
    await keys.type(", changed")
    await keys.press("Enter")
    await expect(ali.message("two, changed")).to_contain_text(ali.words["edited"])
    await ali.page.get_by_role("log").focus()
    await keys.press("ArrowUp")
    await expect(ali.message("two, changed")).to_be_focused()
    await keys.press("ArrowUp")
    await keys.press("Enter")
    await expect(ali.page.get_by_role("menuitem", name="Reply")).to_be_focused()
    await keys.press("End")
    await keys.press("Enter")
    await expect(ali.page.get_by_role("dialog")).to_be_visible()
    await keys.press("Tab")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(ali.messages).to_have_text([ali.words["deleted"], "two, changed"])
