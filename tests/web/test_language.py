"""The page speaks one language, whatever the server says: errors, fields, days."""

import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from chat import errors
from chat.services import checks
from tests.support.error_codes import server_codes
from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.sentences import sentences
from tests.web.devices import DESKTOP
from tests.web.sender import Sender
from tests.web.visitor import PASSWORD, Visitor

ENGLISH = re.compile(r"[A-Za-z]{2,}")


def words(language: str, *files: str) -> dict[str, str]:
    """Of the first screen, or of those files."""
    found: dict[str, str] = {}
    for name in files or ("words",):
        found |= json.loads((CHECKOUT / f"web/{name}.{language}.json").read_text())
    return found


def codes() -> frozenset[str]:
    """Every code that the server can send, and those of the client library."""
    client = "".join(path.read_text() for path in (CHECKOUT / "web/client").glob("*.js"))
    (final,) = re.findall(r"const FINAL = \{(.*?)\}", client, re.DOTALL)
    of_client = set(re.findall(r': "(\w+)"', final)) | set(re.findall(r'code: "(\w+)"', client))
    return server_codes() | of_client


@pytest.mark.parametrize("language", ["en", "fa"])
def test_every_code_has_words(language: str) -> None:
    """In both languages: a new code without them fails here."""
    assert {"not_found", "username_taken", "rate_limited", "offline"} <= codes()
    assert codes() - words(language).keys() == set()


def test_persian_words_are_persian() -> None:
    """But for the name of the other language, which is in that language."""
    for name, text in words("fa", "words", "panels", "desk").items():
        plain = re.sub(r"\{\w+\}", "", text)
        assert name == "otherLanguage" or not ENGLISH.search(plain), name


def test_what_the_page_says_has_words() -> None:
    """Each word that a script or a template names. The widget has its own words."""
    paths = [path for kind in ("js", "html") for path in (CHECKOUT / "web").glob(f"*.{kind}")]
    sources = [path.read_text() for path in paths if not path.name.startswith("widget")]
    said = set(
        re.findall(r'\b(?:say|said|sayApart)\("(\w+)"|data-(?:say|label)="(\w+)"', "".join(sources))
    )
    named = {name for pair in said for name in pair if name}
    assert {"logIn", "newConversation", "agentNamed"} <= named
    assert named - words("en", "words", "panels", "desk").keys() == set()


def test_what_is_said_before_any_panel_is_loaded_has_words() -> None:
    """By the first screen, and by what is loaded behind it, such as notifications."""
    waiting = ["app", "conversation-view", "notifications", "chime", "sentences"]
    sources: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        if name not in sources:
            sources[name] = (CHECKOUT / f"web/{name}.js").read_text()
            waiting += re.findall(r'\bfrom "\./([\w-]+)\.js"', sources[name])
    said = set(re.findall(r'\b(?:say|said|sayApart)\("(\w+)"', "".join(sources.values())))
    assert {"saidBy", "youSaid"} <= said
    assert said - words("en").keys() == set()


def test_an_agent_has_one_name() -> None:
    """That of the glossary, on the page and in the chat. The desk itself has another word."""
    named = [
        path for kind in ("fa.json", "-words.js") for path in (CHECKOUT / "web").glob(f"*{kind}")
    ]
    assert len(named) == 5
    for path in named:
        assert not re.search("پشتیبان(?!ی)", path.read_text()), path.name


OTHERS = {  # a name and a text, which the page in this language has from people who write the other
    "en": ("سارا رضایی", "لباس گرم همراه خود بیاورید، چون آن بالا تا برآمدن آفتاب هوا سرد است"),
    "fa": ("Sara Karimi", "Bring warm clothes with you, it is cold up there until the sun is high"),
}
LETTERS = """(node, words) => {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const range = new Range();
  const found = words.map(() => null);
  while (walker.nextNode()) {
    const { data } = walker.currentNode;
    words.forEach((word, place) => {
      const at = found[place] ? -1 : data.indexOf(word);
      if (at < 0) return;
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + 1);
      const { left, right } = range.getBoundingClientRect();
      found[place] = [left, right];
    });
  }
  const { left, right } = node.getBoundingClientRect();
  return [...found, [left, right]];
}"""
"""Where the first letter of each word stands, and then the whole: its left and its right."""


