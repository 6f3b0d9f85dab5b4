"""Two people talk on the page, in both its languages."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DARK_PHONE, DESKTOP
from tests.web.sender import Sender
from tests.web.two import shoot, two
from tests.web.visitor import PASSWORD, Visitor

WEB = Path(__file__).parents[2] / "web"
PICTURE = WEB / "icon.svg"


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_every_screen_is_accessible(
    browser: Browser, served: PayamServer, language: str
) -> None:
    """Axe finds nothing, light and dark, on a desk and on a phone."""
    ali = await Visitor.arrive(browser, served.url, "ali", language, **DESKTOP)
    sara = await Visitor.arrive(browser, served.url, "سارا", language, **DARK_PHONE)
    await shoot(sara, f"sign-in-{language}")
    for visitor in (ali, sara):
        await visitor.check()
        await visitor.sign_up()
        await visitor.check()
    await ali.button("new").click()
    await ali.page.get_by_label(ali.words["find"]).fill(sara.name)
    await ali.page.get_by_role("checkbox").check()
    await ali.check()
    await ali.button("begin").click()
    await ali.say("سلام سارا! خوبی؟", "See you at five — bring the report, please.")
    await expect(sara.list.get_by_role("img")).to_have_text(["2" if language == "en" else "۲"])
    await sara.check()
    await sara.enter(ali)
    await sara.say("سلام علی، خوبم. گزارش آماده است.", "Five is fine.")
    await expect(ali.messages).to_have_count(4)
    await ali.button("details").click()
    await ali.check()
    await ali.page.get_by_label(ali.words["subject"]).fill("چاپگر کار نمی‌کند")
    await ali.button("openTicket").click()
    await expect(sara.page.get_by_text("چاپگر کار نمی‌کند")).to_be_visible()
    async with sara.typing("One more thing. "):
        await expect(ali.page.get_by_role("status").filter(has_text=sara.name)).to_be_visible()
    for visitor, name in ((ali, "desktop"), (sara, "phone")):
        await shoot(visitor, f"{name}-{language}")
        await visitor.check()
    await ali.page.emulate_media(color_scheme="dark")
    await sara.page.emulate_media(color_scheme="light")
    for visitor in (ali, sara):
        await visitor.check()
    await shoot(ali, f"desktop-dark-{language}")


@pytest.mark.parametrize(("language", "other"), [("en", "fa"), ("fa", "en")])
async def test_two_people_talk(
    browser: Browser, served: PayamServer, language: str, other: str
) -> None:
    """Sent, typing, read, edited, deleted: each sees what the other does, as it happens."""
    ali, sara = await two(browser, served.url, language, other)
    await ali.say("hello", "سلام")
    await expect(sara.messages).to_have_text(["hello", "سلام"])
    await sara.page.bring_to_front()
    await expect(ali.mark("سلام", "read")).to_be_visible()
    assert await sara.page.evaluate("document.documentElement.dir") == (
        "rtl" if other == "fa" else "ltr"
    )
    for text, direction in (("hello", "ltr"), ("سلام", "rtl")):
        box = sara.message(text).locator(".text")
        assert await box.evaluate("(box) => getComputedStyle(box).direction") == direction

    async with sara.typing("thinking "):
        await expect(ali.page.get_by_role("status").filter(has_text=sara.name)).to_contain_text(
            ali.words["typing"]
        )
    await sara.box.fill("")
    await expect(ali.page.get_by_role("status").filter(has_text=sara.name)).to_have_count(0)

    await ali.message("hello").hover()
    await ali.act("hello", "edit")
    await expect(ali.box).to_have_value("hello")
    await ali.say("hello again")
    await expect(sara.messages).to_have_text(["hello again", "سلام"])
    await expect(sara.message("hello again")).to_contain_text(sara.words["edited"])

    await ali.message("سلام").hover()
    await ali.act("سلام", "delete")
    await ali.page.get_by_role("dialog").get_by_role("button", name=ali.words["delete"]).click()
    await expect(sara.messages).to_have_text(["hello again", sara.words["deleted"]])
    await expect(ali.messages).to_have_text(["hello again", ali.words["deleted"]])
    await ali.check()
    await sara.check()


async def test_files_are_sent_and_saved(
    browser: Browser, served: PayamServer, tmp_path: Path
) -> None:
    """Files alone lend their names to the message; the other saves one, byte for byte."""
    ali, sara = await two(browser, served.url)
    report = tmp_path / "گزارش.bin"
    report.write_bytes(os.urandom(3_000_000))
    await ali.page.locator("input[type=file]").set_input_files([report, PICTURE])
    await ali.button("send").click()
    await expect(sara.page.get_by_role("button", name=PICTURE.name)).to_be_visible()
    async with sara.page.expect_download() as download:
        await sara.page.get_by_role("button", name=report.name).click()
    saved = await (await download.value).path()
    assert saved.read_bytes() == report.read_bytes()
    await expect(ali.page.get_by_role("progressbar")).to_have_count(0)
    await ali.check()
    await sara.check()


async def test_a_ticket_is_seen_by_both(browser: Browser, served: PayamServer) -> None:
    """Opened by one, closed by the other."""
    ali, sara = await two(browser, served.url)
    await ali.button("details").click()
    await ali.page.get_by_label(ali.words["subject"]).fill("printer")
    await ali.button("openTicket").click()
    for visitor in (ali, sara):
        await expect(visitor.page.locator("p.ticket")).to_contain_text(visitor.words["open"])
    await sara.button("details").click()
    await sara.button("closeTicket").click()
    for visitor in (ali, sara):
        await expect(visitor.page.locator("p.ticket")).to_be_hidden()


async def test_what_another_changed_of_a_ticket_stays(
    browser: Browser, served: PayamServer
) -> None:
    """While one has its window open, to change something else."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    opened = ali._send("POST", f"{ali.path}support_ticket/", {"subject": "printer"}).json()
    his = await ali.page(browser, "en")
    await his.list.click()
    await his.button("details").click()
    subject = his.page.get_by_label(his.words["subject"])
    await expect(subject).to_have_value("printer")
    ticket = f"/api/support_tickets/{opened['id']}/"
    sara._send("PATCH", ticket, {"priority": "urgent"})
    await subject.fill("scanner")
    await subject.press("Enter")
    await expect(his.page.locator("p.ticket")).to_contain_text("scanner")
    changed = ali._send("GET", ticket).json()
    assert (changed["subject"], changed["priority"]) == ("scanner", "urgent")


