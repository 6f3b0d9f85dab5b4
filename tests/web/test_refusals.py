"""What the page says where something is not there or not allowed, so that everybody can read it."""

from typing import Any

from playwright.async_api import Browser, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import SMALL, Visitor

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}


async def test_each_refusal_is_said_and_can_be_read(browser: Browser, served: PayamServer) -> None:
    """What is not there, no connection, a sign-in that ended, and a wrong password."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    talk = ali.begin(sara)
    ali.say("hello")
    his = await ali.page(browser, **DESKTOP)
    await his.page.goto(f"{served.url}/#/{2**40}")
    await his.noticed("This is not there any more.")
    await his.check()
    await his.page.goto(f"{served.url}/#/{talk}/{2**40}")
    await his.noticed("This message is not there any more.")
    await his.check()
    await his.page.goto(f"{served.url}/#/join/mistyped")
    await expect(his.page.get_by_role("alert")).to_contain_text("This invite link does not work")
    await his.check()
    await his.page.keyboard.press("Escape")
    await his.page.goto(f"{served.url}/#/{talk}")
    await expect(his.message("hello")).to_be_visible()

    await his.page.context.set_offline(True)
    await expect(his.page.get_by_text("Offline. What you write is sent")).to_be_visible()
    await his.check()
    await his.page.context.set_offline(False)
    await expect(his.page.get_by_text("Offline. What you write is sent")).to_be_hidden()

    ali.sign_out()
    alert = his.page.get_by_role("alert")
    await expect(alert).to_have_text("You were logged out. Log in again.")
    await his.check()
    await his.page.get_by_label("Username").fill(ali.name)
    await his.page.get_by_label("Password").fill("not my password")
    await his.button("logIn").click()
    await expect(alert).to_have_text("Wrong username or password.")
    await his.check()


async def test_where_nobody_signs_up_the_page_does_not_ask_to(browser: Browser) -> None:
    """One may still log in; a finger can meet everything."""
    with PayamServer({"SIGN_UP": "closed"}) as closed:
        one = await Visitor.arrive(browser, closed.url, "ali", "en", **PHONE)
        await expect(one.button("signUp")).to_be_hidden()
        await expect(one.button("logIn")).to_be_visible()
        await one.check()
        assert await one.page.evaluate(SMALL) == []
