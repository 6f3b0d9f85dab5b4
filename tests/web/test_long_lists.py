"""A conversation of 100,000 messages, and a list of 5,000 conversations: a part is drawn."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender

MESSAGES = 100_000
CONVERSATIONS = 5_000
DRAWN_MOST = 220  # rows of messages: with the one of each day
LISTED_MOST = 150  # rows of the list
NODES_MOST = 9_000  # elements of the page, with both lists
MADE_MOST = 64  # rows of messages that a task makes: fifty, those of days, and a few again
LAYOUTS_MOST = 6  # for a step of scrolling
FAR = 700  # messages that are scrolled up, which is several times what is drawn
SOME = 100  # messages that are scrolled from an old one, around which fewer come at first
WHEEL = 700  # pixels of a turn of the wheel
SECONDS = 60  # keeps a test from hanging
STEP = 60_000_000  # microseconds between two messages
WATCHED = """(rows) => {
    window.madeRows = [];
    new MutationObserver((changes) => {
        const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
        if (added.length > 0) madeRows.push(added.length);
    }).observe(document.querySelector(rows), { childList: true });
    window.longTasks = [];
    new PerformanceObserver((list) => {
        longTasks.push(...list.getEntries().map((one) => Math.round(one.duration)));
    }).observe({ type: "longtask" });
}"""
"""An observer is called once for all that a task has changed."""
MORE_MESSAGES = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    INSERT INTO messages (conversation_id, sender_id, content, created_at, created_seq, seq)
    SELECT conversation_id, CASE WHEN i % 3 = 0 THEN ? ELSE sender_id END, 'message ' || i,
           created_at + i * ?, seq + i, seq + i
    FROM messages, n WHERE messages.id = ?
"""
LAST_MESSAGE = """
    UPDATE conversations SET (last_message_id, seq, active_at) =
        (SELECT max(id), max(seq), max(created_at) FROM messages
         WHERE conversation_id = :conversation)
    WHERE id = :conversation
"""
ALL_READ = """
    UPDATE participants SET last_read_id = (SELECT max(id) FROM messages)
    WHERE conversation_id = :conversation
"""
MORE_CONVERSATIONS = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    INSERT INTO conversations (title, created_by, created_at, active_at, participant_count)
    SELECT 'talk ' || i, :user, i * :step, i * :step, 1 FROM n
"""
PEOPLE = 250  # in one of these conversations, whose record has a hundred of them
MORE_PEOPLE = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    INSERT INTO users (username, username_key, created_at)
    SELECT 'member' || i, 'member' || i, i FROM n
"""
IN_CROWD = (
    """
    INSERT INTO participants (conversation_id, user_id)
    SELECT :conversation, id FROM users WHERE username LIKE 'member%'
    """,
    """
    UPDATE conversations SET participant_count = (
        SELECT count(*) FROM participants WHERE conversation_id = :conversation
    ) WHERE id = :conversation
    """,
)
IN_THEM = """
    INSERT INTO participants (conversation_id, user_id)
    SELECT id, ? FROM conversations WHERE id > ?
"""


class Long:
    """Ali, with the long list, and Sara, with the long conversation; both on one server."""

    def __init__(self, server: PayamServer) -> None:
        self.server = server
        self.ali, self.sara, omid = (Sender(server.url, name) for name in ("ali", "sara", "omid"))
        (self.crowd,) = self.ali.begin_alone("the newest")
        self.talk = self.sara.begin(omid)
        self.first = omid.say("message 0")[0]
        server.stop()
        (path,) = Path(server.settings["DATA_DIR"]).glob("*.sqlite3")
        with closing(sqlite3.connect(path)) as database, database:
            self._fill(database)
        server.start()

    def _fill(self, database: sqlite3.Connection) -> None:
        database.execute(MORE_MESSAGES, (MESSAGES - 1, self.sara.id, STEP, self.first))
        database.execute(LAST_MESSAGE, {"conversation": self.talk})
        database.execute(ALL_READ, {"conversation": self.talk})
        (begun,) = database.execute("SELECT max(id) FROM conversations").fetchone()
        of_ali = {"count": CONVERSATIONS - 1, "user": self.ali.id, "step": STEP}
        database.execute(MORE_CONVERSATIONS, of_ali)
        database.execute(IN_THEM, (self.ali.id, begun))
        database.execute(MORE_PEOPLE, {"count": PEOPLE - 1})
        for sql in IN_CROWD:
            database.execute(sql, {"conversation": self.crowd})


