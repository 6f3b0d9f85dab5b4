// The pinned messages of the conversation that is looked at, and the bar with the last of them.

import { complain, latest } from "./dom.js";
import { may } from "./rights.js";
import { inShort } from "./sounds.js";
import { say } from "./strings.js";

/** `parts` are those of the bar; `show` goes to the message of an id. */
export function pinsOf(account, chat, { bar, text, unpin }, show) {
  const { api, id } = chat;
  let pinned = []; // the last pinned first
  let isRead = false;
  const last = latest(); // changes may have come since the others were asked

  async function read() {
    isRead = false;
    const answer = await last(api.pins(id));
    if (!answer) return;
    isRead = true;
    become(answer);
  }

  const readAgain = () => read().catch(() => {}); // without a connection: once there is one
  const rest = (messageId) => pinned.filter((message) => message.id !== messageId);
  const drop = ({ message_id: messageId }) => (isRead ? become(rest(messageId)) : readAgain());

  function become(list) {
    pinned = list;
    chat.changed();
  }

  const listening = [
    chat.on("pinned", ({ message_id: messageId }) => {
      const message = chat.thread.find(messageId);
      if (isRead && message) become([message, ...rest(messageId)]);
      else readAgain();
    }),
    chat.on("unpinned", drop),
    chat.on("deleted", drop),
    chat.on("edited", ({ message: { id: messageId, content } }) => {
      if (!isRead) readAgain();
      else become(pinned.map((one) => (one.id === messageId ? { ...one, content } : one)));
    }),
    chat.on("reset", readAgain),
    account.on("resumed", () => isRead || readAgain()),
  ];
  readAgain();

  function put(message, isPinned) {
    const done = isPinned ? api.pin(id, message.id) : api.unpin(id, message.id);
    done.catch(complain);
  }

  text.onclick = () => show(pinned[0].id);
  unpin.onclick = () => put(pinned[0], false);

  return {
    has: (message) => pinned.some((one) => one.id === message.id),
    put,
    render() {
      bar.hidden = pinned.length === 0;
      unpin.hidden = !may(chat.record, "pin");
      const content = inShort(pinned[0]?.content ?? "");
      if (text.textContent === content) return;
      text.textContent = content;
      text.ariaLabel = say("pinnedMessage", { text: content });
    },
    close: () => listening.forEach((off) => off()),
  };
}
