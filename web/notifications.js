// Notifications: what is pushed while nobody has the page open, and what comes while it is out of sight.

import { nameOf, personOf, shownName } from "./avatar.js";
import { PayamError } from "./client/errors.js";
import { isMuted } from "./conversation-list.js";
import { home } from "./place.js";
import { inShort } from "./sounds.js";
import { isPersian, say } from "./strings.js";

const PATIENCE = 20_000; // milliseconds: where no push service answers, subscribing may never end
const LATER = ["dialogs", "people-picker", "search", "search-rows", "folding", "settings", "menu", "own-settings", "message-menu", "emoji", "mentions", "viewer", "voice", "player", "media", "chime", "thread-view", "seen-by", "details", "members", "profile", "invites", "join", "own-picture", "sentences", "client/shelf", "client/kept-files", "client/seen-files", "client/resumable"];
const SHOWN_MOST = 200; // characters of a message

const policy = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: (url) => url });
const workers = navigator.serviceWorker;
const languageOf = () => (isPersian ? "fa" : "en");

/** The page's worker, or null where the browser has none. */
async function register() {
  const url = `${new URL("sw.js", home)}?language=${languageOf()}`;
  try {
    return await workers.register(policy?.createScriptURL(url) ?? url, { scope: home.pathname });
  } catch {
    return null;
  }
}

let registering;
const registered = () => (registering ??= register());

/** Begin with it, for who is signed in. */
export async function begin(account) {
  if (!workers) return;
  const registration = await registered();
  if (!registration) return;
  watch(account, registration);
  keepShell();
  // The server may have lost it.
  inTurn(async () => (await isOn()) && subscribe(account.api)).catch(() => {});
}

/** A function that does what it is given one after the other. */
function turns() {
  let turn = Promise.resolve();
  return (act) => {
    const done = turn.then(act);
    turn = done.catch(() => {});
    return done;
  };
}

// What is turned off must not be registered again by what began before.
const inTurn = turns();

/** So that the page opens without a connection too. */
async function keepShell() {
  const { active } = await workers.ready;
  const shell = new URL("web/", home).href;
  const keep = (urls) => active.postMessage({ keep: urls.filter((url) => url === home.href || url.startsWith(shell)) });
  const later = [...LATER.map((name) => `${name}.js`), "panels.html", "panels.css", `panels.${languageOf()}.json`];
  keep([home.href, ...later.map((name) => shell + name)]);
  // What is on its way now may come past the worker: it is kept once it is there.
  const loaded = new PerformanceObserver((list) => keep(list.getEntries().map(({ name }) => name)));
  loaded.observe({ type: "resource", buffered: true });
}

/** Whether this server, and this browser, can push. */
export async function canPush(api) {
  if (!workers || !globalThis.PushManager || !(await registered())) return false;
  return Boolean((await api.json("GET", "/api/settings/")).vapid_public_key);
}

export const isBlocked = () => Notification.permission === "denied";

export async function isOn() {
  if (globalThis.Notification?.permission !== "granted") return false;
  return Boolean(await (await registered())?.pushManager.getSubscription());
}

/** Called by a click, since only then may the browser be asked for the permission. */
export async function turnOn(api) {
  if ((await Notification.requestPermission()) !== "granted") throw new PayamError({ code: "notificationsBlocked" });
  await inTurn(() => subscribe(api));
}

async function subscribe(api) {
  const { pushManager } = await registered();
  const { vapid_public_key: key } = await api.json("GET", "/api/settings/");
  const options = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
  const tooLate = new Promise((_, reject) => {
    setTimeout(() => reject(new PayamError({ code: "notificationsFailed" })), PATIENCE);
  });
  const asked = pushManager.subscribe(options).catch(async () => {
    // It was made with an earlier key of this server.
    await (await pushManager.getSubscription())?.unsubscribe();
    return pushManager.subscribe(options);
  });
  const failed = () => Promise.reject(new PayamError({ code: "notificationsFailed" }));
  const subscription = await Promise.race([asked.catch(failed), tooLate]);
  const { endpoint, keys } = subscription.toJSON();
  const device = await api.json("POST", "/api/devices/", { body: { platform: "webpush", endpoint, keys } });
  sessionStorage.setItem(DEVICE, device.id);
}

const DEVICE = "payam.device";

export function turnOff(api) {
  return inTurn(async () => {
    const device = sessionStorage.getItem(DEVICE);
    if (device) await api.request("DELETE", `/api/devices/${device}/`).catch(() => {});
    await unsubscribe();
  });
}

/** Nobody is signed in any more: this browser is not pushed to, and shows nothing of theirs. */
export const forget = () => inTurn(unsubscribe);

async function unsubscribe() {
  sessionStorage.removeItem(DEVICE);
  const registration = await registered();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  for (const one of (await registration?.getNotifications()) ?? []) one.close();
  await navigator.clearAppBadge?.().catch(() => {});
}

function bytesOf(base64url) {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (sign) => sign.charCodeAt(0));
}

const tagOf = (id) => `conversation-${id}`;

/** Show what comes while the page is out of sight, and take away what is read. */
function watch(account, registration) {
  const unread = new Map(); // by conversation, when it was looked at last
  const inOrder = turns(); // what takes a notification away must not overtake what shows it

  account.on("message", (message) => inOrder(() => show(message)).catch(() => {}));

  async function show({ conversation: id, sender, content }) {
    const chat = account.get(id);
    const isWanted = chat && sender !== account.me.username && !isMuted(chat) && !chat.record.archived;
    if (!isWanted || document.visibilityState === "visible" || !(await isOn())) return;
    const name = nameOf(chat);
    const from = shownName(personOf(chat, sender));
    const text = inShort(content).slice(0, SHOWN_MOST);
    unread.set(id, Math.max(1, unread.get(id) ?? 0)); // it may be read before that is looked at
    await registration.showNotification(name, {
      body: name === from ? text : say("saidBy", { name: from, text }),
      tag: tagOf(id),
      renotify: true,
      icon: new URL("web/icon-192.png", home).href,
      lang: languageOf(),
      dir: isPersian ? "rtl" : "ltr",
      data: { conversation: id },
    });
  }

  let timer;
  account.on("change", () => (timer ??= setTimeout(() => inOrder(closeRead)))); // once, however much has changed

  async function closeRead() {
    timer = undefined;
    for (const { id, unread: count } of account.conversations) {
      const isRead = count === 0 && unread.get(id) > 0;
      unread.set(id, count);
      if (!isRead) continue;
      for (const one of await registration.getNotifications({ tag: tagOf(id) })) one.close();
    }
  }
}
