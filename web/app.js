// Payam's page: who is signed in, which conversation is looked at, and drawing what has changed.

import { Chats } from "/web/chats.js";
import { ConversationList } from "/web/conversation-list.js";
import { ConversationView } from "/web/conversation-view.js";
import { beginConversation } from "/web/dialogs.js";
import { atNextFrame, element } from "/web/dom.js";
import { Payam } from "/web/payam-client.js";
import { signInScreen } from "/web/sign-in.js";
import { number, say } from "/web/strings.js";

const TOKENS = "payam.tokens";
const store = {
  load: () => JSON.parse(localStorage.getItem(TOKENS)),
  save: (tokens) => {
    if (tokens) localStorage.setItem(TOKENS, JSON.stringify(tokens));
    else localStorage.removeItem(TOKENS);
  },
};

const payam = new Payam({ store });
let screen = null;

/** What is on the page; `close` is called when something else takes its place. */
function show(next, content) {
  screen?.close();
  screen = next;
  document.title = say("payam");
  document.body.replaceChildren(content);
}

function signIn(notice) {
  show({ close: () => {} }, signInScreen(payam, enter, notice));
  document.querySelector("input").focus();
}

async function enter() {
  const me = await payam.me();
  const page = new Page(me);
  show(page, page.element);
  page.route();
}

class Page {
  #list;
  #view = null;
  #pane = element("div", { class: "pane" });
  #draw = atNextFrame(() => this.#render());
  #route = () => this.route();

  constructor(me) {
    this.chats = new Chats(payam, me, this.#draw);
    this.#list = new ConversationList(this.chats, () => this.#begin(), () => payam.logOut());
    this.element = element(
      "main",
      { class: "page" },
      element("h1", { class: "unseen" }, say("payam")),
      this.#list.element,
      this.#pane,
    );
    addEventListener("hashchange", this.#route);
    addEventListener("focus", this.#draw); // what is looked at again is read
    document.addEventListener("visibilitychange", this.#draw);
  }

  close() {
    removeEventListener("hashchange", this.#route);
    removeEventListener("focus", this.#draw);
    document.removeEventListener("visibilitychange", this.#draw);
    this.#view?.close();
    this.chats.close();
  }

  /** The address names the conversation: `#/12`. */
  route() {
    const id = Number(location.hash.match(/^#\/(\d+)$/)?.[1]) || null;
    this.chats.choose(id);
    this.#draw();
  }

  #begin() {
    beginConversation(this.chats, (record) => {
      this.chats.put(record);
      location.hash = `#/${record.id}`;
    });
  }

  #render() {
    const { currentId, unread } = this.chats;
    const chat = this.chats.get(currentId);
    this.element.classList.toggle("has-conversation", Boolean(chat));
    if (this.#view?.chat !== chat) this.#open(chat);
    this.#view?.render();
    this.#list.render();
    document.title = (unread > 0 ? `(${number(unread)}) ` : "") + say("payam");
  }

  #open(chat) {
    this.#view?.close();
    this.#view = chat ? new ConversationView(this.chats, chat) : null;
    this.#pane.replaceChildren(this.#view?.element ?? element("p", { class: "empty" }, say("choose")));
    if (!chat) return;
    this.chats.choose(chat.id); // where the address was there before the list
    this.#view.render();
    this.#view.focus();
  }
}

payam.on("signedOut", () => signIn());
addEventListener("storage", ({ key, oldValue, newValue }) => {
  // Another tab has logged in or out. A mere renewal of tokens changes nothing here.
  if (key === TOKENS && (oldValue === null || newValue === null)) location.reload();
});
addEventListener("beforeunload", (event) => {
  if (screen?.chats?.isBusy) event.preventDefault(); // files on their way would be lost
});

if (payam.isSignedIn) {
  enter().catch((error) => {
    if (error.status === 401) signIn(say("signedOut"));
    else retry();
  });
} else {
  signIn();
}

/** The server is away: the page itself was in the browser's cache, or it restarts. */
function retry() {
  const text = element("p", { class: "empty", role: "status" }, say("offline"));
  show({ close: () => {} }, element("main", {}, element("h1", { class: "unseen" }, say("payam")), text));
  setTimeout(() => location.reload(), 3000);
}
