"""Two people talk on the page, in both its languages, over networks that fail."""

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.faults.proxy import FaultProxy
from tests.support.payam_server import PayamServer
from tests.web.sender import Sender
from tests.web.test_language import words
from tests.web.visitor import MILLISECONDS, PASSWORD, Visitor

DESKTOP: dict[str, Any] = {"viewport": {"width": 1180, "height": 760}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "has_touch": True,
    "color_scheme": "dark",
}
SCRIPT_MOST = 145_000  # bytes without comments, with the words of one language
SENT_MOST = 51_000  # bytes of the same, as they are sent
SCREEN_MOST = 60_000  # bytes of the first screen, as it is sent: with the page and its style
FONT_MOST = 24_000  # bytes of the letters of Persian, which are kept once they are there
FONT = "vazirmatn-33.woff2"
VIEW = "conversation-view.js"
KEEPERS = ("client/shelf.js", "client/seen-files.js")
"""Keep what is read and seen, from the first conversation that opens."""
VIEW_MOST = 19_000  # bytes of what an open conversation loads besides, as they are sent
COMMENT = re.compile(rb"^\s*(?:/\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
WEB = Path(__file__).parents[2] / "web"
PICTURE = WEB / "icon.svg"
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
VALUE = re.compile(r"\{\w+\}")
IMPORTED = re.compile(r"""^(?:import|export) (?:[^;]*? from )?"(\.[^"]+)";""", re.MULTILINE)


async def shoot(visitor: Visitor, name: str) -> None:
    """A picture for the documentation, where PAYAM_SCREENSHOTS names a folder for it."""
    if folder := os.environ.get("PAYAM_SCREENSHOTS"):
        await visitor.page.screenshot(path=Path(folder) / f"{name}.png")


async def two(
    browser: Browser, url: str, language: str = "en", other: str | None = None
) -> tuple[Visitor, Visitor]:
    """Ali at a desk and Sara with a phone, in a conversation that Ali began."""
    ali = await Visitor.arrive(browser, url, "ali", language, **DESKTOP)
    sara = await Visitor.arrive(browser, url, "سارا", other or language, **PHONE)
    for visitor in (ali, sara):
        await visitor.sign_up()
    await ali.begin(sara)
    await sara.enter(ali)
    return ali, sara


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_every_screen_is_accessible(
    browser: Browser, served: PayamServer, language: str
) -> None:
    """Axe finds nothing, light and dark, on a desk and on a phone."""
    ali = await Visitor.arrive(browser, served.url, "ali", language, **DESKTOP)
    sara = await Visitor.arrive(browser, served.url, "سارا", language, **PHONE)
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


async def test_errors_are_said_in_the_pages_language(browser: Browser, served: PayamServer) -> None:
    """A wrong password, a name that is taken or malformed; and what is typed stays there."""
    ali = await Visitor.arrive(browser, served.url, "ali", "fa", **PHONE)
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


def scripts_of(name: str) -> set[str]:
    """A script and what it imports, but for what is loaded when it is wanted."""
    found: set[Path] = set()
    waiting = [WEB / name]
    while waiting:
        script = waiting.pop()
        if script not in found:
            found.add(script)
            names = IMPORTED.findall(script.read_text())
            waiting += [(script.parent / name).resolve() for name in names]
    return {path.relative_to(WEB).as_posix() for path in found}


def sent_of(parts: list[httpx.Response]) -> int:
    return sum(int(part.headers["content-length"]) for part in parts)


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_letters_come_after_the_first_screen(
    browser: Browser, served: PayamServer, language: str
) -> None:
    """Once the page has nothing else to do. Both languages are shown with them."""
    context = await browser.new_context(locale=language)
    context.set_default_timeout(MILLISECONDS)
    page = await context.new_page()
    await page.add_init_script("requestIdleCallback = (run) => { idle = run; }")
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    await page.goto(served.url, wait_until="networkidle")
    await expect(page.get_by_role("button").first).to_be_visible()
    assert "sign-in.js" in asked
    assert FONT not in asked
    async with page.expect_request(f"**/{FONT}"):
        await page.evaluate("idle()")
    await context.close()


async def test_it_can_be_installed(whole_browser: Browser, served: PayamServer) -> None:
    """The browser finds nothing missing, but that this window keeps nothing."""
    ali = await Sender(served.url, "ali").page(whole_browser, "en", service_workers="allow")
    tools = await ali.page.context.new_cdp_session(ali.page)
    found = await tools.send("Page.getAppManifest")
    assert (found["errors"], found["url"]) == ([], f"{served.url}/web/manifest.json")
    errors = (await tools.send("Page.getInstallabilityErrors"))["installabilityErrors"]
    assert {error["errorId"] for error in errors} <= {"in-incognito"}
    manifest = json.loads(found["data"])
    pictures = [f"{served.url}/web/{icon['src']}" for icon in manifest["icons"]]
    measure = """async (url) => {
        const image = Object.assign(new Image(), { src: url });
        await image.decode();
        return `${image.naturalWidth}x${image.naturalHeight}`;
    }"""
    sizes = [await ali.page.evaluate(measure, picture) for picture in pictures[1:]]
    assert sizes == [icon["sizes"] for icon in manifest["icons"][1:]]


async def test_what_is_seldom_used_is_loaded_when_it_is_wanted(
    browser: Browser, served: PayamServer
) -> None:
    """Before that, the first screen and an open conversation: the budget counts the right ones."""
    ali = Sender(served.url, "ali")
    ali.begin(Sender(served.url, "sara"))
    his = await ali.page(browser, "en")
    await his.list.click()
    await expect(his.box).to_be_visible()
    loaded = "performance.getEntriesByType('resource').map((one) => one.name)"
    # What keeps the messages comes after the box, and nobody waits for it: one imports the other.
    for name in KEEPERS:
        await his.page.wait_for_function(
            f"() => {loaded}.some((one) => one.endsWith('/web/{name}'))"
        )
    names = {url.removeprefix(f"{served.url}/web/") for url in await his.page.evaluate(loaded)}
    scripts = {name for name in names if name.endswith(".js")}
    # That one comes when nothing else does.
    assert scripts - {"notifications.js"} == scripts_of("app.js") | scripts_of(VIEW) | set(KEEPERS)
    await his.button("new").click()
    await expect(his.page.get_by_role("dialog")).to_be_visible()
    await his.page.wait_for_function(f"() => {loaded}.includes('{served.url}/web/dialogs.js')")


def test_the_page_is_small_and_strict(served: PayamServer) -> None:
    """Few bytes of script, a policy without exceptions, an answer of none to who has it all."""
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        page = http.get("/")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        tag = page.headers["etag"]
        assert http.get("/", headers={"If-None-Match": tag}).status_code == 304
        assert http.head("/").headers["etag"] == tag
        scripts = [path.relative_to(WEB).as_posix() for path in WEB.rglob("*.js")]
        for said in ("words.en.json", "words.fa.json"):
            parts = [http.get(f"/web/{name}") for name in (*scripts, said)]
            for name, part in zip((*scripts, said), parts, strict=True):
                assert part.content == COMMENT.sub(b"", (WEB / name).read_bytes())
            types = {part.headers["content-type"] for part in parts}
            assert types == {"text/javascript; charset=utf-8", "application/json"}
            first = [http.get(f"/web/{name}") for name in (*scripts_of("app.js"), said)]
            assert sent_of(first) < SENT_MOST
            assert sum(len(part.content) for part in first) < SCRIPT_MOST
            assert sent_of([page, http.get("/web/style.css"), *first]) < SCREEN_MOST
            view = [http.get(f"/web/{name}") for name in scripts_of(VIEW) - scripts_of("app.js")]
            view += [http.get(f"/web/{name}") for name in KEEPERS]
            assert sent_of(view) < VIEW_MOST
        font = http.get(f"/web/{FONT}")
        assert font.headers["content-type"] == "font/woff2"
        assert "immutable" in font.headers["cache-control"]
        assert len(font.content) < FONT_MOST
        assert "SIL OPEN FONT LICENSE" in http.get("/web/vazirmatn-OFL.txt").text
        plain = http.get("/web/app.js", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == http.get("/web/app.js").content
        for name in ("nothing.js", "..%2Fserver.py", "%2e%2e/server.py"):
            assert http.get(f"/web/{name}").status_code == 404


def test_the_languages_say_the_same_things() -> None:
    """Each word in both, and with the same values in it."""
    english, persian = (words(name, "words", "panels") for name in ("en", "fa"))
    assert list(english) == list(persian)
    for name, text in english.items():
        assert VALUE.findall(text) == VALUE.findall(persian[name]), name


def test_the_page_can_be_turned_off() -> None:
    """WEB_CLIENT=false leaves the API alone."""
    with PayamServer({"WEB_CLIENT": "false"}) as server:
        assert httpx.get(server.url, trust_env=False).status_code == 404
        assert httpx.get(f"{server.url}/web/app.js", trust_env=False).status_code == 404
        assert httpx.get(f"{server.url}/health/live", trust_env=False).status_code == 200


async def test_who_is_found_again_keeps_the_focus(browser: Browser, served: PayamServer) -> None:
    """An answer that comes while one goes through those who were found, to a name written on."""
    sara = Sender(served.url, "sara")
    ali = await Sender(served.url, "ali").page(browser)
    await ali.button("new").click()
    find = ali.page.get_by_label(ali.words["find"])
    await find.fill(sara.name[:-1])
    person = ali.page.get_by_role("checkbox")
    await person.focus()
    write = """(input, name) => {
        input.value = name;
        input.dispatchEvent(new Event("input"));
    }"""
    async with ali.page.expect_request_finished(lambda one: f"={sara.name}&" in one.url):
        await find.evaluate(write, sara.name)
    await ali.page.keyboard.press("Space")
    await expect(person).to_be_checked()
    await expect(ali.button("begin")).to_be_enabled()


async def test_the_keyboard_is_enough(browser: Browser, served: PayamServer) -> None:
    """From signing up to deleting a message, without a pointer."""
    ali = await Visitor.arrive(browser, served.url, "ali", "en", **DESKTOP)
    sara = await Visitor.arrive(browser, served.url, "sara", "en", **DESKTOP)
    await sara.sign_up()
    keys = ali.page.keyboard
    await expect(ali.page.get_by_label(ali.words["username"])).to_be_focused()
    await keys.type(ali.name)
    for key in ("Tab", PASSWORD, "Tab", "Tab", "Enter"):
        await (keys.press(key) if key != PASSWORD else keys.type(key))
    await expect(ali.page.get_by_role("navigation")).to_be_visible()
    await keys.press("Tab")
    await expect(ali.button("new")).to_be_focused()
    await keys.press("Enter")
    await expect(ali.page.get_by_label(ali.words["find"])).to_be_focused()
    await keys.type(sara.name)
    await expect(ali.page.get_by_role("checkbox")).to_be_visible()
    await keys.press("Tab")
    await keys.press("Space")
    await keys.press("Tab")
    await expect(ali.button("begin")).to_be_focused()
    await keys.press("Enter")
    await expect(ali.box).to_be_focused()
    await keys.type("one")
    await keys.press("Shift+Enter")
    await keys.type("line")
    await keys.press("Enter")
    await expect(ali.messages).to_have_text(["one\nline"], use_inner_text=True)
    await keys.type("two")
    await keys.press("Enter")
    await expect(ali.mark("two", "sent")).to_be_visible()
    await keys.press("ArrowUp")
    await expect(ali.box).to_have_value("two")
    await keys.press("End")
    await keys.type(", changed")
    await keys.press("Enter")
    await expect(ali.message("two, changed")).to_contain_text(ali.words["edited"])
    await ali.page.get_by_role("log").focus()
    await keys.press("ArrowUp")
    await expect(ali.message("two, changed")).to_be_focused()
    await keys.press("ArrowUp")
    await keys.press("Enter")
    await expect(ali.page.get_by_role("menuitem", name="Reply")).to_be_focused()
    await keys.press("End")
    await keys.press("Enter")
    await expect(ali.page.get_by_role("dialog")).to_be_visible()
    await keys.press("Tab")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(ali.messages).to_have_text([ali.words["deleted"], "two, changed"])
