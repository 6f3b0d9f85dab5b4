// The rows of a conversation: a day, a message, a message or a file on its way.

import { avatar } from "/web/avatar.js";
import { element, icon, iconButton } from "/web/dom.js";
import { namesOf } from "/web/chat.js";
import { day, explain, percent, say, size, time } from "/web/strings.js";

const GROUP = 5 * 60_000; // milliseconds in which one sender's messages stand together

/** Everything that the conversation shows, in order; `do` holds what a row's buttons do. */
export function rowsOf(chat, actions) {
  const rows = [];
  let last = null;
  for (const message of chat.thread.messages) {
    const today = day(message.timestamp);
    if (!last || day(last.timestamp) !== today) {
      rows.push({ kind: "day", key: `d${message.id}`, text: today });
      last = null;
    }
    const isOwn = message.sender === chat.me.username;
    rows.push({
      kind: "message",
      key: message.key,
      message,
      chat,
      actions,
      isOwn,
      isFirst: !last || last.sender !== message.sender || apart(last, message) > GROUP,
      isGroup: chat.others.length > 1,
      isRead: isOwn && chat.isRead(message),
    });
    for (const upload of chat.uploads.filter((one) => one.messageId === message.id)) {
      rows.push({ kind: "upload", key: upload.file, upload, chat });
    }
    last = message;
  }
  for (const entry of chat.unseen) rows.push({ kind: "pending", key: entry.clientId, entry, chat });
  return rows;
}

/** Files come in the order in which their uploads end. */
function sorted(names) {
  return names.split(", ").sort().join();
}

function apart(one, other) {
  return new Date(other.timestamp) - new Date(one.timestamp);
}

export function render(row, old) {
  const made = RENDERERS[row.kind](row);
  if (!old?.contains(document.activeElement)) return made;
  // It is looked at from the keyboard: keep the row, so that focus stays in it.
  old.className = made.className;
  old.replaceChildren(...made.childNodes);
  old.focus();
  return old;
}

const RENDERERS = {
  day: ({ text }) => element("li", { class: "day" }, element("span", {}, text)),

  message: ({ message, chat, actions, isOwn, isFirst, isGroup, isRead }) => {
    const { sender, content, timestamp, attachments, is_deleted: isDeleted } = message;
    const isOnlyNames = attachments.length > 0 && sorted(content) === sorted(namesOf(attachments));
    const showsSender = isFirst && !isOwn;
    return element(
      "li",
      { class: `message ${isOwn ? "own" : "other"} ${isFirst ? "first" : ""}`, tabindex: "-1" },
      showsSender && isGroup && avatar(sender),
      element(
        "div",
        { class: `bubble ${isDeleted ? "deleted" : ""}` },
        element("bdi", { class: isGroup && showsSender ? "sender" : "sender unseen" }, isOwn ? say("you") : sender),
        !isOnlyNames && element("p", { class: "text", dir: "auto" }, isDeleted ? say("deleted") : content),
        ...attachments.map((attachment) => attachmentOf(chat, attachment)),
        element(
          "span",
          { class: "meta" },
          message.is_edited && !isDeleted && element("span", {}, say("edited")),
          element("time", { datetime: timestamp }, time(timestamp)),
          isOwn && !isDeleted && mark(isRead ? "read" : "sent"),
        ),
      ),
      isOwn &&
        !isDeleted &&
        element(
          "span",
          { class: "actions" },
          iconButton("edit", say("edit"), () => actions.edit(message), { tabindex: "-1" }),
          iconButton("delete", say("delete"), () => actions.remove(message), { tabindex: "-1" }),
        ),
    );
  },

  pending: ({ entry, chat }) =>
    element(
      "li",
      { class: "message own pending first", tabindex: "-1" },
      element(
        "div",
        { class: "bubble" },
        element("bdi", { class: "sender unseen" }, say("you")),
        element("p", { class: "text", dir: "auto" }, entry.text),
        entry.error
          ? problem(entry.error, () => chat.again(entry), () => chat.discard(entry))
          : element("span", { class: "meta" }, mark("queued")),
      ),
    ),

  upload: ({ upload, chat }) => {
    const { file, share, error, messageId } = upload;
    const label = say("uploading", { name: file.name });
    return element(
      "li",
      { class: "message own pending" },
      element(
        "div",
        { class: "bubble" },
        element("span", { class: "file" }, icon("file"), element("bdi", {}, file.name), percent(share)),
        error
          ? problem(error, () => chat.upload(messageId, file))
          : element("progress", { max: 1, value: share, "aria-label": label }),
      ),
    );
  },
};

function mark(state) {
  return element("span", { class: `mark ${state}`, role: "img", "aria-label": say(state), title: say(state) }, icon(state));
}

function problem(error, again, discard) {
  return element(
    "span",
    { class: "problem" },
    icon("failed"),
    element("span", { dir: "auto" }, say("failed", { why: explain(error) })),
    element("button", { type: "button", on: { click: again } }, say("retry")),
    discard && element("button", { type: "button", on: { click: discard } }, say("discard")),
  );
}

const IMAGE = /^image\/(png|jpeg|gif|webp|avif)$/;
const PREVIEW_MOST = 4 * 1024 * 1024; // bytes of a picture that is shown without being asked for
const pictures = new Map(); // by address, so that a row that is drawn again does not load again

function attachmentOf(chat, attachment) {
  const { name, content_type: type } = attachment;
  const label = say("download", { name });
  const button = element(
    "button",
    { type: "button", class: "file", tabindex: "-1", "aria-label": label, title: label, on: { click: () => save(chat, attachment) } },
    icon("file"),
    element("bdi", {}, name),
    element("small", {}, size(attachment.size)),
  );
  if (!IMAGE.test(type) || attachment.size > PREVIEW_MOST) return button;
  const picture = element("img", { class: "picture", alt: name });
  if (!pictures.has(attachment.url)) {
    pictures.set(attachment.url, chat.payam.download(attachment).then(URL.createObjectURL));
  }
  pictures.get(attachment.url).then(
    (address) => picture.setAttribute("src", address),
    () => {
      pictures.delete(attachment.url);
      picture.remove(); // the button is there to try again
    },
  );
  return element("span", { class: "pictured" }, picture, button);
}

/** The file needs the token, so a link alone would not do. */
async function save(chat, attachment) {
  const address = URL.createObjectURL(await chat.payam.download(attachment));
  element("a", { href: address, download: attachment.name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