async def begins_in_view(place: Locator, text: str) -> None:
    """The text is longer than its place, which shows how it begins."""
    letter, box = await place.evaluate(LETTERS, [text])
    assert box[0] - 1 <= letter[0] < letter[1] <= box[1] + 1, (letter, box)
    assert await place.evaluate("(node) => node.scrollWidth > node.clientWidth")


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_the_other_languages_texts_keep_their_order(
    browser: Browser, served: PayamServer, language: str
) -> None:
    """A text that is too long is cut at its own end, and a name stands before its username."""
    name, text = OTHERS[language]
    ali, sara, omid = (Sender(served.url, who) for who in ("ali", "sara", "omid"))
    sara.call_oneself(name)
    ali.begin(sara, omid, title=text)
    ali.say(text)
    his = await ali.page(browser, language, viewport={"width": 390, "height": 780})
    said = his.list.locator(".preview bdi")
    await expect(said).to_have_text(text)
    await begins_in_view(said, text)
    await begins_in_view(his.list.locator(".name"), text)
    await his.list.click()
    await begins_in_view(his.page.locator("section h2 bdi"), text)
    await expect(his.page.locator(".about bdi")).to_have_text([name, omid.name])
    await his.act(text, "reply")
    await begins_in_view(his.page.locator(".editing bdi").last, text)
    await his.page.keyboard.press("Escape")
    await his.button("details").click()
    row = his.page.locator(".person bdi").filter(has_text=name)
    shown, username, _ = await row.evaluate(LETTERS, [name, sara.name])
    assert (shown[0] < username[0]) == (language == "fa"), "in the direction of the name"
    await his.check()


async def persian(box: Locator) -> str:
    """The text, once there is one; it has no English in it."""
    await expect(box).not_to_be_empty()
    text = (await box.text_content()) or ""
    assert not ENGLISH.search(text), text
    return text


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("a b", PASSWORD, "username"),
        ("n" * 151, PASSWORD, "username"),
        ("name", "short", "password"),
        ("name", "p" * 1025, "password"),
        ("\u0301", PASSWORD, "username"),
    ],
)
async def test_what_is_wrong_with_a_field_is_said_beside_it(
    browser: Browser, served: PayamServer, username: str, password: str, field: str
) -> None:
    """In Persian, with the limit in Persian digits."""
    ali = await Visitor.arrive(browser, served.url, "ali", "fa", **DESKTOP)
    await ali.page.get_by_label(ali.words["username"]).fill(username)
    await ali.page.get_by_label(ali.words["password"]).fill(password)
    await ali.button("signUp").click()
    text = await persian(ali.page.locator(f"#{field}-hint"))
    assert not re.search(r"[0-9]", text)
    assert text != words("fa")["notAccepted"]


async def test_what_is_wrong_with_a_dialogs_field_names_it(
    browser: Browser, served: PayamServer
) -> None:
    """By the name that the page gives the field, in either language."""
    ali = Sender(served.url, "ali")
    ali.begin(Sender(served.url, "sara"))
    for language, label in (("fa", "نام گفت‌وگو"), ("en", "Name of the conversation")):
        page = await ali.page(browser, language, **DESKTOP)
        await page.list.click()
        await page.button("details").click()
        title = page.page.locator("dialog input[name=title]").first
        await title.evaluate("(field) => field.removeAttribute('maxlength')")
        await title.fill("x" * 201)
        await title.press("Enter")
        problem = page.page.locator("dialog .problem").first
        await expect(problem).to_contain_text(label)
        await expect(problem).to_contain_text("200" if language == "en" else "۲۰۰")
        if language == "fa":
            await persian(problem)


async def test_a_sentence_that_nobody_foresaw_stays_out_of_the_persian_page(
    browser: Browser, served: PayamServer
) -> None:
    """An unknown code, or an unknown sentence about a field; English shows the server's own."""
    explain = """async (error) => (await import("/web/explain.js")).explain(error)"""
    code = {"code": "from_the_future", "message": "Something odd.", "errors": {}}
    field = {"code": "invalid", "message": "x", "errors": {"title": ["Something odd."]}}
    fa = await Visitor.arrive(browser, served.url, "ali", "fa")
    en = await Visitor.arrive(browser, served.url, "ali", "en")
    for error in (code, field):
        assert not ENGLISH.search(await fa.page.evaluate(explain, error))
        assert "Something odd." in await en.page.evaluate(explain, error)


async def test_the_rules_for_text_have_words(browser: Browser, served: PayamServer) -> None:
    """Each sentence of the server's rules is known to the page by what it says."""
    wrong: list[tuple[Any, ...]] = [
        (checks.text, "title", "x" * 9, 3),
        (checks.text, "title", " ", 3),
        (checks.text, "title", "\0", 3),
        (checks.text, "title", "\ud800", 3),
    ]
    sentences = []
    for check, field, value, most in wrong:
        with pytest.raises(errors.InvalidInput) as caught:
            check(field, value, most=most)
        sentences += caught.value.fields[field]
    fa = await Visitor.arrive(browser, served.url, "ali", "fa")
    explain = """async (texts) => {
        const { explainField } = await import("/web/explain.js");
        return texts.map((text) => explainField([text]));
    }"""
    said = await fa.page.evaluate(explain, sentences)
    for text in said:
        assert not ENGLISH.search(text)
        assert text != words("fa")["notAccepted"]


