// Payam's page: who is signed in, which conversation is looked at, and drawing what has changed.

import { avatarOf, shownName } from "./avatar.js";
import { Payam } from "./client/index.js";
import { countOf, drawConversations, FILTERS } from "./conversation-list.js";
import { clone, complain, make } from "./dom.js";
import { forgetDrafts } from "./drafts.js";
import { readFacesBy } from "./faces.js";
import { takeFiles } from "./incoming.js";
import { DESK, later, laterOn } from "./later.js";
import { learnLimits } from "./limits.js";
import { withArrows } from "./long-list.js";
import { home, keyOf } from "./place.js";
import { whenPressed } from "./pressing.js";
import { signInScreen } from "./sign-in.js";
import { isPersian, number, say } from "./strings.js";
import "./viewport.js";

// Pixels before the list's end at which older conversations are loaded
const NEAR = 400;
// Milliseconds after which it is said that the server does not answer
const AWAY = 3000;
// Milliseconds before what did not come is asked for again
const AGAIN = 1000;
// Milliseconds after which what can wait waits no more
const IDLE = 3000;
const TOKENS = keyOf("tokens");
const store = {
  load: () => JSON.parse(localStorage.getItem(TOKENS)),
  save: (tokens) => {
    if (tokens) localStorage.setItem(TOKENS, JSON.stringify(tokens));
    else localStorage.removeItem(TOKENS);
  },
};

const payam = new Payam({ url: home.href, store });
// Of who is signed in
let page = null;
// Whose tokens the page was made with
let subject = null;
let nextDraw;
// The scripts of an open conversation, on their way
let viewing = null;
// And once they are there
let viewOf = null;

function again() {
  viewing = null;
  draw();
}

/** The list is shown before they have come. */
function loadView() {
  const came = ({ conversationView }) => (viewOf = conversationView);
  const failed = () => setTimeout(again, AGAIN);
  viewing ??= import("./conversation-view.js").then(came).then(draw, failed);
}

/** Draw what has changed: once, however often it is asked for. */
function draw() {
  // A timer, and not an animation frame: those stop in a tab that is out of sight.
  nextDraw ??= setTimeout(() => {
    nextDraw = undefined;
    page?.render();
  });
}

function show(content) {
  document.title = say("payam");
  document.body.replaceChildren(content);
}

function signIn(notice) {
  page = null;
  subject = null;
  show(signInScreen(payam, enter, notice));
  document.querySelector("input").focus();
}

async function enter() {
  loadView();
  subject = await payam.subject();
  const account = payam.account();
  readFacesBy((url) => account.avatar(url));
  account.on("change", draw);
  await account.ready();
  // Somebody has signed in or out meanwhile
  if (account.state === "closed") return;
  page = pageOf(account);
  show(page.content);
  draw();
  learnLimits(payam).catch(() => {});
  if (isPersian) whenIdle(async () => (await import("./sentences.js")).learnSentences());
  whenIdle(async () => {
    if (localStorage.getItem(keyOf("sound"))) import("./chime.js").then(({ chimeFor }) => chimeFor(account), () => {});
    const { begin } = await import("./notifications.js");
    await begin(account);
  });
}

/** Once the page has nothing else to do. */
function whenIdle(work) {
  // Where it cannot be had, everything else can
  const begin = () => work().catch(() => {});
  if (globalThis.requestIdleCallback) requestIdleCallback(begin, { timeout: IDLE });
  else setTimeout(begin, IDLE);
}

/** The letters of Persian are a third of what the first screen is, so they come after it. */
async function letter() {
  document.documentElement.classList.add("lettered");
}