@pytest.fixture(scope="module")
def long() -> Iterator[Long]:
    with PayamServer({"RATE_LIMITS": "off"}) as server:
        yield Long(server)


class Tasks:
    """What the page does while one scrolls: no task may be long.

    How long one lasts says more about what else the machine does. So what makes it long is
    counted: rows that are made, and layouts.
    """

    def __init__(self, page: Page, rows: str) -> None:
        """`rows` selects the element whose children they are."""
        self._page = page
        self._rows = rows

    async def begin(self) -> None:
        self._tools = await self._page.context.new_cdp_session(self._page)
        await self._tools.send("Performance.enable")
        await self._page.evaluate(WATCHED, self._rows)
        self._before = await self._layouts()

    async def _layouts(self) -> float:
        metrics = (await self._tools.send("Performance.getMetrics"))["metrics"]
        return float(sum(one["value"] for one in metrics if one["name"] == "LayoutCount"))

    async def ended(self, steps: int) -> tuple[list[int], float]:
        """The rows that were made in each task that made some, and the layouts of a step."""
        layouts = (await self._layouts() - self._before) / steps
        made, long = await self._page.evaluate("[madeRows, longTasks]")
        print(f"{steps} steps: {layouts:.1f} layouts each, rows made {made}, long tasks {long} ms")
        return made, layouts


async def counts(page: Page) -> tuple[int, int, int]:
    """Rows of messages, rows of the list, and elements of the whole page."""
    return (
        await page.locator(".log li").count(),
        await page.get_by_role("navigation").get_by_role("listitem").count(),
        await page.locator("body *").count(),
    )


async def in_view(page: Page, rows: str) -> list[str]:
    """The texts of the rows of a list that are wholly in view."""
    texts: list[str] = await page.evaluate(
        """(selector) => {
            const rows = [...document.querySelectorAll(selector)];
            const box = (rows[0].closest(".log") ?? rows[0].parentElement).getBoundingClientRect();
            return rows.filter((row) => {
                const { top, bottom } = row.getBoundingClientRect();
                return top >= box.top && bottom <= box.bottom;
            }).map((row) => row.querySelector(".text, .name").textContent);
        }""",
        rows,
    )
    return texts


def numbers(texts: list[str]) -> list[int]:
    return [int(text.split()[1]) for text in texts]


async def scroll(page: Page, wheel: int, is_there: Callable[[list[int]], bool]) -> int:
    """By the wheel, without a gap and in order. Returns in how many steps."""
    await page.get_by_role("log").hover()
    end = time.monotonic() + SECONDS
    steps = 0
    seen: list[int] = []
    while not seen or not is_there(seen):
        assert time.monotonic() < end, seen
        await page.mouse.wheel(0, wheel)
        await page.wait_for_timeout(16)
        before, seen = seen, numbers(await in_view(page, ".log li.message"))
        assert seen == list(range(seen[0], seen[0] + len(seen)))
        if before:  # nothing was gone back over
            assert seen[0] <= before[-1] + 1 if wheel < 0 else seen[-1] >= before[0] - 1
        steps += 1
    return steps


async def at_rest(page: Page, rows: str) -> list[str]:
    """What is in view once the last turn of the wheel has had its effect."""
    end = time.monotonic() + SECONDS
    before: list[str] = []
    while before != (before := await in_view(page, rows)):
        assert time.monotonic() < end, before
        await page.wait_for_timeout(200)
    return before


