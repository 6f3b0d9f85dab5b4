"""Push on the page: its service worker, what it shows, and where a notification leads.

No push service can be reached here. The browser's own tools deliver pushes to the real worker, and
a script stands for the service where the page subscribes.
"""

import pytest
from playwright.async_api import Browser, WebSocket, expect

from tests.support.payam_server import PayamServer
from tests.web.pushing import ALLOWED, STAY, Pushing
from tests.web.sender import Sender

SUBSCRIBED = """
const endpoint = "https://push.example/" + crypto.randomUUID();
let is = sessionStorage.getItem("subscribed") === "yes";
const mark = (value) => sessionStorage.setItem("subscribed", (is = value) ? "yes" : "no");
const keys = {
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
};
const subscription = {
  toJSON: () => ({ endpoint, expirationTime: null, keys }),
  unsubscribe: async () => mark(false),
};
PushManager.prototype.getSubscription = async () => (is ? subscription : null);
PushManager.prototype.subscribe = async ({ applicationServerKey: key, userVisibleOnly }) => {
  if (!userVisibleOnly || key.length !== 65) throw new Error("not what a push service takes");
  mark(true);
  return subscription;
};
"""
KEEPS_WORDS = """async (language) => {
  const url = new URL(`web/words.${language}.json`, registration.scope);
  while (!(await caches.match(url))) await new Promise((then) => setTimeout(then, 20));
}"""
"""The worker has them also for when the server does not answer."""


