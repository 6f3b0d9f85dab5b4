"""Addresses in messages are links, and nothing else is."""

from playwright.async_api import Browser, expect

from tests.support.payam_server import PayamServer
from tests.web.devices import DESKTOP
from tests.web.sender import Sender

LINKS = {  # what is shown as a link in each text, and where it leads where that differs
    "https://example.com": [("https://example.com", "https://example.com/")],
    "see http://example.com/a?b=c#d, then": [("http://example.com/a?b=c#d", "")],
    "(https://example.com/a_(b))": [("https://example.com/a_(b)", "")],
    "[https://example.com/x].": [("https://example.com/x", "")],
    "«https://example.com/x»؟": [("https://example.com/x", "")],
    "is it https://example.com/x?!": [("https://example.com/x", "")],
    "www.example.com/x.": [("www.example.com/x", "https://www.example.com/x")],
    "HTTPS://EXAMPLE.COM/X": [("HTTPS://EXAMPLE.COM/X", "https://example.com/X")],
    "ببین https://example.com/x، خوب است": [("https://example.com/x", "")],
    "ببینhttps://example.com/x؛": [("https://example.com/x", "")],
    "https://fa.wikipedia.org/wiki/ایران.": [
        (
            "https://fa.wikipedia.org/wiki/ایران",
            "https://fa.wikipedia.org/wiki/%D8%A7%DB%8C%D8%B1%D8%A7%D9%86",
        )
    ],
    "http://127.0.0.1:8000/ and https://[::1]/x": [
        ("http://127.0.0.1:8000/", ""),
        ("https://[::1]/x", ""),
    ],
    "a\nhttps://example.com/1\nhttps://example.com/2": [
        ("https://example.com/1", ""),
        ("https://example.com/2", ""),
    ],
    '"https://example.com/x" <https://example.com/y>': [
        ("https://example.com/x", ""),
        ("https://example.com/y", ""),
    ],
    "https://example.com/x\u202egpj.exe": [("https://example.com/x", "")],
}
PLAIN = (
    "javascript:alert(1)",
    "JavaScript://example.com/%0aalert(1)",
    "data:text/html,<b>x</b>",
    "ftp://example.com/x",
    "file:///etc/passwd",
    "https://",
    "www.",
    "www...",
    "https://bank.example@evil.example/x",
    "https://user:secret@example.com/",
    "somebody@www.example.com",
    "example.com",
    "xhttps://example.com",
    "<a href='https://'>x</a>",
    "http://exa mple",
)


async def test_addresses_are_links(browser: Browser, served: PayamServer) -> None:
    """Without the punctuation and the brackets around them, and in Persian too."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.say(*LINKS)
    page = await sara.page(browser, **DESKTOP)
    await page.list.click()
    await expect(page.messages).to_have_text([text.replace("\n", " ") for text in LINKS])
    for place, (text, links) in enumerate(LINKS.items()):
        found = page.messages.nth(place).locator("a")
        measure = "(all) => all.map((one) => [one.textContent, one.href])"
        shown = await found.evaluate_all(measure)
        assert shown == [[label, href or label] for label, href in links], text
    rel = await page.messages.locator("a").evaluate_all(
        "(all) => all.map((one) => `${one.target} ${one.rel}`)"
    )
    assert set(rel) == {"_blank noopener noreferrer"}
    isolated = await page.messages.locator("bdi > a").count()
    assert isolated == len(rel)
    await page.check()


async def test_what_is_no_address_is_no_link(browser: Browser, served: PayamServer) -> None:
    """No scheme but the web's, no host behind somebody's name, no markup."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.say(*PLAIN)
    page = await sara.page(browser, **DESKTOP)
    await page.list.click()
    await expect(page.messages).to_have_text(list(PLAIN))
    links = await page.messages.locator("a").evaluate_all("(all) => all.map((one) => one.href)")
    assert links == ["http://exa/"]


async def test_a_link_is_reached_by_the_keyboard(browser: Browser, served: PayamServer) -> None:
    """By Tab from its message, and opens a page of its own that does not know this one."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.say("before", f"{served.url}/docs")
    page = await sara.page(browser, **DESKTOP)
    await page.list.click()
    await expect(page.messages).to_have_count(2)
    keys = page.page.keyboard
    await page.page.get_by_role("log").focus()
    await keys.press("ArrowUp")
    await keys.press("Tab")
    await expect(page.messages.locator("a")).to_be_focused()
    async with page.page.context.expect_page() as opened:
        await keys.press("Enter")
    other = await opened.value
    await other.wait_for_load_state()
    assert await other.evaluate("window.opener") is None
    assert await other.evaluate("document.referrer") == ""
