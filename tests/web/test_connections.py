"""Two people talk on the page over networks that fail."""

import pytest
from playwright.async_api import Browser, expect

from tests.faults.proxy import FaultProxy
from tests.support.payam_server import PayamServer
from tests.web.two import shoot, two

TALK = {  # the first, two of hers, three of his
    "en": (
        "Shall we meet at the station?",
        "Yes! At nine?",
        "I have the tickets.",
        "The train is in a tunnel now",
        "Nine is fine. Platform 4",
        "I bring the tea",
    ),
    "fa": (
        "در ایستگاه همدیگر را ببینیم؟",
        "بله! ساعت نه؟",
        "بلیت‌ها پیش من است.",
        "قطار الان در تونل است",
        "ساعت نه خوب است. سکوی ۴",
        "چای با من",
    ),
}


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_nothing_is_lost_offline(
    browser: Browser, served: PayamServer, language: str
) -> None:
    """What both write meanwhile comes to both, once, in the order of the server."""
    ali, sara = await two(browser, served.url, language)
    first, *later = TALK[language]
    hers, his = later[:2], later[2:]
    await ali.say(first)
    await expect(sara.messages).to_have_count(1)
    await ali.page.context.set_offline(True)
    await expect(
        ali.page.get_by_role("status").filter(has_text=ali.words["offline"])
    ).to_be_visible()
    await ali.say(*his)
    await expect(ali.mark(his[-1], "queued")).to_be_visible()
    await shoot(ali, f"offline-{language}")
    await ali.check()
    await sara.say(*hers)
    await expect(sara.mark(hers[-1], "sent")).to_be_visible()
    await ali.page.context.set_offline(False)
    for visitor in (ali, sara):
        await expect(visitor.messages).to_have_text([first, *hers, *his])
    await expect(ali.page.get_by_role("img", name=ali.words["queued"])).to_have_count(0)


async def test_nothing_is_lost_when_connections_are_cut(
    browser: Browser, served: PayamServer
) -> None:
    """Again and again, while both write; a reload shows the same."""
    async with FaultProxy(served.port) as proxy:
        ali, sara = await two(browser, f"http://127.0.0.1:{proxy.port}")
        for number in range(10):
            await ali.say(f"ali {number}")
            proxy.cut()
            await sara.say(f"sara {number}")
        for visitor in (ali, sara):
            await expect(visitor.messages).to_have_count(20)
            await expect(visitor.page.locator(".pending")).to_have_count(0)
        shown = await ali.messages.all_text_contents()
        for name in ("ali", "sara"):
            own = [text for text in shown if text.startswith(name)]
            assert own == [f"{name} {number}" for number in range(10)]
        await expect(sara.messages).to_have_text(shown)
        await sara.page.reload()
        await expect(sara.messages).to_have_text(shown)


async def test_what_was_not_sent_outlives_the_page(browser: Browser, served: PayamServer) -> None:
    """Written while the server could not be reached, sent once after a reload."""
    async with FaultProxy(served.port) as proxy:
        ali, sara = await two(browser, f"http://127.0.0.1:{proxy.port}")
        await ali.say("before")
        await expect(sara.messages).to_have_count(1)
        await proxy.refuse()
        proxy.cut()
        await ali.say("not lost")
        await expect(ali.mark("not lost", "queued")).to_be_visible()
        await ali.until_kept("not lost")
        await proxy.accept()
        await ali.page.reload()
        for visitor in (ali, sara):
            await expect(visitor.messages).to_have_text(["before", "not lost"])