async def test_a_push_is_shown_and_leads_to_its_conversation(
    whole_browser: Browser, served: PayamServer
) -> None:
    """With its text or without; a later one takes its place, and reading elsewhere takes it."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "سارا")
    conversation = ali.begin(sara)
    his = await ali.page(whole_browser, "fa", **ALLOWED)
    await expect(his.list).to_have_count(1)
    pushing = await Pushing.to(his.page)
    await his.until_kept(sara.name)
    await pushing.worker.evaluate(KEEPS_WORDS, "fa")
    of = {"conversation": conversation, "unread": 3, "badge": 5}
    tag = f"conversation-{conversation}"
    await pushing.push(kind="message", **of)
    await pushing.shown()  # whoever looks at the page needs none
    await pushing.elsewhere()
    await pushing.push(kind="message", message_id=9, timestamp="2023-10-27T10:00:00Z", **of)
    await pushing.shown([tag, sara.name, "پیام‌های تازه: \u2068۳\u2069"])
    await pushing.push(kind="message", sender=sara.name, content="سلام", **of)
    await pushing.shown([tag, sara.name, "سلام"])
    await pushing.push(kind="message", sender=sara.name, content="سلام", title="سفر", **of)
    await pushing.shown([tag, "سفر", f"\u2068{sara.name}\u2069: سلام"])
    await pushing.push(kind="read", conversation=conversation, unread=0, badge=0)
    await pushing.shown()
    await pushing.push(kind="added", conversation=999, unread=0, badge=0)
    await pushing.shown(["conversation-999", "پیام", "شما به گفت‌وگویی افزوده شدید."])
    await pushing.push(kind="message", **of)
    await pushing.shown(
        ["conversation-999", "پیام", "شما به گفت‌وگویی افزوده شدید."],
        [tag, sara.name, "پیام‌های تازه: \u2068۳\u2069"],
    )

    await his.page.goto(served.url)
    await expect(his.list).to_have_count(1)
    await pushing.worker.evaluate(
        """async (tag) => {
          const [notification] = await registration.getNotifications({ tag });
          dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }""",
        tag,
    )
    await expect(his.box).to_be_visible()
    await expect(his.page).to_have_url(f"{served.url}/#/{conversation}")
    assert his.complaints == []


KEEPS_DISMISSED = """async () => {
  const place = new URL("dismissed/7", registration.scope).href;
  while (!(await caches.match(place))) await new Promise((then) => setTimeout(then, 20));
}"""
"""The worker has written down what was dismissed in conversation 7, which takes it a moment."""
HANGS = """() => {
  AbortSignal.timeout = () => AbortSignal.abort();
  const ask = self.fetch;
  self.fetch = (request) => (request.signal.aborted ? ask(request) : new Promise(() => {}));
}"""
"""The server answers no more; who waits for some time only has waited."""
MANNERS = """async () => {
  const shown = await registration.getNotifications();
  return shown.map(({ body, silent, renotify }) => [body, silent, renotify]);
}"""


async def test_an_edit_replaces_a_text_without_a_sound(
    whole_browser: Browser, served: PayamServer
) -> None:
    """What was dismissed does not come again. What was never shown, because the edit came in its
    place, is news.
    """
    ali = Sender(served.url, "ali")
    his = await ali.page(whole_browser, **ALLOWED)
    pushing = await Pushing.to(his.page)
    await pushing.elsewhere()
    of = {"conversation": 7, "unread": 1, "badge": 1, "sender": "sara"}
    tag = "conversation-7"
    await pushing.push(kind="message", message_id=8, content="frist", **of)
    await pushing.shown([tag, "sara", "frist"])
    await pushing.push(kind="edited", message_id=8, content="first", **of)
    await pushing.shown([tag, "sara", "first"])
    await pushing.until(MANNERS, [["first", True, False]])
    await pushing.worker.evaluate(
        """async () => {
          const [notification] = await registration.getNotifications();
          notification.close();
          dispatchEvent(new NotificationEvent("notificationclose", { notification }));
        }"""
    )
    await pushing.worker.evaluate(KEEPS_DISMISSED)
    await pushing.push(kind="edited", message_id=8, content="first!", **of)
    await pushing.shown()
    await pushing.push(kind="edited", message_id=9, content="next", **of)
    await pushing.shown([tag, "sara", "next"])
    await pushing.until(MANNERS, [["next", False, True]])
    assert his.complaints == []


async def test_notifications_are_turned_on_by_a_click(
    whole_browser: Browser, served: PayamServer
) -> None:
    """The browser is a device from then on, until they are turned off, or somebody signs out."""
    ali = Sender(served.url, "ali")
    his = await ali.page(whole_browser, **ALLOWED)
    await his.page.add_init_script(SUBSCRIBED)
    await his.page.reload()
    turn_on = his.page.get_by_role("button", name="Turn notifications on")
    await his.page.get_by_role("button", name="Settings").click()
    await turn_on.click()
    turn_off = his.page.get_by_role("button", name="Turn notifications off")
    await expect(turn_off).to_be_visible()
    [device] = ali.devices()
    assert device["platform"] == "webpush"
    await his.check()
    await turn_off.click()
    await expect(turn_on).to_be_visible()
    assert ali.devices() == []
    await turn_on.click()
    await expect(turn_off).to_be_visible()
    await his.page.get_by_role("button", name="Log out").click()
    await expect(his.button("logIn")).to_be_visible()
    await his.page.wait_for_function("() => sessionStorage.getItem('subscribed') === 'no'")


async def test_who_refuses_the_permission_is_shown_how_to_allow_it(
    whole_browser: Browser, served: PayamServer
) -> None:
    ali = Sender(served.url, "ali")
    his = await ali.page(whole_browser, service_workers="allow")
    await his.page.get_by_role("button", name="Settings").click()
    alert = his.page.get_by_role("dialog").get_by_role("alert")
    turn_on = his.page.get_by_role("button", name="Turn notifications on")
    await expect(turn_on).to_be_visible()
    if not await alert.is_visible():
        await turn_on.click()
    await expect(alert).to_contain_text("The browser blocks notifications")
    assert ali.devices() == []


WATCHES = """
self.isWatching = false;
const post = ServiceWorker.prototype.postMessage;
ServiceWorker.prototype.postMessage = function (...given) {
  self.isWatching = true;
  return post.apply(this, given);
};
"""
"""The page tells its worker what to keep, and from then on shows what comes."""
HOLD_TIMERS = """() => {
  const begin = self.setTimeout;
  const acts = [];
  self.setTimeout = (act) => acts.push(act);
  self.release = () => {
    self.setTimeout = begin;
    for (const act of acts) act();
  };
}"""
"""As browsers do with those of a page that is out of sight, for a second or a minute."""


@pytest.mark.parametrize("is_late", [False, True])
async def test_what_comes_while_the_page_is_out_of_sight(
    whole_browser: Browser, served: PayamServer, is_late: bool
) -> None:
    """The page itself shows it, since its socket is there; when it is read, it is gone, also where
    the page comes to look only after that.
    """
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    conversation = ali.begin(sara)
    his = await ali.page(whole_browser, **ALLOWED)
    sockets: list[WebSocket] = []
    his.page.on("websocket", lambda one: sockets.insert(0, one))
    await his.page.add_init_script(SUBSCRIBED + STAY + WATCHES)
    await his.page.reload()
    await his.page.get_by_role("button", name="Settings").click()
    await his.page.get_by_role("button", name="Turn notifications on").click()
    await expect(his.page.get_by_role("button", name="Turn notifications off")).to_be_visible()
    await his.page.keyboard.press("Escape")
    pushing = await Pushing.to(his.page)
    seen = "Object.defineProperty(document, 'visibilityState', { value: '%s', configurable: true })"
    await his.page.evaluate(seen % "hidden")  # a browser without windows has no tab out of sight
    await his.page.wait_for_function("() => isWatching")
    if is_late:
        await his.page.evaluate(HOLD_TIMERS)
    [message] = sara.say("hello")
    await his.page.wait_for_function("() => showings === 1")
    await pushing.shown([f"conversation-{conversation}", sara.name, "hello"])
    async with sockets[0].expect_event("framereceived", lambda one: "message.read" in str(one)):
        ali.read(message)  # on another device
    if is_late:
        await his.page.evaluate("release()")
    await pushing.shown()


HOLD = """() => {
  const look = clients.matchAll.bind(clients);
  const held = new Promise((resolve) => (self.release = resolve));
  let looks = 0;
  clients.matchAll = async (options) => {
    if (++looks === 1) await held;
    return look(options);
  };
}"""
"""The next message that is pushed is shown once it is released."""


async def test_pushes_are_dealt_with_in_their_turn(
    whole_browser: Browser, served: PayamServer
) -> None:
    """However slow one is: what was read does not come back, and nothing older in the place of
    what is newer.
    """
    ali = Sender(served.url, "ali")
    his = await ali.page(whole_browser, **ALLOWED)
    pushing = await Pushing.to(his.page)
    await pushing.elsewhere()
    await pushing.worker.evaluate("() => void (self.setTimeout = () => 0)")  # it is never too late
    await pushing.worker.evaluate(HOLD)
    of = {"kind": "message", "badge": 1, "sender": "sara"}
    await pushing.send(conversation=7, message_id=8, content="older", **of)
    await pushing.send(conversation=8, message_id=9, content="read elsewhere", **of)
    await pushing.send(kind="read", conversation=8, unread=0, badge=0)
    await pushing.send(conversation=7, message_id=10, content="newer", **of)
    await pushing.worker.evaluate("() => self.release()")
    await pushing.dealt()
    await pushing.shown(["conversation-7", "sara", "newer"])


async def test_a_push_that_hangs_holds_no_other(
    whole_browser: Browser, served: PayamServer
) -> None:
    """Nor does a server that does not answer: the words are then those of the last time."""
    ali = Sender(served.url, "ali")
    his = await ali.page(whole_browser, **ALLOWED)
    pushing = await Pushing.to(his.page)
    await pushing.worker.evaluate(KEEPS_WORDS, "en")
    await pushing.elsewhere()
    await pushing.worker.evaluate("() => void (self.setTimeout = (then) => then())")
    await pushing.worker.evaluate(HANGS)
    await pushing.worker.evaluate(HOLD)
    await pushing.send(kind="message", conversation=7, sender="sara", content="hello")
    await pushing.send(kind="message", conversation=8, sender="sara", unread=2)
    await pushing.until("() => self.showings", 1)
    await pushing.shown(["conversation-8", "sara", "New messages: \u20682\u2069"])
