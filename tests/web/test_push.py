"""Push on the page: its service worker, what it shows, and where a notification leads.

No push service can be reached here. The browser's own tools deliver pushes to the real worker, and
a script stands for the service where the page subscribes.
"""

import asyncio
import json
import time
from typing import Any

from playwright.async_api import Browser, CDPSession, Page, Worker, expect

from tests.support.payam_server import PayamServer
from tests.web.sender import Sender

ALLOWED: dict[str, Any] = {"service_workers": "allow", "permissions": ["notifications"]}
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
SECONDS = 60  # keeps a test from hanging
TITLES = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map(({ tag, title, body }) => [tag, title, body]);
}"""
KEPT = """async () => {
  const promised = (request) => new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
  const database = await promised(indexedDB.open(`payam ${location.origin}`));
  const kept = await promised(database.transaction("kept").objectStore("kept").getAll());
  database.close();
  return JSON.stringify(kept);
}"""


NOTE_LOOKS = """() => {
  const look = clients.matchAll.bind(clients);
  self.hasLooked = false;
  clients.matchAll = async (options) => {
    const windows = await look(options);
    self.hasLooked = true;
    return windows;
  };
}"""
LOOKED = """async () => {
  while (!self.hasLooked) await new Promise((then) => setTimeout(then, 20));
}"""
"""The worker has looked which windows are there, as it does at a push."""


async def until_kept(page: Page, text: str) -> None:
    """The page keeps its list each second; wait until this stands in it."""
    end = time.monotonic() + SECONDS
    while text not in await page.evaluate(KEPT):
        assert time.monotonic() < end, f"{text} is not kept"
        await page.wait_for_timeout(50)


class Pushing:
    """The browser's side of a push service, for one page and its worker."""

    def __init__(self, page: Page, tools: CDPSession) -> None:
        self.page = page
        self._tools = tools
        self._registrations: list[dict[str, Any]] = []
        tools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: self._registrations.extend(event["registrations"]),
        )

    @classmethod
    async def to(cls, page: Page) -> "Pushing":
        await page.evaluate("async () => void (await navigator.serviceWorker.ready)")
        made = cls(page, await page.context.new_cdp_session(page))
        await made._tools.send("ServiceWorker.enable")
        end = time.monotonic() + SECONDS
        while not made._registrations:
            assert time.monotonic() < end, "the browser knows of no worker"
            await page.wait_for_timeout(20)
        return made

    async def push(self, **pushed: Any) -> None:
        registration = self._registrations[-1]
        await self._tools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": await self.page.evaluate("location.origin"),
                "registrationId": registration["registrationId"],
                "data": json.dumps(pushed),
            },
        )

    async def shown(self, *expected: list[str]) -> None:
        """What the notifications are, once they are so: their tag, title and text."""
        found = f"async (expected) => JSON.stringify(await ({TITLES})()) === expected"
        text = json.dumps(expected, ensure_ascii=False, separators=(",", ":"))
        await self.page.wait_for_function(found, arg=text)


async def elsewhere(page: Page) -> None:
    """Nothing of the page is open any more, but a window of its site, from which one can look."""
    await page.goto(f"{await page.evaluate('location.origin')}/health/live")


async def test_a_push_is_shown_and_leads_to_its_conversation(
    whole_browser: Browser, served: PayamServer
) -> None:
    """With its text or without; a later one takes its place, and reading elsewhere takes it."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "سارا")
    conversation = ali.begin(sara)
    his = await ali.page(whole_browser, "fa", **ALLOWED)
    await expect(his.list).to_have_count(1)
    pushing = await Pushing.to(his.page)
    await until_kept(his.page, sara.name)
    of = {"conversation": conversation, "unread": 3, "badge": 5}
    tag = f"conversation-{conversation}"
    [worker] = his.page.context.service_workers
    await worker.evaluate(NOTE_LOOKS)
    await pushing.push(kind="message", **of)
    await worker.evaluate(LOOKED)
    await elsewhere(his.page)
    await pushing.shown()  # whoever looks at the page needs none
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
    [worker] = his.page.context.service_workers
    await worker.evaluate(
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
MANNERS = """async () => {
  const shown = await registration.getNotifications();
  return shown.map(({ body, silent, renotify }) => [body, silent, renotify]);
}"""


async def until_manners(worker: Worker, expected: list[Any]) -> None:
    """Wait until the one notification is so: while it takes another's place, there may be none."""
    end = time.monotonic() + SECONDS
    while (found := await worker.evaluate(MANNERS)) != [expected]:
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)


async def test_an_edit_replaces_a_text_without_a_sound(
    whole_browser: Browser, served: PayamServer
) -> None:
    """What was dismissed does not come again. What was never shown, because the edit came in its
    place, is news.
    """
    ali = Sender(served.url, "ali")
    his = await ali.page(whole_browser, **ALLOWED)
    pushing = await Pushing.to(his.page)
    [worker] = his.page.context.service_workers
    await elsewhere(his.page)
    of = {"conversation": 7, "unread": 1, "badge": 1, "sender": "sara"}
    tag = "conversation-7"
    await pushing.push(kind="message", message_id=8, content="frist", **of)
    await pushing.shown([tag, "sara", "frist"])
    await pushing.push(kind="edited", message_id=8, content="first", **of)
    await pushing.shown([tag, "sara", "first"])
    await until_manners(worker, ["first", True, False])
    await worker.evaluate(
        """async () => {
          const [notification] = await registration.getNotifications();
          notification.close();
          dispatchEvent(new NotificationEvent("notificationclose", { notification }));
        }"""
    )
    await worker.evaluate(KEEPS_DISMISSED)
    await pushing.shown()
    await pushing.push(kind="edited", message_id=8, content="first!", **of)
    await pushing.push(kind="edited", message_id=9, content="next", **of)
    await pushing.shown([tag, "sara", "next"])
    await until_manners(worker, ["next", False, True])
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


async def test_what_comes_while_the_page_is_out_of_sight(
    whole_browser: Browser, served: PayamServer
) -> None:
    """The page itself shows it, since its socket is there; when it is read, it is gone."""
    ali, sara = Sender(served.url, "ali"), Sender(served.url, "sara")
    conversation = ali.begin(sara)
    his = await ali.page(whole_browser, **ALLOWED)
    await his.page.add_init_script(SUBSCRIBED)
    await his.page.reload()
    await his.page.get_by_role("button", name="Settings").click()
    await his.page.get_by_role("button", name="Turn notifications on").click()
    await expect(his.page.get_by_role("button", name="Turn notifications off")).to_be_visible()
    await his.page.keyboard.press("Escape")
    pushing = await Pushing.to(his.page)
    seen = "Object.defineProperty(document, 'visibilityState', { value: '%s', configurable: true })"
    await his.page.evaluate(seen % "hidden")  # a browser without windows has no tab out of sight
    [message] = sara.say("hello")
    await pushing.shown([f"conversation-{conversation}", sara.name, "hello"])
    ali.read(message)  # on another device
    await pushing.shown()
