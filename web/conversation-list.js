// The list of conversations: who, what was said last, how much of it is unread.

import { avatarOf, nameOf, typingIn } from "./avatar.js";
import { make, reconcile } from "./dom.js";
import { number, say, timeOrDate } from "./strings.js";

export function drawConversations(list, account, current) {
  const items = account.conversations.map((chat) => ({
    key: chat.id,
    chat,
    record: chat.record,
    isCurrent: chat === current,
    isOnline: isOnline(account, chat),
    typing: typingIn(chat),
  }));
  reconcile(list, items, row);
}

/** Of a conversation of two: whether the other is there. */
export function isOnline(account, chat) {
  return chat.others.length === 1 && account.presence.of(chat.others[0])?.status === "online";
}

function row({ chat, record, isCurrent, isOnline, typing }) {
  const { last_message: last, unread_count: unread } = record;
  const name = nameOf(chat);
  const count = number(unread);
  return make("conversation-row", {
    link: {
      href: `#/${chat.id}`,
      className: unread > 0 ? "entry unread" : "entry",
      ariaCurrent: isCurrent ? "page" : null,
    },
    avatar: avatarOf(name),
    online: { hidden: !isOnline, title: say("online") },
    name,
    moment: last ? { textContent: timeOrDate(last.timestamp), dateTime: last.timestamp } : "",
    preview: typing ? { textContent: typing, className: "preview typing", dir: "" } : preview(chat, last),
    badge: { hidden: unread === 0, textContent: count, ariaLabel: say("unread", { count }) },
  });
}

function preview(chat, last) {
  if (!last) return "";
  const text = last.content || say("deleted");
  return last.sender.username === chat.me.username ? say("youSaid", { text }) : text;
}
