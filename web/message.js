// The rows of a conversation: a day, a message, a message or a file on its way.

import { avatarOf } from "./avatar.js";
import { clone, complain, make } from "./dom.js";
import { explain } from "./explain.js";
import { linked } from "./links.js";
import { previewed } from "./pictures.js";
import { day, percent, say, size, time } from "./strings.js";

const GROUP = 5 * 60_000; // milliseconds in which one sender's messages stand together

/**
 * Everything that the conversation shows, in order; `actions` are what a message's buttons do,
 * `pins` knows which are pinned. The line of what is unread stands before the message `lineAt`,
 * and `targetId` is the one that somebody has gone to, where there are such.
 */
export function rowsOf(chat, actions, { pins, lineAt, targetId }) {
  const rows = [];
  const { others } = chat;
  let last = null;
  for (const message of chat.thread.messages) {
    const today = day(message.timestamp);
    if (!last || day(last.timestamp) !== today) {
      rows.push({ made: dayRow, key: `d${message.id}`, today });
      last = null;
    }
    if (message.id === lineAt) {
      rows.push({ made: lineRow, key: "line" });
      last = null;
    }
    rows.push({
      made: messageRow,
      key: message.key,
      message,
      chat,
      actions,
      isPinned: pins.has(message),
      isTarget: message.id === targetId,
      isFirst: last?.sender !== message.sender || apart(last, message) > GROUP,
      isGroup: others.length > 1,
      isRead: chat.isOwn(message) && chat.isRead(message),
    });
    for (const upload of chat.uploads.of(message.id)) {
      if (isThere(upload, message)) continue;
      rows.push({ made: uploadRow, key: upload, chat, ...upload });
    }
    last = message;
  }
  for (const entry of chat.sending.unseen) {
    rows.push({ made: pendingRow, key: entry.clientId, chat, entry, error: entry.error });
  }
  return rows;
}

/** The socket may tell of a file before its upload is answered. */
function isThere({ file, error }, { attachments }) {
  return !error && attachments.some((one) => one.name === file.name && one.size === file.size);
}

function apart(one, other) {
  return new Date(other.timestamp) - new Date(one.timestamp);
}

function dayRow({ today }) {
  return make("day-row", { today });
}

function lineRow() {
  return make("line-row");
}

function messageRow({ message, chat, actions, isPinned, isTarget, isFirst, isGroup, isRead }) {
  const { sender, content, timestamp, attachments, is_edited: isEdited, is_deleted: isDeleted } = message;
  const isOwn = chat.isOwn(message);
  const names = attachments.map((file) => file.name).join(", ");
  const isOnlyNames = attachments.length > 0 && sorted(content) === sorted(names);
  const isAgent = message.role === "agent"; // who is none of the participants
  const showsSender = (isGroup || isAgent) && isFirst && !isOwn;
  const pinning = say(isPinned ? "unpin" : "pin");
  const name = isAgent ? say("agentNamed", { name: sender }) : sender;
  return make("message-row", {
    row: {
      className: `message ${isOwn ? "own" : "other"} ${isFirst ? "first" : ""} ${isTarget ? "target" : ""}`,
      ariaCurrent: isTarget ? "true" : null,
    },
    avatar: { ...avatarOf(sender), hidden: !showsSender },
    bubble: { className: `bubble ${isDeleted ? "deleted" : ""} ${isOnlyNames ? "only-files" : ""}` },
    sender: { textContent: isOwn ? say("you") : name, className: showsSender ? "sender" : "unseen" },
    text: isDeleted ? say("deleted") : linked(content),
    files: attachments.map((attachment) => fileOf(chat, attachment)),
    edited: { hidden: !isEdited || isDeleted },
    moment: { textContent: time(timestamp), dateTime: timestamp },
    mark: isOwn && !isDeleted ? make(isRead ? "read" : "sent") : "",
    buttons: { hidden: isDeleted },
    pin: { ariaLabel: pinning, title: pinning, onclick: () => actions.pin(message, !isPinned) },
    edit: { hidden: !isOwn, onclick: () => actions.edit(message) },
    remove: { hidden: !isOwn, onclick: () => actions.remove(message) },
  });
}

function pendingRow({ chat, entry, error }) {
  const again = () => chat.retry(entry.clientId);
  const discard = () => chat.discard(entry.clientId);
  const state = error ? problem(error, again, discard) : make("queued");
  return make("pending-row", { text: linked(entry.text), state });
}

function uploadRow({ key: upload, chat, file, share, error }) {
  const { name } = file;
  const { uploads } = chat;
  const bar = { value: share, ariaLabel: say("uploading", { name }) };
  const discard = () => uploads.discard(upload).catch(complain);
  const label = say("cancelUpload", { name });
  const cancel = { ariaLabel: label, title: label, onclick: discard };
  const state = error
    ? problem(error, () => uploads.send(upload), discard)
    : make("progress", { bar, cancel });
  return make("upload-row", { name, share: error ? "" : percent(share), state });
}

function problem(error, again, discard) {
  return make("problem", {
    text: say("failed", { why: explain(error) }),
    retry: { onclick: again },
    discard: { onclick: discard },
  });
}

/** Files come in the order in which their uploads end. */
function sorted(names) {
  return names.split(", ").sort().join();
}

function fileOf(chat, attachment) {
  const { name, size: bytes } = attachment;
  const label = say("download", { name });
  const { content, picture } = clone("attachment", {
    name,
    size: size(bytes),
    link: { ariaLabel: label, title: label, onclick: () => save(chat, attachment).catch(complain) },
  });
  previewed(chat.api, attachment, picture);
  return content;
}

/** The file needs the token, so a link alone would not do. */
async function save(chat, attachment) {
  const href = URL.createObjectURL(await chat.api.download(attachment));
  Object.assign(document.createElement("a"), { href, download: attachment.name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
