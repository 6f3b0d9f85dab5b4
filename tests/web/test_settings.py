"""The settings on the page: the name that others see, one's data, and the end of an account."""

import zipfile

from playwright.async_api import Browser, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import PASSWORD


async def test_a_name_ones_data_and_the_end_of_an_account(
    browser: Browser, served: PayamServer
) -> None:
    """The name is where others look for people; with a wrong password nothing ends."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.say("mine")
    his = await ali.page(browser, **DESKTOP)
    settings = his.page.get_by_role("button", name="Settings")
    dialog = his.page.get_by_role("dialog").last
    await settings.click()
    await his.page.get_by_label("Name that others see").fill("علی رضایی")
    await his.check()
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await his.page.reload()
    await expect(his.page.get_by_role("navigation").locator("strong")).to_have_text("علی رضایی")

    hers = await sara.page(browser, "fa", **DESKTOP)
    await hers.button("new").click()
    await hers.page.get_by_label(hers.words["find"]).fill(ali.name)
    await expect(hers.page.get_by_role("checkbox")).to_have_count(1)
    await expect(hers.page.locator(".people li")).to_contain_text("علی رضایی")
    await hers.check()

    await settings.click()
    async with his.page.expect_download() as download:
        await his.page.get_by_role("button", name="Download my data").click()
    kept = zipfile.ZipFile(await (await download.value).path())
    assert b"mine" in kept.read("messages.json")

    await his.page.get_by_role("button", name="Change the password").click()
    await dialog.get_by_label("Password", exact=True).fill("not the password")
    await dialog.get_by_label("New password").fill("battery-staple")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_have_text("This password is wrong.")
    await his.check()
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Save").click()
    await expect(his.page.get_by_role("dialog")).to_have_count(1)  # the settings behind it

    await his.page.get_by_role("button", name="Delete my account").click()
    password = dialog.get_by_label("Password")
    await password.fill("not the password")
    await dialog.get_by_role("button", name="Delete my account").click()
    await expect(dialog.get_by_role("alert")).not_to_be_empty()
    await his.check()
    await password.fill("battery-staple")
    await dialog.get_by_role("button", name="Delete my account").click()
    await expect(his.button("logIn")).to_be_visible()
    assert his.complaints + hers.complaints == []