async def test_every_sentence_about_a_field_is_persian(
    browser: Browser, served: PayamServer
) -> None:
    """All that the server's source has: a new one without Persian words fails here."""
    all_ = sorted(sentences())
    assert len(all_) > 100
    fa = await Visitor.arrive(browser, served.url, "ali", "fa")
    explain = """async (texts) => {
        const { explainField } = await import("/web/explain.js");
        await (await import("/web/strings.js")).learn("panels");
        await (await import("/web/sentences.js")).learnSentences();
        return texts.map((text) => explainField([text]));
    }"""
    said = dict(zip(all_, await fa.page.evaluate(explain, all_), strict=True))
    unknown = [text for text, shown in said.items() if shown == words("fa")["notAccepted"]]
    assert unknown == []
    # What stands between isolates is a value of the sentence, such as a name of the interface.
    plain = {text: re.sub("\u2068.*?\u2069", "", shown) for text, shown in said.items()}
    assert {text for text, shown in plain.items() if ENGLISH.search(shown)} == set()
    assert len(set(said.values())) > 80, "each says what is wrong"
    limits = [text for text in all_ if text.startswith("At most")]
    assert all("۷" in said[text] for text in limits), limits


async def test_the_page_learns_the_servers_sentences(browser: Browser, served: PayamServer) -> None:
    """By itself, in Persian; nobody waits for them."""
    page = await Sender(served.url, "ali").page(browser, "fa", **DESKTOP)
    has_learnt = """async (other) => {
        const { explainField } = await import("/web/explain.js");
        return explainField(["Must be in UTF-8."]) !== other;
    }"""
    await page.page.wait_for_function(has_learnt, arg=words("fa")["notAccepted"])


async def test_a_guest_without_a_name_is_called_one(browser: Browser, served: PayamServer) -> None:
    """In the page's language. Who has a name is called by it."""
    names = """async () => {
        const { shownName } = await import("/web/avatar.js");
        const guest = { username: "guest-0a1b2c3d4e5f" };
        const named = { ...guest, display_name: "Ali" };
        return [guest, named, { username: "guest-book" }].map(shownName);
    }"""
    page = await Visitor.arrive(browser, served.url, "ali", "fa")
    assert await page.page.evaluate(names) == ["مهمان \u20680a1b\u2069", "Ali", "guest-book"]


@pytest.mark.parametrize("language", ["en", "fa"])
def test_each_word_stands_once(language: str) -> None:
    """Of two with the same name the second would be said in the place of the first."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert sorted(set(names)) == sorted(names)
        return dict(pairs)

    for path in (CHECKOUT / "web").glob(f"*.{language}.json"):
        json.loads(path.read_text(), object_pairs_hook=once)


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_a_day_of_another_year_has_its_year(
    browser: Browser, served: PayamServer, language: str
) -> None:
    """In the list and among the messages, each by the calendar of its language; this year none."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    first, second, third = ali.say("long ago", "a year later", "now")
    then = datetime(2024, 3, 25, 12, tzinfo=UTC)  # 6 Farvardin 1403
    path = Path(served.settings["DATA_DIR"]) / "payam.sqlite3"
    with sqlite3.connect(path, timeout=60) as database:
        for message, moment in ((first, then), (second, then + timedelta(days=365))):
            sql = "UPDATE messages SET created_at = ? WHERE id = ?"
            database.execute(sql, (int(moment.timestamp() * 1_000_000), message))
    database.close()
    page = await sara.page(browser, language, timezone_id="UTC", **DESKTOP)
    await page.list.click()
    days = page.page.locator("li.day")
    await expect(days).to_have_count(3)
    texts = [text.replace(",", "") for text in await days.all_text_contents()]
    assert (
        texts[:2]
        == {
            "en": ["Monday 25 March 2024", "Tuesday 25 March 2025"],
            "fa": ["دوشنبه ۶ فروردین ۱۴۰۳", "سه‌شنبه ۵ فروردین ۱۴۰۴"],
        }[language]
    )
    assert not re.search(r"\d{4}", texts[2])
    assert third > first


async def test_the_pages_language_is_not_the_browsers(
    browser: Browser, served: PayamServer
) -> None:
    """Times, counts and days follow what somebody chose on the page."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    ali.begin(sara)
    ali.say("hello")
    page = await sara.page(browser, "fa", **DESKTOP)
    font = "async () => (await document.fonts.load('16px Vazirmatn', 'سلام')).length"
    assert await page.page.evaluate(font) == 1
    await expect(page.list.locator("time")).to_have_text(re.compile("[۰-۹]"))
    await page.page.get_by_role("button", name="تنظیمات").click()
    await page.page.get_by_role("button", name="English").click()
    await expect(page.list.locator("time")).to_have_text(re.compile("[0-9]"))
    await expect(page.list.get_by_role("img")).to_have_text("1")
    await page.list.click()
    await expect(page.page.locator("li.day")).to_have_text(re.compile("^[A-Z][a-z]+day"))
