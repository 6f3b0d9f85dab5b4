"""What the page is made of: its scripts, words, letters and pictures, and how much is sent."""

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.support.payam_server import PayamServer
from tests.web.sender import Sender
from tests.web.test_language import words
from tests.web.visitor import MILLISECONDS, Visitor

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
VALUE = re.compile(r"\{\w+\}")
IMPORTED = re.compile(r"""^(?:import|export) (?:[^;]*? from )?"(\.[^"]+)";""", re.MULTILINE)


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


async def test_only_what_was_asked_for_last_is_given(browser: Browser, served: PayamServer) -> None:
    """Whenever the others come; and what goes wrong counts of that one alone."""
    ask = """async () => {
        const { latest } = await import("/web/dom.js");
        const [last, other] = [latest(), latest()];
        const answers = [];
        const asked = () => new Promise((come, fail) => answers.push({ come, fail }));
        const given = [1, 2, 3].map(() => last(asked()));
        const apart = other(asked());
        answers[2].come("new");
        answers[1].fail(new Error("old"));
        answers[0].come("old");
        answers[3].come("apart");
        const failed = last(Promise.reject(new Error("new"))).catch(({ message }) => message);
        return [await Promise.all([...given.slice(0, 2), apart]), await failed];
    }"""
    page = await Visitor.arrive(browser, served.url, "ali", "en")
    assert await page.page.evaluate(ask) == [[None, None, "apart"], "new"]


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