async def test_a_new_title_is_seen_by_both(browser: Browser, served: PayamServer) -> None:
    """In the heading and in the list of the other, as it happens."""
    ali, sara = await two(browser, served.url)
    await ali.button("details").click()
    await ali.page.get_by_label(ali.words["conversationName"]).fill("سفر شمال")
    await ali.button("rename").click()
    for visitor in (ali, sara):
        await expect(visitor.page.locator("h2").filter(has_text="سفر شمال")).to_be_visible()
    await sara.page.set_viewport_size({"width": 1180, "height": 760})
    await expect(sara.list.filter(has_text="سفر شمال")).to_be_visible()


async def test_only_a_conversation_that_may_grow_speaks_of_it(
    browser: Browser, served: PayamServer
) -> None:
    """Nobody is added to a direct conversation; that with a title is no such one."""
    owner = Sender(served.url, "ali")
    group = owner.begin(Sender(served.url, "sara"), title="trip")
    ali = await owner.page(browser, "en", viewport=DESKTOP["viewport"])
    sara = await Visitor.arrive(browser, served.url, "sara", "en")
    await sara.sign_up()
    await ali.begin(sara)
    dialog = ali.page.get_by_role("dialog")
    adding = dialog.get_by_role("heading", name="Add people")
    people = dialog.get_by_role("heading", name="Participants")
    await ali.button("details").click()
    await expect(people).to_be_visible()
    await expect(adding).to_be_hidden()
    await ali.page.keyboard.press("Escape")
    await ali.page.evaluate(f"location.hash = '#/{group}'")
    await expect(ali.page.locator("h2").filter(has_text="trip")).to_be_visible()
    await ali.button("details").click()
    await expect(adding).to_be_visible()
    await ali.check()


async def test_errors_are_said_in_the_pages_language(browser: Browser, served: PayamServer) -> None:
    """A wrong password, a name that is taken or malformed; and what is typed stays there."""
    ali = await Visitor.arrive(browser, served.url, "ali", "fa", **DARK_PHONE)
    await ali.page.get_by_label(ali.words["username"]).fill("no body")
    await ali.page.get_by_label(ali.words["password"]).fill(PASSWORD)
    await ali.button("logIn").click()
    await expect(ali.page.get_by_role("alert")).to_have_text("نام کاربری یا گذرواژه نادرست است.")
    await ali.button("signUp").click()
    username = ali.page.get_by_role("textbox", name=ali.words["username"])
    await expect(username).to_have_attribute("aria-invalid", "true")
    await expect(username).to_have_value("no body")
    await expect(username).to_be_focused()
    await ali.check()


async def test_logging_out_is_for_every_tab(browser: Browser, served: PayamServer) -> None:
    """And nothing of the tokens is left behind."""
    ali = await Visitor.arrive(browser, served.url, "ali", "en")
    await ali.sign_up()
    other = await ali.page.context.new_page()
    await other.goto(served.url)
    await expect(other.get_by_role("navigation")).to_be_visible()
    await ali.page.get_by_role("button", name="Settings").click()
    await ali.page.get_by_role("button", name="Log out").click()
    for page in (ali.page, other):
        await expect(page.get_by_role("button", name="Log in")).to_be_visible()
    # It may load once more, so this is asked in whatever document is there.
    await other.wait_for_function("() => localStorage.getItem('payam.tokens') === null")
