// The page's service worker: it shows what is pushed while nobody has the page open, and gives the
// page to a browser that cannot reach the server. Answers of the API are never kept here.

const scope = new URL("./", location);
const language = new URL(location).searchParams.get("language") ?? "en";
const SHELL = `payam shell ${scope.pathname}`;
const DISMISSED = `payam dismissed ${scope.pathname}`;
const ICON = new URL("web/icon-192.png", scope).href;
// Safari takes the permission away from a page that shows nothing for a push.
const showsAlways = /Safari/.test(navigator.userAgent) && !/Chrom/.test(navigator.userAgent);

addEventListener("install", (event) => {
  skipWaiting();
  // What is not the shell goes past the worker, where the browser allows it.
  const urlPattern = new URL("api/*", scope).pathname;
  event.waitUntil(event.addRoutes?.({ condition: { urlPattern }, source: "network" })?.catch(() => {}));
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

// The shell: from the server where it answers, else as it was the last time.

const isShell = ({ origin, pathname }) =>
  origin === scope.origin && (pathname === scope.pathname || pathname.startsWith(`${scope.pathname}web/`));

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.origin) return;
  const file = FILE.exec(url.pathname.slice(scope.pathname.length))?.[1];
  if (file && url.pathname.startsWith(scope.pathname)) event.respondWith(media(event, file));
  else if (isShell(url)) event.respondWith(shell(request));
});

// Files that a player asks for, part by part. It cannot send the token, so that is done here.

const FILE = /^media\/(api\/conversations\/\d+\/messages\/\d+\/attachments\/\d+\/)$/;
const PATIENCE = 10_000; // milliseconds in which the page gives its token, or a push is dealt with
const SOON = 3000; // milliseconds in which the server gives the words of a notification

async function media({ request, clientId }, file) {
  const headers = { Authorization: `Bearer ${await tokenOf(await clients.get(clientId))}` };
  const range = request.headers.get("Range");
  if (range) headers.Range = range;
  return fetch(new URL(file, scope), { headers, signal: request.signal });
}

/** Only a page of this origin is asked, and it answers only here. */
function tokenOf(client) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    setTimeout(reject, PATIENCE);
    port1.onmessage = ({ data }) => resolve(data);
    client.postMessage({ wants: "token" }, [port2]);
  });
}

async function shell(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) keep(request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await caches.match(request, { cacheName: SHELL });
    if (kept) return kept;
    throw error;
  }
}

async function keep(request, answer) {
  const cache = await caches.open(SHELL);
  await cache.put(request, answer).catch(() => {}); // where there is no room
}

/** What the page had loaded before the worker was there, and what it may load later. */
addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(Promise.all(event.data.keep.map(keepOne)));
});

async function keepOne(url) {
  const request = new Request(url);
  if (!isShell(new URL(url)) || (await caches.match(request, { cacheName: SHELL }))) return;
  await shell(request).catch(() => {});
}

// Pushes: docs/push.md says what they hold.

addEventListener("push", (event) => {
  const pushed = event.data?.json() ?? {};
  const deal = () => (pushed.kind === "read" ? close(pushed) : show(pushed));
  event.waitUntil(Promise.all([mark(pushed.badge), inTurn(deal)]));
});

// One after the other: what takes a notification away must not overtake what shows it. And Chromium
// may lose one from its list if it is asked for the list while it shows that one.
let turn = Promise.resolve();

/** One that hangs holds the others for a while only. */
function inTurn(deal) {
  const done = turn.then(deal);
  const late = () => new Promise((resolve) => setTimeout(resolve, PATIENCE));
  turn = turn.then(() => Promise.race([done.catch(() => {}), late()]));
  return done;
}

async function mark(count) {
  if (count > 0) await navigator.setAppBadge?.(count).catch(() => {});
  else if (count === 0) await navigator.clearAppBadge?.().catch(() => {});
}

/** Other windows of the same site may be open too, like that of the documentation. */
const isPage = ({ url }) => new URL(url).pathname === scope.pathname;

