// The list of conversations: who, what was said last, how much of it is unread.

import { avatarOfChat, nameOf, typingIn } from "./avatar.js";
import { make, reconcile } from "./dom.js";
import { draftOf } from "./drafts.js";
import { numberRows, rangeOf } from "./long-list.js";
import { inShort } from "./sounds.js";
import { apart, number, say, sayApart, timeOrDate } from "./strings.js";

/** What the list may be narrowed to. */
export const FILTERS = {
  all: () => true,
  unread: ({ record }) => record.unread_count > 0,
  people: ({ record }) => isOfTwo(record),
  groups: ({ record }) => !isOfTwo(record),
};

const isOfTwo = (record) => record.direct || (record.participant_count === 2 && !record.title);

/** Those that are archived, or the others; of these the pinned ones are on top. Returns how many there are. */
export function drawConversations(list, account, { current, isArchive, filter }) {
  const isShown = FILTERS[filter];
  // What is looked at stays where it is, though it is read by that.
  const fits = (chat) => Boolean(chat.record.archived) === isArchive && (isShown(chat) || chat === current);
  const shown = account.conversations.filter(fits);
  const onTop = shown.filter(({ record }) => record.pinned && !isArchive);
  const all = [...new Set([...onTop, ...shown])];
  const { begin, end } = rangeOf(list, all.length);
  const items = all.slice(begin, end).map((chat) => ({
    key: chat.id,
    chat,
    record: chat.record,
    isCurrent: chat === current,
    isMuted: isMuted(chat),
    isOnline: isOnline(account, chat),
    typing: typingIn(chat),
    draft: chat === current ? "" : draftOf(chat).trim(),
  }));
  reconcile(list, items, row);
  numberRows(list.children, begin, account.isComplete ? all.length : -1);
  return all.length;
}

export function isMuted({ record }) {
  return Boolean(record.muted_until) && Date.parse(record.muted_until) > Date.now();
}

/** Of a conversation of two: whether the other is there. */
export function isOnline(account, chat) {
  return chat.others.length === 1 && account.presence.of(chat.others[0])?.status === "online";
}

function row({ chat, record, isCurrent, isMuted: isQuiet, isOnline: isThere, typing, draft }) {
  const { last_message: last, unread_count: unread } = record;
  const name = nameOf(chat);
  return make("conversation-row", {
    link: {
      href: `#/${chat.id}`,
      className: `entry ${unread > 0 ? "unread" : ""} ${isQuiet ? "quiet" : ""}`,
      ariaCurrent: isCurrent ? "page" : null,
    },
    avatar: avatarOfChat(chat),
    online: { hidden: !isThere, title: say("online") },
    name,
    moment: last ? { textContent: timeOrDate(last.timestamp), dateTime: last.timestamp } : "",
    preview: typing ? { textContent: typing, className: "preview typing" } : preview(chat, last, draft),
    named: { hidden: !(record.unread_mentions > 0) },
    muted: { hidden: !isQuiet },
    pinned: { hidden: !record.pinned || record.archived },
    menu: { ariaLabel: say("optionsOf", { name }), title: say("options") },
    badge: countOf(unread),
  });
}

function preview(chat, last, draft) {
  if (draft) return sayApart("draft", { text: draft });
  if (!last) return say("noMessages");
  const text = inShort(last.content) || say("deleted");
  return last.sender.username === chat.me.username ? sayApart("youSaid", { text }) : apart(text);
}

/** The badge with that many unread messages. */
export function countOf(unread) {
  const count = number(unread);
  return { hidden: unread === 0, textContent: count, ariaLabel: say("unread", { count }) };
}
