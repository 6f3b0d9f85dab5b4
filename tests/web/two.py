"""Two people on the page: one at a desk, the other with a phone."""

import os
from pathlib import Path

from playwright.async_api import Browser

from tests.web.devices import DARK_PHONE, DESKTOP
from tests.web.visitor import Visitor


async def shoot(visitor: Visitor, name: str) -> None:
    """A picture for the documentation, where PAYAM_SCREENSHOTS names a folder for it."""
    if folder := os.environ.get("PAYAM_SCREENSHOTS"):
        await visitor.page.screenshot(path=Path(folder) / f"{name}.png")


async def two(
    browser: Browser, url: str, language: str = "en", other: str | None = None
) -> tuple[Visitor, Visitor]:
    """Ali at a desk and Sara with a phone, in a conversation that Ali began."""
    ali = await Visitor.arrive(browser, url, "ali", language, **DESKTOP)
    sara = await Visitor.arrive(browser, url, "سارا", other or language, **DARK_PHONE)
    for visitor in (ali, sara):
        await visitor.sign_up()
    await ali.begin(sara)
    await sara.enter(ali)
    return ali, sara