async def test_a_conversation_of_100_000_messages(browser: Browser, long: Long) -> None:
    """Scrolled far up, gone back to the end, and entered in its middle: few rows are kept."""
    sara = await long.sara.page(browser, **DESKTOP)
    await sara.page.goto(f"{long.server.url}/#/{long.talk}")
    await expect(sara.message(f"message {MESSAGES - 1}")).to_be_in_viewport()
    tasks = Tasks(sara.page, ".log ol")
    await tasks.begin()
    steps = await scroll(sara.page, -WHEEL, lambda seen: seen[0] <= MESSAGES - FAR)
    made, layouts = await tasks.ended(steps)
    assert max(made) <= MADE_MOST
    assert sum(made) <= 2 * FAR  # what is drawn is not made again
    assert layouts <= LAYOUTS_MOST
    rows, _, nodes = await counts(sara.page)
    assert rows <= DRAWN_MOST
    assert nodes <= NODES_MOST

    # The place is kept while others write, and the newest is one click away.
    before_new = await at_rest(sara.page, ".log li.message")
    omid_says = "a new one"
    long.sara.say(omid_says)
    down = sara.page.get_by_role("button", name="To the newest")
    await expect(sara.list.filter(has_text=omid_says)).to_be_visible()
    assert await in_view(sara.page, ".log li.message") == before_new
    await down.click()
    await expect(sara.message(omid_says)).to_be_in_viewport()
    assert (await counts(sara.page))[0] <= DRAWN_MOST

    # To an old message by its address, on from there in both directions, and to the end.
    middle = await sara.page.evaluate("""async () => {
        const { access } = JSON.parse(localStorage.getItem("payam.tokens"));
        const headers = { Authorization: `Bearer ${access}` };
        const path = `/api/conversations/${location.hash.split("/")[1]}/messages/?limit=1&before=`;
        const [newest] = await (await fetch(path + 2 ** 40, { headers })).json();
        return newest.id - 50_000;
    }""")
    await sara.page.goto(f"{long.server.url}/#/{long.talk}/{middle}")
    target = sara.page.locator("li.message.target")
    await expect(target).to_be_in_viewport()
    await expect(target).to_have_attribute("aria-setsize", "-1")
    around = numbers(await in_view(sara.page, ".log li.message"))
    await scroll(sara.page, -WHEEL, lambda seen: seen[0] <= around[0] - SOME)
    await scroll(sara.page, WHEEL, lambda seen: seen[-1] >= around[-1] + SOME)
    await down.click()
    await expect(sara.message(omid_says)).to_be_in_viewport()
    assert (await counts(sara.page))[0] <= DRAWN_MOST
    await sara.page.keyboard.press("Control+f")  # the browser would find only what is drawn
    search = sara.page.get_by_role("searchbox", name="Search in this conversation")
    await expect(search).to_be_focused()
    await sara.check()


async def test_a_list_of_5_000_conversations(browser: Browser, long: Long) -> None:
    """Scrolled to its end, page by page, and back: few rows are kept, none is missing."""
    ali = await long.ali.page(browser, **DESKTOP)
    await expect(ali.list.first).to_contain_text("the newest")
    tasks = Tasks(ali.page, "nav ul.chats")
    await tasks.begin()
    rows = "nav li"
    box = ali.page.get_by_role("navigation").locator("ul:visible")
    steps = 0
    end = time.monotonic() + SECONDS
    while "talk 1" not in (seen_last := await in_view(ali.page, rows)):
        assert time.monotonic() < end, seen_last
        await box.evaluate("(list) => list.scrollBy(0, 12000)")
        await ali.page.wait_for_timeout(50)
        steps += 1
    made, layouts = await tasks.ended(steps)
    assert max(made) <= LISTED_MOST
    assert layouts <= LAYOUTS_MOST
    _, listed, nodes = await counts(ali.page)
    assert listed <= LISTED_MOST
    assert nodes <= NODES_MOST
    await expect(ali.list.last).to_have_attribute("aria-setsize", str(CONVERSATIONS))
    await expect(ali.list.last).to_have_attribute("aria-posinset", str(CONVERSATIONS))
    await ali.check()

    await box.evaluate("(list) => list.scrollTo(0, list.scrollHeight / 2)")
    await expect(ali.list.filter(has_text="talk 2500")).to_have_count(1)
    seen = numbers(await in_view(ali.page, rows))
    assert seen == list(range(seen[0], seen[0] - len(seen), -1))
    await ali.list.filter(has_text=f"talk {seen[0]}").get_by_role("link").click()
    await expect(ali.page.get_by_role("heading", name=f"talk {seen[0]}")).to_be_visible()
    assert set(seen) <= set(numbers(await in_view(ali.page, rows)))  # the list stays where it was
    await ali.list.filter(has_text=f"talk {seen[0]}").get_by_role("link").focus()
    for _ in range(30):
        await ali.page.keyboard.press("ArrowDown")
    await expect(
        ali.list.filter(has_text=f"talk {seen[0] - 30}").get_by_role("link")
    ).to_be_focused()


async def test_everybody_in_a_large_conversation_can_be_mentioned(
    browser: Browser, long: Long
) -> None:
    """Those too whom the record of the conversation leaves out."""
    ali = await long.ali.page(browser, **DESKTOP)
    await ali.page.goto(f"{long.server.url}/#/{long.crowd}")
    await ali.box.fill("@member24")
    options = ali.page.get_by_role("option")
    fitting = [re.compile(rf"member{number}\b") for number in (24, *range(240, 245))]
    await expect(options).to_have_text(fitting)
    await ali.box.press("Enter")
    await expect(ali.box).to_have_value("@member24 ")