const tagOf = ({ conversation }) => `conversation-${conversation}`;

async function close(pushed) {
  const tag = tagOf(pushed);
  if (showsAlways) await registration.showNotification("Payam", { tag, silent: true });
  for (const one of await registration.getNotifications({ tag })) one.close();
}

async function show(pushed) {
  const isEdit = pushed.kind === "edited";
  const isReplaced = isEdit && (await registration.getNotifications({ tag: tagOf(pushed) })).length > 0;
  if (isEdit && !isReplaced && (await isDismissed(pushed))) return showsAlways && close(pushed);
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const isSeen = windows.some((one) => isPage(one) && one.visibilityState === "visible");
  if (isSeen && !isReplaced && !showsAlways) return; // the page shows it itself
  const { kind, conversation, message_id, unread, sender, content, timestamp } = pushed;
  const words = await wordsOf();
  const said = (name, values = {}) =>
    (words[name] ?? "").replace(/\{(\w+)\}/g, (_, word) => `\u2068${values[word]}\u2069`);
  const count = Number(unread ?? 1).toLocaleString(language === "fa" ? "fa-IR" : language);
  const title = pushed.title || sender || (await nameOf(conversation)) || said("payam");
  const from = pushed.title && sender ? `\u2068${sender}\u2069: ` : "";
  const of = { added: "addedYou", reminder: "customerWaits" }[kind];
  const body = of ? said(of) : content ? from + content : said("newCount", { count });
  await registration.showNotification(title, {
    body,
    tag: tagOf(pushed),
    // An edit that comes in the place of its message, to a device that was off, is news.
    renotify: !isReplaced,
    silent: isReplaced,
    icon: ICON,
    lang: language,
    dir: language === "fa" ? "rtl" : "ltr",
    timestamp: timestamp ? Date.parse(timestamp) : Date.now(),
    data: { conversation, message_id },
  });
}

async function wordsOf() {
  const url = new URL(`web/words.${language}.json`, scope);
  try {
    const signal = AbortSignal.timeout(SOON); // else they are those of the last time
    return await (await shell(new Request(url, { signal }))).json();
  } catch {
    return {};
  }
}

/** What the page has kept of that conversation: the push itself holds no text. */
async function nameOf(id) {
  const keeps = await kept().catch(() => []);
  for (const { me, conversations = [] } of keeps) {
    const { record } = conversations.find((one) => one.record.id === id) ?? {};
    const others = record?.participants.filter((one) => one.id !== me.id).map((one) => one.display_name || one.username);
    if (record) return record.title || others.join("، ");
  }
  return "";
}

/** By name, as web/client/storage.js has made it. */
function kept() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(`payam ${scope.href.replace(/\/+$/, "")}`);
    opening.onupgradeneeded = () => opening.transaction.abort(); // the page has made none yet
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const all = opening.result.transaction("kept").objectStore("kept");
      const asked = all.getAll(IDBKeyRange.bound("account/", "account/\uffff"));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
      opening.result.close();
    };
  });
}

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.conversation));
});

// Whoever has dismissed a message does not get it again because it is edited.
addEventListener("notificationclose", (event) => event.waitUntil(dismiss(event.notification.data)));

const placeOf = ({ conversation }) => new URL(`dismissed/${conversation}`, scope).href;

async function dismiss(shown) {
  if (!shown?.message_id) return;
  const cache = await caches.open(DISMISSED);
  await cache.put(placeOf(shown), new Response(shown.message_id)).catch(() => {});
}

async function isDismissed(pushed) {
  const kept = await caches.match(placeOf(pushed), { cacheName: DISMISSED });
  return kept !== undefined && Number(await kept.text()) >= pushed.message_id;
}

async function open(conversation) {
  const hash = conversation ? `#/${conversation}` : "#/";
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = windows.find(isPage);
  if (!page) return clients.openWindow(scope.href + hash);
  page.postMessage({ go: hash });
  return page.focus();
}
