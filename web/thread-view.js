// A message and the replies to it, beside the conversation; on a phone over it.

import { clone, complain, reconcile } from "./dom.js";
import { Thread } from "./client/thread.js";
import { draftOf, keepDraft } from "./drafts.js";
import { lengthOf, limits } from "./limits.js";
import { rowsOf } from "./message.js";
import { whenPressed } from "./pressing.js";
import { number, say } from "./strings.js";

const PAGE = 50;

/**
 * The panel with the thread of the message `id`. `actions` and `pins` are the view's; `ended` is
 * called when it is closed. `render` draws what has changed.
 */
export function threadView(chat, id, { actions, pins, ended }) {
  const { content, panel, title, close, log, rows, more, form, box, send } = clone("thread");
  const replies = new Thread();
  const top = new Thread();
  const draft = { id: `${chat.id}.${id}`, me: chat.me };
  let isWhole = true;
  let isClosed = false;

  const isAnswer = (message) => message.reply_to?.id === id;
  const both = [replies, top];
  const off = [
    chat.on("message", (frame) => isAnswer(frame) && isWhole && replies.message(frame)),
    chat.on("edited", (frame) => both.forEach((one) => one.edited(frame))),
    chat.on("deleted", (frame) => both.forEach((one) => one.deleted(frame))),
    chat.on("attachment", (frame) => both.forEach((one) => one.attachment(frame))),
    chat.on("reacted", (frame) => both.forEach((one) => one.reaction(frame, 1, frame.user === chat.me.username))),
    chat.on("unreacted", (frame) => both.forEach((one) => one.reaction(frame, -1, frame.user === chat.me.username))),
    chat.on("reset", () => begin().catch(complain)),
  ];

  async function begin() {
    const [message, page] = await Promise.all([
      chat.api.json("GET", `/api/conversations/${chat.id}/messages/${id}/`),
      chat.api.replies(chat.id, id, { limit: PAGE }),
    ]);
    top.begin([message], { hasEarlier: false, hasLater: false });
    took(page);
    replies.begin(page, { hasEarlier: false, hasLater: false });
    render();
    log.scrollTop = log.scrollHeight;
  }

  async function readMore() {
    const page = await chat.api.replies(chat.id, id, { limit: PAGE, after: replies.messages.at(-1)?.id });
    took(page);
    replies.extend(page, false);
    render();
  }

  function took(page) {
    isWhole = page.length < PAGE;
  }

  /** One's own messages are here before the server has sent them to everybody. */
  const isPending = ({ replyTo, clientId }) => replyTo === id && !replies.messages.some(({ key }) => key === clientId);

  const partOf = (thread, pending) => ({
    range: () => ({ messages: thread.messages, begin: 0, end: thread.messages.length }),
    pending: () => pending,
  });

  function render() {
    if (isClosed || !replies.isLoaded) return;
    const all = replies.messages;
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    const drawn = [
      ...rowsOf(chat, partOf(top, []), actions, { pins }),
      ...rowsOf(chat, partOf(replies, chat.sending.unseen.filter(isPending)), actions, { pins }),
    ];
    // The first replies may be of the same day as the message: its row stands there once.
    const days = drawn.map(({ today }) => today);
    const items = drawn.filter(({ today }, place) => !today || days.indexOf(today) === place);
    reconcile(rows, items, (row) => row.made(row));
    const count = all.filter((message) => !message.is_deleted).length;
    title.textContent = say("replyCount", { count: `${number(count)}${isWhole ? "" : "+"}` });
    more.hidden = isWhole;
    send.disabled = lengthOf(box.value.trim()) > limits.message_max_length;
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  }

  function end() {
    if (isClosed) return;
    isClosed = true;
    off.forEach((stop) => stop());
    keepDraft(draft, box.value);
    panel.remove();
    ended();
  }

  form.onsubmit = (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!text || lengthOf(text) > limits.message_max_length) return;
    chat.send(text, { replyTo: id }).catch(() => {}); // its row says what went wrong
    box.value = "";
    keepDraft(draft, "");
    render();
    log.scrollTop = log.scrollHeight;
  };
  box.placeholder = say("replyHere");
  box.value = draftOf(draft);
  box.oninput = () => {
    keepDraft(draft, box.value);
    render();
  };
  box.onkeydown = (event) => {
    if (event.isComposing || event.key !== "Enter" || event.shiftKey) return;
    if (matchMedia("(pointer: fine)").matches) form.onsubmit(event);
  };
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    end();
  });
  whenPressed(rows, "li.message", (row, place) => {
    const message = [...top.messages, ...replies.messages].find(({ key }) => key === row.dataset.key);
    if (message && !message.is_deleted) actions.menu(message, row, place);
  });
  close.onclick = end;
  more.onclick = () => readMore().catch(complain);
  begin().catch((error) => {
    complain(error);
    end();
  });

  return {
    id,
    content,
    render,
    close: end,
    focus: () => (matchMedia("(pointer: fine)").matches ? box : close).focus(),
  };
}