function pageOf(account) {
  const { content, main, avatar, name, begin, list, empty, pane, nothing, box, ...parts } =
    clone("page");
  // For staff who have asked for it
  let desk = null;
  // Shown in the place of the others
  let isArchive = false;
  let filter = "all";
  // Once somebody has
  let search = null;
  let view = null;
  // The id that was asked for last, so that what is not there is asked for once
  let visited = null;
  // Of the page's icon, where it is installed
  let badge = 0;
  // The page's address when it was drawn last
  let place = "";
  let hasPinned = false;
  // The code of the link that was followed
  let joining;
  // The message to go to: `{id, paint, isStep}`
  let aim = null;
  const showMe = () => {
    const { me } = account;
    name.textContent = shownName(me);
    Object.assign(avatar, avatarOf(shownName(me), me.avatar_url));
    parts.desk.hidden = !me.is_staff;
  };
  showMe();
  laterOn(parts.settings, () => import("./settings.js"), ({ showSettings }) => showSettings(payam, account));
  laterOn(begin, () => import("./dialogs.js"), ({ beginConversation }) =>
    beginConversation(account, (record) => {
      account.put(record);
      location.hash = `#/${record.id}`;
    }),
  );

  function beginDesk({ ticketDesk }) {
    desk ??= ticketDesk({ account, changed: draw, current: () => view?.chat }, {
      button: parts.desk,
      badge: parts.deskBadge,
      rows: parts.tickets,
      none: parts.noTickets,
    });
  }
  const deskScripts = () => import("./tickets.js");
  laterOn(parts.desk, deskScripts, (made) => {
    beginDesk(made);
    desk.toggle();
  }, DESK);
  // Staff see how many tickets wait, whatever they look at.
  if (account.me.is_staff) whenIdle(() => later(deskScripts, DESK).then(beginDesk).then(draw));

  box.placeholder = say("search");
  parts.searching.onsubmit = (event) => event.preventDefault();
  box.onfocus = () => search ?? later(() => import("./search.js")).then(beginSearch, complain);

  function beginSearch({ searchFor }) {
    if (search) return;
    search = searchFor(account, box, { go, changed: draw });
    list.before(search.content);
    draw();
  }

  parts.archive.onclick = () => {
    isArchive = !isArchive;
    draw();
    // Others may be archived that are not loaded yet.
    if (isArchive) payam.conversations({ archived: true }).then((all) => all.forEach((one) => account.put(one)), complain);
  };

  const openMenu = (row, place) =>
    later(() => import("./own-settings.js")).then(({ openConversationMenu }) => {
      const anchor = row.querySelector(place ? "a" : ".row-menu");
      openConversationMenu(account, account.get(Number(row.dataset.key)), anchor, place);
    }, complain);
  whenPressed(list, "li", openMenu);
  list.onclick = ({ target }) => target.closest(".row-menu") && openMenu(target.closest("li"), null);

  withArrows(list);
  list.onscroll = () => renderList(account.get(idsOf(location.hash)[0]));
  parts.filters.append(
    ...Object.keys(FILTERS).map((name) => {
      const button = make("filter", { button: say(`filter_${name}`) });
      button.dataset.name = name;
      button.onclick = () => {
        filter = name;
        list.scrollTop = 0;
        draw();
      };
      return button;
    }),
  );

  /** Load older ones as one comes to the end of the `count` that are there. A list of none has no height. */
  function loadMore(count) {
    const { scrollHeight, scrollTop, clientHeight, parentElement } = list;
    const isSeen = count > 0 ? clientHeight > 0 : !list.hidden && parentElement.clientHeight > 0;
    const isNear = isSeen && scrollHeight - scrollTop - clientHeight < NEAR;
    if (isNear && account.isLoaded && !account.isComplete && !isArchive) account.loadMore().catch(() => {});
  }

  /** Go to a message, in whatever conversation it is. */
  function go({ conversation, ...message }) {
    aim = message;
    location.hash = `#/${conversation}/${message.id}`;
    draw();
  }

  /** Ask for one that is looked at and not loaded: it is old, or staff come to it from its ticket. */
  function visit(id) {
    if (!id || visited === id) return;
    visited = id;
    account.conversation(id).catch((error) => error.code === "not_found" && complain(error));
  }

  /** Where a link leads by which one may come in. */
  function askToJoin() {
    const { hash } = location;
    const code = /^#\/join\/(.+)$/.exec(hash)?.[1];
    if (code === joining) return;
    joining = code;
    if (code) later(() => import("./join.js")).then(({ showJoin }) => showJoin(account, decodeURIComponent(code), hash), complain);
  }

  /** Those that are kept on top may be older than what is loaded. */
  function havePinned() {
    if (hasPinned || !account.isLoaded) return;
    hasPinned = true;
    if (account.isComplete) return;
    const failed = () => (hasPinned = false);
    payam.conversations({ pinned: true }).then((all) => all.forEach((one) => account.put(one)), failed);
  }

  function render() {
    askToJoin();
    havePinned();
    const [id, messageId] = idsOf(location.hash);
    if (location.hash !== place && messageId) aim ??= { id: messageId };
    place = location.hash;
    const current = account.get(id);
    if (!current) visit(id);
    const { unread } = account;
    // First: what is hidden, as it is on a phone, can be neither scrolled nor focused.
    main.classList.toggle("has-conversation", Boolean(current));
    if (current && !viewOf) loadView();
    else if (view?.chat !== current) open(current);
    view?.render();
    if (view && aim) {
      view.show(aim);
      aim = null;
    }
    showMe();
    renderList(current);
    document.title = (unread > 0 ? `(${number(unread)}) ` : "") + say("payam");
    if (unread !== badge) navigator.setAppBadge?.((badge = unread)).catch(() => {});
  }

  /** The conversations, or in their place tickets, or what was searched for. */
  function renderList(current) {
    const isSearching = Boolean(search?.isOpen);
    const isDesk = Boolean(desk?.isOpen) && account.me.is_staff && !isSearching;
    if (search) search.content.hidden = !isSearching;
    desk?.render(current?.id, isDesk);
    parts.searching.hidden = isDesk;
    list.hidden = isDesk || isSearching;
    const archived = account.conversations.filter(({ record }) => record.archived);
    isArchive &&= archived.length > 0;
    const unread = archived.reduce((sum, chat) => sum + chat.unread, 0);
    parts.archive.hidden = list.hidden || archived.length === 0;
    parts.archive.ariaPressed = String(isArchive);
    Object.assign(parts.archiveBadge, countOf(unread));
    for (const button of parts.filters.children) button.ariaPressed = String(button.dataset.name === filter);
    parts.filters.hidden = list.hidden || isArchive || account.conversations.length < 2;
    if (parts.filters.hidden) filter = "all";
    const count = drawConversations(list, account, { current, isArchive, filter });
    empty.hidden = list.hidden || !account.isLoaded || count > 0 || !(account.isComplete || isArchive);
    empty.textContent = say(filter === "all" ? "noConversations" : "noneOfThese");
    loadMore(count);
  }

  function open(chat) {
    const left = view?.chat;
    view?.close();
    view = chat ? viewOf(account, chat, { go }) : null;
    pane.replaceChildren(view?.content ?? nothing);
    left?.close();
    if (!chat) return;
    visited = null;
    // It is tried again once there is a connection
    chat.open({ around: aim?.id }).catch(() => {});
    view.render();
    view.focus();
  }

  /** To the box with which all conversations are searched; on a phone it is on the other screen. */
  function find() {
    if (desk?.isOpen && !search?.isOpen) return desk.find();
    if (!box.checkVisibility()) location.hash = "#/";
    render();
    box.focus();
    box.select();
  }

  return { account, content, render, find, findHere: () => view?.find() ?? false, attach: () => view?.attach ?? null };
}

