"""The page at a path of a site, behind the shipped nginx.conf."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.deploy.nginx_server import PREFIX, PrefixedServer
from tests.web.visitor import Visitor

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "phone-fa.png"


@pytest.fixture(scope="module", params=["setting", "header"])
def behind(request: pytest.FixtureRequest) -> Iterator[PrefixedServer]:
    with PrefixedServer(by_header=request.param == "header") as server:
        yield server


async def test_two_people_talk_on_the_page(browser: Browser, behind: PrefixedServer) -> None:
    """Live, with a picture, and over a reload; nothing is asked for outside of its path.

    The page's worker has that path, and nothing else of the site.
    """
    ali = await Visitor.arrive(browser, f"{behind.url}/", "ali", "en", service_workers="allow")
    sara = await Visitor.arrive(browser, f"{behind.url}/", "sara", "en")
    asked: list[str] = []
    for visitor in (ali, sara):
        visitor.page.on("request", lambda request: asked.append(request.url))
        visitor.page.on("websocket", lambda socket: asked.append(socket.url))
        await visitor.sign_up()
    await ali.begin(sara)
    await sara.enter(ali)
    await ali.say("hello")
    await expect(sara.messages).to_have_text(["hello"])
    await ali.page.set_input_files("input[type=file]", PICTURE)
    await ali.button("send").click()
    await expect(sara.page.locator("img.picture")).to_be_visible()
    await sara.page.reload()
    await expect(sara.messages.first).to_have_text("hello")
    scope = "async () => (await navigator.serviceWorker.ready).scope"
    assert await ali.page.evaluate(scope) == f"{behind.url}/"
    kept = await sara.page.evaluate("Object.keys(localStorage)")
    assert f"payam.tokens{PREFIX}/" in kept
    site = behind.url.removeprefix("http:")
    outside = [url for url in asked if not url.startswith("blob:") and f"{site}/" not in url]
    assert asked
    assert outside == []
    assert ali.complaints + sara.complaints == []
