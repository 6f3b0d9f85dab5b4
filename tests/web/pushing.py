"""The browser's side of a push service, for one page and its worker."""

import asyncio
import json
import time
from typing import Any

from playwright.async_api import CDPSession, Page, Worker

ALLOWED: dict[str, Any] = {"service_workers": "allow", "permissions": ["notifications"]}
SECONDS = 60  # keeps a test from hanging
STAY = """
self.showings = 0;
const show = ServiceWorkerRegistration.prototype.showNotification;
ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
  await show.call(this, title, { ...options, requireInteraction: true });
  self.showings++;
};
"""
"""Notifications stay: where the desktop has no place for them, Chromium takes each away after 25
seconds. And one learns how many are really on the screen. If Chromium is asked for its list while
it still brings one there, it may forget that one for good.
"""
COUNT = """
self.came = self.dealt = 0;
const wait = ExtendableEvent.prototype.waitUntil;
ExtendableEvent.prototype.waitUntil = function (promise) {
  const note = () => void self.dealt++;
  if (this instanceof PushEvent && ++self.came) Promise.resolve(promise).then(note, note);
  return wait.call(this, promise);
};
"""
"""How many pushes have come to the worker, and how many it has dealt with."""
TITLES = """async () => {
  const shown = await registration.getNotifications();
  return shown.map(({ tag, title, body }) => [tag, title, body]).sort();
}"""


WINDOWS = """async () => {
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  return windows.map(({ url }) => new URL(url).pathname);
}"""


class Pushing:
    def __init__(self, page: Page, tools: CDPSession, worker: Worker) -> None:
        self.page = page
        self.worker = worker
        self._tools = tools
        self._registrations: list[dict[str, Any]] = []
        self._pushes = 0
        tools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: self._registrations.extend(event["registrations"]),
        )

    @classmethod
    async def to(cls, page: Page) -> "Pushing":
        await page.evaluate("async () => void (await navigator.serviceWorker.ready)")
        end = time.monotonic() + SECONDS
        while not (workers := page.context.service_workers):
            assert time.monotonic() < end, "the browser tells of no worker"
            await asyncio.sleep(0.02)
        [worker] = workers
        await worker.evaluate(f"() => {{ {STAY} {COUNT} }}")
        made = cls(page, await page.context.new_cdp_session(page), worker)
        await made._tools.send("ServiceWorker.enable")
        while not made._registrations:
            assert time.monotonic() < end, "the browser knows of no worker"
            await asyncio.sleep(0.02)
        return made

    async def elsewhere(self) -> None:
        """Nothing of the page is open any more, but another window of its site."""
        await self.page.goto(f"{await self.page.evaluate('location.origin')}/health/live")
        await self.until(WINDOWS, ["/health/live"])

    async def send(self, **pushed: Any) -> None:
        """Push this, and do not wait for what the worker does about it, once it has begun."""
        registration = self._registrations[-1]
        self._pushes += 1
        await self._tools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": await self.page.evaluate("location.origin"),
                "registrationId": registration["registrationId"],
                "data": json.dumps(pushed),
            },
        )
        await self.until("() => self.came", self._pushes)

    async def push(self, **pushed: Any) -> None:
        await self.send(**pushed)
        await self.dealt()

    async def dealt(self) -> None:
        """The worker is through with all that was pushed."""
        await self.until("() => self.dealt", self._pushes)

    async def shown(self, *expected: list[str]) -> None:
        """Wait until the notifications are these, in any order: their tag, title and text."""
        await self.until(TITLES, sorted(expected))

    async def until(self, script: str, expected: Any) -> None:
        """Wait until the worker finds this."""
        end = time.monotonic() + SECONDS
        while (found := await self.worker.evaluate(script)) != expected:
            assert time.monotonic() < end, found
            await asyncio.sleep(0.05)
