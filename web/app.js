// Payam's page: who is signed in, which conversation is looked at, and drawing what has changed.

import { avatarOf } from "./avatar.js";
import { Chats } from "./chats.js";
import { drawConversations } from "./conversation-list.js";
import { conversationView } from "./conversation-view.js";
import { beginConversation } from "./dialogs.js";
import { clone } from "./dom.js";
import { takeFiles } from "./incoming.js";
import { learnLimits } from "./limits.js";
import { Payam } from "./payam-client.js";
import { home, keyOf } from "./place.js";
import { signInScreen } from "./sign-in.js";
import { number, offerOtherLanguage, say } from "./strings.js";
import { ticketDesk } from "./tickets.js";
import "./viewport.js";

const LOOK = 5000; // milliseconds between two looks for conversations that others began
const NEAR = 400; // pixels before the list's end at which older conversations are loaded
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
let nextLook;

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
  subject = payam.subject;
  const me = await payam.me();
  if (subject !== payam.subject) return; // somebody has signed in or out meanwhile
  page = pageOf(new Chats(payam, me, draw));
  show(page.content);
  draw();
  look();
  learnLimits(payam).catch(() => {});
}

async function look() {
  if (document.visibilityState === "visible") {
    // A conversation's state says that there is no connection.
    await page?.chats.refresh().catch(() => {});
    await page?.desk.refresh().catch(() => {});
  }
  clearTimeout(nextLook);
  nextLook = setTimeout(look, LOOK);
}

function pageOf(chats) {
  const { content, main, avatar, name, begin, logOut, list, empty, language, pane, nothing, ...parts } =
    clone("page");
  const desk = ticketDesk(chats, {
    button: parts.desk,
    rows: parts.tickets,
    none: parts.noTickets,
  });
  let view = null;
  Object.assign(avatar, avatarOf(chats.me.username));
  name.textContent = chats.me.username;
  offerOtherLanguage(language);
  logOut.onclick = () => payam.logOut();
  begin.onclick = () =>
    beginConversation(chats, (record) => {
      chats.put(record);
      location.hash = `#/${record.id}`;
    });

  list.onscroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = list;
    if (scrollHeight - scrollTop - clientHeight < NEAR) chats.more().catch(() => {});
  };

  function render() {
    chats.currentId = Number(location.hash.slice(2)); // like `#/12`
    const { current, unread } = chats;
    if (!current) chats.visit();
    // First: what is hidden, as it is on a phone, can be neither scrolled nor focused.
    main.classList.toggle("has-conversation", Boolean(current));
    if (view?.chat !== current) open(current);
    view?.render();
    desk.render(chats.currentId);
    list.hidden = desk.isOpen;
    drawConversations(list, chats);
    empty.hidden = desk.isOpen || !chats.isLoaded || chats.list.length > 0;
    document.title = (unread > 0 ? `(${number(unread)}) ` : "") + say("payam");
  }

  function open(chat) {
    view?.close();
    view = chat ? conversationView(chats, chat) : null;
    pane.replaceChildren(view?.content ?? nothing);
    if (!chat) return;
    chat.open();
    view.render();
    view.focus();
  }

  return { chats, desk, content, render, attach: () => view?.attach ?? null };
}

payam.on("signedOut", () => signIn());
takeFiles(() => page?.attach() ?? null);
addEventListener("hashchange", draw);
document.addEventListener("visibilitychange", () => {
  draw();
  look();
});
addEventListener("storage", ({ key }) => {
  // Another tab has signed in or out. A mere renewal of tokens changes nothing here.
  if (key === TOKENS && payam.subject !== subject) location.reload();
});
addEventListener("beforeunload", (event) => {
  if (page?.chats.isBusy) event.preventDefault(); // files on their way would be lost
});

if (payam.isSignedIn) {
  enter().catch((error) => {
    if (error.status === 401) return signIn(say("signedOut"));
    // The server is away: the page itself was in the browser's cache, or it restarts.
    show(clone("notice").content);
    setTimeout(() => location.reload(), 3000);
  });
} else {
  signIn();
}