/** Of a conversation and of a message, as an address has them: like `#/12`, or `#/12/345`. */
const idsOf = (hash) => hash.slice(2).split("/").map(Number);

/** Ctrl or Cmd and K, on any keyboard, or a slash where nobody writes. */
function isToFind({ code, key, ctrlKey, metaKey, altKey, target }) {
  if (altKey) return false;
  if (ctrlKey || metaKey) return ctrlKey !== metaKey && (/^[a-z]$/i.test(key) ? /k/i.test(key) : code === "KeyK");
  return key === "/" && !target.matches?.("input, textarea, select");
}

addEventListener("keydown", (event) => {
  const isFind = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.code === "KeyF";
  if (isFind && !document.querySelector("dialog[open]") && page?.findHere()) event.preventDefault();
  if (!page || !isToFind(event) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  page.find();
});
payam.on("signedOut", ({ isOwn }) => {
  forgetDrafts();
  signIn(isOwn ? "" : say("signedOut"));
  whenIdle(async () => (await import("./notifications.js")).forget());
});
takeFiles(() => page?.attach() ?? null);
if (navigator.serviceWorker) {
  // Before the document is ready: what the worker says later, and nobody hears, is lost.
  navigator.serviceWorker.onmessage = ({ data, ports: [port] }) => {
    if (data?.go) location.hash = data.go;
    if (data?.wants === "token") payam.token().then((token) => port.postMessage(token), () => {});
  };
}
addEventListener("hashchange", draw);
document.addEventListener("visibilitychange", draw);
addEventListener("storage", async ({ key }) => {
  // Another tab has signed in or out. A mere renewal of tokens changes nothing here.
  if (key === TOKENS && (await payam.subject()) !== subject) location.reload();
});
addEventListener("beforeunload", (event) => {
  // Files on their way would be lost
  if (page?.account.isBusy) event.preventDefault();
});

// The worker keeps the letters, so they are there at once when one comes back.
if (navigator.serviceWorker?.controller) letter();
else whenIdle(letter);

if (await payam.subject()) {
  // The server is away: the page itself was in the browser's cache, or it restarts.
  setTimeout(() => page ?? document.forms[0] ?? show(clone("notice").content), AWAY);
  enter().catch(() => signIn(say("signedOut")));
} else {
  signIn();
}
