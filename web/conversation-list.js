// The list of conversations: who, what was said last, how much of it is unread.

import { avatar, nameOf, typingIn } from "/web/avatar.js";
import { element, iconButton, reconcile } from "/web/dom.js";
import { language, number, say, switchLanguage, timeOrDate } from "/web/strings.js";

export class ConversationList {
  #list = element("ul");
  #empty = element("p", { class: "empty" }, say("noConversations"));

  /** `begin` and `logOut` are what its buttons do. */
  constructor(chats, begin, logOut) {
    this.chats = chats;
    this.element = element(
      "nav",
      { "aria-label": say("conversations") },
      element(
        "header",
        {},
        avatar(chats.me.username),
        element("strong", { dir: "auto" }, chats.me.username),
        iconButton("new", say("newConversation"), begin, { class: "icon-button accent" }),
        iconButton("leave", say("logOut"), logOut),
      ),
      this.#list,
      this.#empty,
      element(
        "footer",
        {},
        element(
          "button",
          { type: "button", class: "quiet", lang: language === "fa" ? "en" : "fa", on: { click: switchLanguage } },
          say("otherLanguage"),
        ),
      ),
    );
  }

  render() {
    const { list, currentId, isLoaded } = this.chats;
    const items = list.map((chat) => ({
      chat,
      record: chat.record,
      isCurrent: chat.id === currentId,
      typing: typingIn(chat),
    }));
    reconcile(this.#list, items, ({ chat }) => chat.id, row);
    this.#empty.hidden = !isLoaded || list.length > 0;
  }
}

function row({ chat, record, isCurrent, typing }, old) {
  const { last_message: said, unread_count: unread } = record;
  const name = nameOf(chat);
  const isOwn = said?.sender.username === chat.me.username;
  const preview = !said ? "" : said.content || say("deleted");
  const link = element(
    "a",
    { href: `#/${chat.id}`, "aria-current": isCurrent && "page", class: unread > 0 && "unread" },
    avatar(name),
    element("bdi", { class: "name" }, name),
    said && element("time", { datetime: said.timestamp }, timeOrDate(said.timestamp)),
    typing
      ? element("span", { class: "preview typing" }, typing)
      : element(
          "span",
          { class: "preview", dir: "auto" },
          isOwn ? say("youSaid", { text: preview }) : preview,
        ),
    unread > 0 && element("span", { class: "badge", "aria-label": say("unread", { count: number(unread) }), role: "img" }, number(unread)),
  );
  if (!old) return element("li", {}, link);
  const hadFocus = old.contains(document.activeElement);
  old.replaceChildren(link);
  if (hadFocus) link.focus();
  return old;
}
