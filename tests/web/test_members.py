"""The people of a conversation on the page: roles, what members may do, invite links, profiles."""

import asyncio
import re
from typing import Any

from playwright.async_api import Browser, Locator, Route, expect

from tests.support.payam_server import PayamServer
from tests.web.sender import Sender
from tests.web.visitor import SMALL, Visitor

DESKTOP: dict[str, Any] = {"viewport": {"width": 1180, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}


async def details(visitor: Visitor) -> Locator:
    await visitor.button("details").click()
    dialog = visitor.page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    return dialog


async def choose(visitor: Visitor, person: Locator, word: str) -> None:
    """Something of the menu of a person."""
    await person.get_by_role("button", name=re.compile("^(Options of|گزینه‌های)")).click()
    await visitor.page.get_by_role("menuitem", name=word, exact=True).click()


async def test_the_owner_makes_admins_and_hands_over(browser: Browser, served: PayamServer) -> None:
    """Everybody sees the roles; who may do less is offered less."""
    ali, sara, omid = (Sender(served.url, name) for name in ("ali", "sara", "omid"))
    ali.begin(sara, omid, title="trip")
    omid.say("too much")
    his = await ali.page(browser, **DESKTOP)
    hers = await sara.page(browser, **PHONE)
    for page in (his, hers):
        await page.list.click()
    await hers.message("too much").wait_for()

    dialog = await details(his)
    people = dialog.get_by_role("listitem")
    await expect(people.filter(has_text=ali.name)).to_contain_text("owner")
    await his.check()
    her_window = await details(hers)
    row = her_window.get_by_role("listitem").filter(has_text=omid.name)
    await expect(row).to_be_visible()
    await expect(row.get_by_role("button", name=re.compile("^Options"))).to_be_hidden()
    await choose(his, people.filter(has_text=sara.name), "Make an admin")
    await expect(people.filter(has_text=sara.name)).to_contain_text("admin")
    await expect(row.get_by_role("button", name=re.compile("^Options"))).to_be_visible()

    async with his.page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await dialog.get_by_role("checkbox", name="Pin messages").uncheck()
    await his.page.keyboard.press("Escape")
    await hers.check()
    await choose(hers, row, "Remove from the conversation")
    question = hers.page.get_by_role("dialog").last
    await question.get_by_role("button", name="Remove from the conversation").click()
    await expect(row).to_have_count(0)
    (record,) = ali.conversations()
    assert [one["username"] for one in record["participants"]] == [ali.name, sara.name]
    assert record["members_may"] == ["add", "rename"]

    await hers.page.keyboard.press("Escape")
    await hers.hold(hers.message("too much"))
    await hers.page.get_by_role("menuitem", name="Delete").click()
    await hers.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(his.messages).to_have_text(["This message was deleted."])

    dialog = await details(his)
    await choose(his, people.filter(has_text=sara.name), "Make the owner")
    await his.page.get_by_role("dialog").last.get_by_role("button", name="Make the owner").click()
    await expect(people.filter(has_text=ali.name)).to_contain_text("admin")
    assert ali.conversations()[0]["role"] == "admin"


async def test_a_link_leads_into_the_conversation(browser: Browser, served: PayamServer) -> None:
    """For as many as it says, in whatever state who follows it is; then it is used up."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(title="سفر")
    his = await ali.page(browser, "fa", **PHONE)
    await his.list.click()
    dialog = await details(his)
    await dialog.get_by_label("بیشترین شمار افراد").fill("1")
    await dialog.get_by_role("button", name="ساختن پیوند").click()
    link = dialog.get_by_role("link")
    await expect(link).to_have_text(re.compile("#/join/"))
    await his.check()
    assert await his.page.evaluate(SMALL) == []
    address = await link.get_attribute("href")
    assert address is not None

    newcomer = await Visitor.arrive(browser, address, "omid", "en", **DESKTOP)
    await newcomer.sign_up()
    await expect(newcomer.page.get_by_role("dialog", name="Invitation")).to_contain_text(ali.name)
    await newcomer.check()
    await newcomer.page.get_by_role("button", name="Join").click()
    await expect(newcomer.page.get_by_role("heading", name="سفر")).to_be_visible()
    await newcomer.say("here I am")
    await expect(his.messages).to_have_text(["here I am"])

    hers = await sara.page(browser, **DESKTOP)
    await hers.page.goto(address)
    await expect(hers.page.get_by_role("alert")).to_contain_text("no place left")
    await expect(hers.page.get_by_role("button", name="Join")).to_be_hidden()
    # The browser tells of the end of a dialog a moment later: another link is followed by then.
    await hers.page.evaluate(
        "() => { document.querySelector('dialog').close(); location.hash = '#/join/mistyped'; }"
    )
    await expect(hers.page.get_by_role("alert")).to_contain_text("This invite link does not work")
    await hers.page.keyboard.press("Escape")
    await expect(hers.page).to_have_url(re.compile("#/$"))


async def test_a_profile_leads_to_a_conversation(browser: Browser, served: PayamServer) -> None:
    """Whose it is, whether they are there, blocking them, and writing to them."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    sara.call_oneself("سارا رضایی")
    ali.begin(sara, title="trip")
    his = await ali.page(browser, **DESKTOP)
    is_let_go = asyncio.Event()

    async def late(route: Route) -> None:
        await is_let_go.wait()
        await route.continue_()

    await his.page.route("**/api/users/me/blocks/", late)
    await his.list.click()
    dialog = await details(his)
    await dialog.get_by_role("button", name=re.compile(f"^(?!Options).*{sara.name}")).click()
    profile = his.page.get_by_role("dialog", name="Profile")
    await expect(profile).to_contain_text("سارا رضایی")
    await expect(profile).to_contain_text(f"@{sara.name}")
    # What it would do is not known yet.
    await expect(profile.get_by_role("button", name="Block")).to_be_disabled()
    is_let_go.set()
    await profile.get_by_role("button", name="Block").click()
    await profile.get_by_role("button", name="Unblock").click()
    await expect(profile.get_by_role("button", name="Block", exact=True)).to_be_visible()
    await his.check()
    await profile.get_by_role("button", name="Write a message").click()
    await expect(his.page.get_by_role("dialog")).to_have_count(0)
    # Until then the other conversation is still there to be written in.
    await expect(his.page.get_by_role("heading", name="سارا رضایی")).to_be_visible()
    await his.say("just for you")
    await expect(his.list.filter(has_text="just for you")).to_contain_text("سارا رضایی")
