// The rows of a conversation: a day, a message, a message or a file on its way.

import { avatarOf, personOf, shownName } from "./avatar.js";
import { matchesIn } from "./folding.js";
import { clone, complain, make } from "./dom.js";
import { explain } from "./explain.js";
import { later } from "./later.js";
import { linked } from "./links.js";
import { isPicture, previewed } from "./pictures.js";
import { inShort, isFilm, isSound, isVoiceName } from "./sounds.js";
import { day, length, number, percent, say, size, time } from "./strings.js";

const GROUP = 5 * 60_000; // milliseconds in which one sender's messages stand together

/**
 * What the conversation shows of `part`, in order; `actions` are what a message's buttons do,
 * `pins` knows which are pinned. The line of what is unread stands before the message `lineAt`,
 * and `targetId` is the one that somebody has gone to, where there are such.
 */
export function rowsOf(chat, part, actions, { pins, lineAt, targetId }) {
  const rows = [];
  const { others } = chat;
  const { messages, begin, end } = part.range();
  const people = new Map(chat.record.participants.map((one) => [one.username, one]));
  let last = null;
  for (const message of messages.slice(begin, end)) {
    const today = day(message.timestamp);
    if (!last || day(last.timestamp) !== today) {
      rows.push({ made: dayRow, key: `d${message.id}`, today });
      last = null;
    }
    if (message.id === lineAt) {
      rows.push({ made: lineRow, key: "line" });
      last = null;
    }
    const who = people.get(message.sender) ?? personOf(chat, message.sender);
    rows.push({
      made: messageRow,
      key: message.key,
      message,
      chat,
      actions,
      name: shownName(who),
      face: who.avatar_url,
      isPinned: pins.has(message),
      isTarget: message.id === targetId,
      isFirst: last?.sender !== message.sender || apart(last, message) > GROUP,
      isGroup: others.length > 1,
      isRead: chat.isOwn(message) && chat.isRead(message),
    });
    for (const upload of chat.uploads.of(message.id)) {
      if (isThere(upload, message)) continue;
      rows.push({ made: uploadRow, moved: moveBar, key: upload, chat, ...upload });
    }
    last = message;
  }
  for (const entry of part.pending()) {
    rows.push({ made: pendingRow, key: entry.clientId, chat, actions, entry, error: entry.error });
  }
  return rows;
}

/** The socket may bring a file before its upload is answered. */
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

function messageRow({ message, chat, actions, name: shown, face, isPinned, isTarget, isFirst, isGroup, isRead }) {
  const { sender, content, timestamp, attachments, is_edited: isEdited, is_deleted: isDeleted } = message;
  const { reactions = [], metadata } = message;
  const isOwn = chat.isOwn(message);
  const names = attachments.map((file) => file.name).join(", ");
  const isOnlyNames = attachments.length > 0 && sorted(content) === sorted(names);
  const isAgent = message.role === "agent"; // who is none of the participants
  const showsSender = (isGroup || isAgent) && isFirst && !isOwn;
  const isNote = message.internal === true;
  const isOfDesk = isAgent && metadata?.desk; // the desk itself wrote it, and nobody else
  const ofAgent = isNote ? say("noteOf", { name: shown }) : isOfDesk ? say("automatic") : say("agentNamed", { name: shown });
  const name = isAgent ? ofAgent : shown;
  return make("message-row", {
    row: {
      className: `message ${isOwn ? "own" : "other"} ${isFirst ? "first" : ""} ${isTarget ? "target" : ""}`,
      ariaCurrent: isTarget ? "true" : null,
    },
    avatar: facing(avatarOf(shown, face), { isShown: showsSender, isThere: (isGroup || isAgent) && !isOwn }),
    bubble: { className: `bubble ${isDeleted ? "deleted" : ""} ${isOnlyNames ? "only-files" : ""} ${isNote ? "note" : ""}` },
    sender: { textContent: isOwn && !isNote ? say("you") : name, className: showsSender || isNote ? "sender" : "unseen" },
    ...quoteOf(message, actions, chat),
    text: isDeleted ? say("deleted") : linked(content).flatMap((part) => mentioned(part, message.mentions, chat)),
    reactions: reactions.map((one) => reactionOf(one, () => actions.react(message, one.emoji))),
    ...threadOf(message, actions),
    files: attachments.map((attachment) => fileOf(chat, attachment, metadata?.voice)),
    edited: { hidden: !isEdited || isDeleted },
    moment: { textContent: time(timestamp), dateTime: timestamp },
    mark: isOwn && !isDeleted && !isNote ? make(isRead ? "read" : "sent") : "",
    buttons: { hidden: isDeleted },
    react: { onclick: ({ currentTarget }) => actions.menu(message, currentTarget, null, true) },
    reply: { onclick: () => actions.reply(message) },
    more: { onclick: ({ currentTarget }) => actions.menu(message, currentTarget, null) },
  });
}

