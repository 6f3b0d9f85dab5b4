// Payam's page: who is signed in, which conversation is looked at, and drawing what has changed.

import { avatarOf } from "./avatar.js";
import { Payam } from "./client/index.js";
import { drawConversations } from "./conversation-list.js";
import { conversationView } from "./conversation-view.js";
import { beginConversation } from "./dialogs.js";
import { clone } from "./dom.js";
import { takeFiles } from "./incoming.js";
import { learnLimits } from "./limits.js";
import { home, keyOf } from "./place.js";
import { signInScreen } from "./sign-in.js";
import { number, offerOtherLanguage, say } from "./strings.js";
import { ticketDesk } from "./tickets.js";
import "./viewport.js";

const NEAR = 400; // pixels before the list's end at which older conversations are loaded
const AWAY = 3000; // milliseconds after which it is said that the server does not answer
const TOKENS = keyOf("tokens");
const store = {
  load: () => JSON.parse(localStorage.getItem(TOKENS)),
  save: (tokens) => {
    if (tokens) localStorage.setItem(TOKENS, JSON.stringify(tokens));
    else localStorage.removeItem(TOKENS);
  },
};

const payam = new Payam({ url: home.href, store });
let page = null; // of who is signed in
let subject = null; // whose tokens the page was made with
let nextDraw;

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
  subject = await payam.subject();
  const account = payam.account();
  account.on("change", draw);
  await account.ready();
  if (account.state === "closed") return; // somebody has signed in or out meanwhile
  page = pageOf(account);
  show(page.content);
  draw();
  learnLimits(payam).catch(() => {});
}

function pageOf(account) {
  const { content, main, avatar, name, begin, logOut, list, empty, language, pane, nothing, ...parts } =
    clone("page");
  const desk = ticketDesk({ api: payam, me: account.me, changed: draw }, {
    button: parts.desk,
    rows: parts.tickets,
    none: parts.noTickets,
  });
  let view = null;
  let visited = null; // the id that was asked for last, so that what is not there is asked for once
  Object.assign(avatar, avatarOf(account.me.username));
  name.textContent = account.me.username;
  offerOtherLanguage(language);
  logOut.onclick = () => payam.logOut();
  begin.onclick = () =>
    beginConversation(account, (record) => {
      account.put(record);
      location.hash = `#/${record.id}`;
    });

  list.onscroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = list;
    if (scrollHeight - scrollTop - clientHeight < NEAR) account.loadMore().catch(() => {});
  };

  /** Ask for one that is looked at and not loaded: it is old, or staff come to it from its ticket. */
  function visit(id) {
    if (!id || visited === id) return;
    visited = id;
    account.conversation(id).catch(() => {});
  }

  function render() {
    const id = Number(location.hash.slice(2)); // like `#/12`
    const current = account.get(id);
    if (!current) visit(id);
    const { unread } = account;
    // First: what is hidden, as it is on a phone, can be neither scrolled nor focused.
    main.classList.toggle("has-conversation", Boolean(current));
    if (view?.chat !== current) open(current);
    view?.render();
    desk.render(id);
    list.hidden = desk.isOpen;
    drawConversations(list, account, current);
    empty.hidden = desk.isOpen || !account.isLoaded || account.conversations.length > 0;
    document.title = (unread > 0 ? `(${number(unread)}) ` : "") + say("payam");
  }

  function open(chat) {
    const left = view?.chat;
    view?.close();
    view = chat ? conversationView(account, chat) : null;
    pane.replaceChildren(view?.content ?? nothing);
    left?.close();
    if (!chat) return;
    visited = null;
    chat.open().catch(() => {}); // it is tried again once there is a connection
    view.render();
    view.focus();
  }

  return { account, content, render, attach: () => view?.attach ?? null };
}

payam.on("signedOut", () => signIn());
takeFiles(() => page?.attach() ?? null);
addEventListener("hashchange", draw);
document.addEventListener("visibilitychange", draw);
addEventListener("storage", async ({ key }) => {
  // Another tab has signed in or out. A mere renewal of tokens changes nothing here.
  if (key === TOKENS && (await payam.subject()) !== subject) location.reload();
});
addEventListener("beforeunload", (event) => {
  if (page?.account.isBusy) event.preventDefault(); // files on their way would be lost
});

if (await payam.subject()) {
  // The server is away: the page itself was in the browser's cache, or it restarts.
  setTimeout(() => page ?? document.forms[0] ?? show(clone("notice").content), AWAY);
  enter().catch(() => signIn(say("signedOut")));
} else {
  signIn();
}
