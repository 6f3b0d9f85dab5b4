"""The page's list of conversations, where there are more than it loads at once."""

import asyncio

import pytest
from playwright.async_api import Browser, Route, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import Visitor

PAGE = 50
MANY = 120


@pytest.fixture
def crowded(served: PayamServer) -> tuple[Sender, list[int]]:
    """Somebody with many conversations, and their ids, the oldest first."""
    ali = Sender(served.url, "ali")
    return ali, ali.begin_alone(*(f"talk {number}" for number in range(MANY)))


async def to_the_end(visitor: Visitor) -> None:
    await visitor.list.last.scroll_into_view_if_needed()


async def test_older_conversations_come_as_one_scrolls(
    browser: Browser, served: PayamServer, crowded: tuple[Sender, list[int]]
) -> None:
    """Page by page, to the last one; and what begins later comes by itself."""
    ali, _ = crowded
    visitor = await ali.page(browser, **DESKTOP)
    asked: list[str] = []
    await expect(visitor.list).to_have_count(PAGE)
    await expect(visitor.list.first).to_contain_text(f"talk {MANY - 1}")
    visitor.page.on("request", lambda request: asked.append(request.url))
    for count in (2 * PAGE, MANY):
        await to_the_end(visitor)
        await expect(visitor.list).to_have_count(count)
    await to_the_end(visitor)
    await expect(visitor.list.last).to_contain_text("talk 0")
    before = asked.copy()
    asked.clear()
    ali.begin(title="the newest")
    await expect(visitor.list.first).to_contain_text("the newest")
    await expect(visitor.list).to_have_count(MANY + 1)
    assert [url for url in asked if "/api/" in url] == []  # the socket brings it
    assert any(url.endswith("/api/conversations/?limit=150") for url in before)
    assert not any(url.endswith("/api/conversations/") for url in before)
    await visitor.check()


async def test_an_old_conversation_opens_by_its_address(
    browser: Browser, served: PayamServer, crowded: tuple[Sender, list[int]]
) -> None:
    """It need not be among those that are loaded, and is not taken for one that was left."""
    ali, ids = crowded
    visitor = await ali.page(browser, **DESKTOP)
    await expect(visitor.list).to_have_count(PAGE)
    await visitor.page.goto(f"{served.url}/#/{ids[0]}")
    await expect(visitor.page.get_by_role("heading", name="talk 0")).to_be_visible()
    await visitor.say("still here")
    await expect(visitor.list.first).to_contain_text("talk 0")
    begun = ali.begin(title="the newest")
    await expect(visitor.list.first).to_contain_text("the newest")
    await visitor.page.goto(f"{served.url}/#/{begun}")
    await expect(visitor.page.get_by_role("heading", name="the newest")).to_be_visible()


async def test_what_one_was_removed_from_goes(
    browser: Browser, served: PayamServer, crowded: tuple[Sender, list[int]]
) -> None:
    """From among those that are loaded; the others stay, those behind them too."""
    ali, ids = crowded
    visitor = await ali.page(browser, **DESKTOP)
    await to_the_end(visitor)
    await expect(visitor.list).to_have_count(2 * PAGE)
    ali.leave(ids[-60])
    await expect(visitor.list.filter(has_text=f"talk {MANY - 60}")).to_have_count(0)
    await expect(visitor.list).to_have_count(2 * PAGE - 1)


async def test_an_old_one_that_is_pinned_is_on_top(
    browser: Browser, served: PayamServer, crowded: tuple[Sender, list[int]]
) -> None:
    """Though it is older than what the page loads."""
    ali, ids = crowded
    ali.pin(ids[3])
    visitor = await ali.page(browser, **DESKTOP)
    await expect(visitor.list.first).to_contain_text("talk 3")
    await expect(visitor.list.nth(1)).to_contain_text(f"talk {MANY - 1}")


async def test_a_conversation_is_begun_once(browser: Browser, served: PayamServer) -> None:
    """Though each button is pressed twice."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    visitor = await ali.page(browser, **DESKTOP)
    begun: list[str] = []
    is_loaded, is_let_go = asyncio.Event(), asyncio.Event()

    async def load_late(route: Route) -> None:
        await is_loaded.wait()
        await route.continue_()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            begun.append(route.request.url)
            await is_let_go.wait()
        await route.continue_()

    await visitor.page.route("**/web/panels.html", load_late)
    await visitor.page.route("**/api/conversations/", hold)
    await visitor.button("new").dblclick()
    is_loaded.set()
    await visitor.page.get_by_label(visitor.words["find"]).fill(sara.name)
    await visitor.page.get_by_role("checkbox").check()
    await visitor.button("begin").dblclick()
    is_let_go.set()
    await expect(visitor.box).to_be_visible()
    assert len(begun) == 1


async def test_the_list_is_narrowed(browser: Browser, served: PayamServer) -> None:
    """To what is unread, to people or to groups, however old they are."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    sara.say("are you there?")
    ali.begin_alone(*(f"talk {number}" for number in range(PAGE + 10)))
    visitor = await ali.page(browser, **DESKTOP)
    await expect(visitor.list).to_have_count(PAGE)
    filters = visitor.page.get_by_role("group", name="Filter")
    for name in ("Unread", "People"):
        await filters.get_by_role("button", name=name, exact=True).click()
        await expect(visitor.list).to_have_count(1)
        await expect(visitor.list).to_contain_text(sara.name)
    await visitor.check()
    await filters.get_by_role("button", name="Groups", exact=True).click()
    await expect(visitor.list.first).to_contain_text(f"talk {PAGE + 9}")
    await expect(visitor.list.filter(has_text=sara.name)).to_have_count(0)
    await filters.get_by_role("button", name="All", exact=True).click()
    await expect(visitor.list.first).to_contain_text(f"talk {PAGE + 9}")