/** Of several messages of one sender the first has the avatar; the others keep its room. */
function facing({ className, textContent }, { isShown, isThere }) {
  return { textContent: isShown ? textContent : "", className: isShown ? className : "avatar", hidden: !isThere };
}

/** What the message replies to, which is gone to by a click. */
function quoteOf({ reply_to: parent }, actions, chat) {
  if (!parent) return {};
  const { id, sender, content, is_deleted: isDeleted } = parent;
  return {
    quote: { hidden: false, title: say("goToQuoted"), onclick: () => actions.show(id) },
    quoted: sender ? shownName(personOf(chat, sender.username)) : "",
    quotedText: isDeleted ? say("deleted") : inShort(content ?? "…"),
  };
}

/** How many replies a message has, which are shown by a click. */
function threadOf({ id, reply_count: count }, actions) {
  if (!(count > 0)) return {};
  const text = say("replyCount", { count: number(count) });
  return { replies: { hidden: false, textContent: text, onclick: () => actions.thread(id) } };
}

function reactionOf({ emoji, count, me }, onclick) {
  const shown = number(count);
  return make("reaction", {
    button: { ariaPressed: String(me), ariaLabel: say("reactionCount", { emoji, count: shown }), onclick },
    emoji,
    count: shown,
  });
}

/** A part of a text, with the names in it that mention somebody. */
function mentioned(part, mentions = [], chat) {
  if (typeof part !== "string" || mentions.length === 0) return [part];
  return part.split(/(@[^\s@]+)/u).flatMap((word) => {
    const found = word.startsWith("@") ? nameIn([...word.slice(1)], mentions) : null;
    if (!found) return [word];
    const { user, name, rest } = found;
    const className = user.id === chat.me.id ? "mention me" : "mention";
    return [make("mention", { name: { textContent: `@${name}`, className } }), rest];
  });
}

/** The longest name at the beginning of these signs, and what follows it, like a comma. */
function nameIn(signs, mentions) {
  return mentions
    .map((user) => ({ user, end: matchesIn(signs.join(""), user.username).find(([begin]) => begin === 0)?.[1] ?? 0 }))
    .filter(({ end }) => end > 0 && !/[\p{L}\p{N}_]/u.test(signs[end] ?? ""))
    .sort((one, other) => other.end - one.end)
    .map(({ user, end }) => ({ user, name: signs.slice(0, end).join(""), rest: signs.slice(end).join("") }))[0];
}

function pendingRow({ chat, entry, error, actions }) {
  const again = () => chat.retry(entry.clientId);
  const discard = () => chat.discard(entry.clientId);
  const state = error ? problem(error, again, discard) : make("queued");
  const quote = quoteOf({ reply_to: chat.thread.quote(entry.replyTo) }, actions, chat);
  return make("pending-row", { ...quote, text: linked(entry.text), state });
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

/** The row stays: otherwise its button would be another one by the time it is released. */
function moveBar(row, before, { share, error }) {
  if (before.error || error) return false;
  row.querySelector("progress").value = share;
  row.querySelector("[data-part=share]").textContent = percent(share);
  return true;
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

function fileOf(chat, attachment, voice) {
  const { name, size: bytes, duration } = attachment;
  const isVoice = isSound(attachment) && isVoiceName(name);
  const label = say("download", { name });
  const { content, picture, link } = clone("attachment", {
    name,
    size: isFilm(attachment) && duration ? `${size(bytes)} · ${length(duration)}` : size(bytes),
    link: { ariaLabel: label, title: label, onclick: () => save(chat, attachment).catch(complain) },
    look: { ariaLabel: say("look", { name }), onclick: () => look(chat, attachment) },
  });
  previewed(chat, attachment, picture);
  if (isVoice) link.hidden = true; // its menu saves it
  if (isSound(attachment) || isFilm(attachment)) content.prepend(played(chat, attachment, isVoice ? voice : undefined));
  return content;
}

/** A place for a player, which comes a little later. */
function played(chat, attachment, voice) {
  const place = Object.assign(document.createElement("span"), { className: isSound(attachment) ? "sound" : "film" });
  const show = ({ soundPlayer, filmPlayer }) => {
    place.append(isSound(attachment) ? soundPlayer(chat, attachment, voice) : filmPlayer(chat, attachment));
  };
  later(() => import("./player.js")).then(show, () => {});
  return place;
}

function look(chat, attachment) {
  if (!isPicture(attachment)) return;
  const open = ({ openViewer }) => openViewer(chat, attachment, (one) => save(chat, one).catch(complain));
  later(() => import("./viewer.js")).then(open, complain);
}

/** The file needs the token, so a link alone would not do. */
export async function save(chat, attachment) {
  const href = URL.createObjectURL(await chat.download(attachment));
  Object.assign(document.createElement("a"), { href, download: attachment.name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
