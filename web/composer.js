// Where one writes: a text that grows, files, and the message that is being edited.

import { clone, complain, make, notify } from "./dom.js";
import { lengthOf, limits } from "./limits.js";
import { number, say, size } from "./strings.js";

const TYPING_EVERY = 3000;
const CLOSE = 0.9; // of the longest message, from which on the room that is left is shown
const drafts = new WeakMap(); // what is half written, by conversation
const hasKeyboard = matchMedia("(pointer: fine)");

/** `sent` is called when something was. */
export function composerOf(chat, sent) {
  const { content, form, banner, stop, chips, picker, attach, box, room, send } = clone("composer");
  let files = [];
  let edited = null;
  let typedAt = 0;
  box.placeholder = say("message");
  box.value = drafts.get(chat) ?? "";

  /** Write anew, or what there is of the message. */
  function edit(message) {
    edited = message;
    banner.hidden = !message;
    attach.hidden = Boolean(message);
    write(message?.content ?? "");
  }

  function write(text) {
    box.value = text;
    grow();
    box.focus();
  }

  function grow() {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
    const most = limits.message_max_length;
    const left = most - lengthOf(box.value.trim());
    send.disabled = left < 0;
    box.ariaInvalid = left < 0 ? "true" : null;
    room.hidden = left > most * (1 - CLOSE);
    room.className = left < 0 ? "room over" : "room";
    room.textContent = room.hidden ? "" : say(left < 0 ? "over" : "left", { count: number(Math.abs(left)) });
  }

  form.onsubmit = (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (lengthOf(text) > limits.message_max_length) return;
    if (edited) {
      const { id, content: before } = edited;
      if (!text) return;
      edit(null);
      if (text !== before) chat.edit(id, text).catch(complain);
    } else if (text || files.length > 0) {
      if (!files.every(fits)) return;
      chat.send(text, { files }).catch(() => {}); // its row says what went wrong
      show([]);
      write("");
      tellTyping(false);
      sent();
    }
  };

  box.onkeydown = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && hasKeyboard.matches) {
      form.onsubmit(event);
    } else if (event.key === "Escape" && edited) {
      edit(null);
    } else if (event.key === "ArrowUp" && box.value === "" && !edited) {
      const last = chat.thread.messages.findLast((one) => chat.isOwn(one) && !one.is_deleted);
      if (!last) return;
      event.preventDefault();
      edit(last);
    }
  };

  box.oninput = () => {
    grow();
    if (!edited) tellTyping(box.value !== "");
  };
  box.onblur = () => tellTyping(false);

  function tellTyping(isTyping) {
    const isNews = isTyping ? Date.now() - typedAt > TYPING_EVERY : typedAt > 0;
    if (!isNews) return;
    typedAt = isTyping ? Date.now() : 0;
    chat.typing(isTyping);
  }

  attach.onclick = () => picker.click();
  picker.onchange = () => {
    add(picker.files);
    picker.value = "";
  };
  stop.onclick = () => edit(null);

  function add(these) {
    show([...files, ...[...these].filter(fits)]);
    box.focus();
  }

  /** Whether the server will take it; else nothing is sent, and it is said why. */
  function fits({ name, size: bytes }) {
    const most = limits.attachment_max_size;
    if (bytes > most) notify(say("fileTooLarge", { name, most: size(most) }));
    return bytes <= most;
  }

  /** The files that go with the message. */
  function show(these) {
    files = these;
    chips.replaceChildren(...files.map(chip));
  }

  function chip(file) {
    const label = say("removeFile", { name: file.name });
    const onclick = () => {
      show(files.filter((one) => one !== file));
      box.focus();
    };
    return make("chip", {
      name: file.name,
      size: size(file.size),
      remove: { ariaLabel: label, title: label, onclick },
    });
  }

  return {
    content,
    edit,
    attach: add,
    focus: () => box.focus(),
    /** The conversation is left: what is half written stays with it. */
    close: () => {
      drafts.set(chat, edited ? "" : box.value);
      tellTyping(false);
    },
  };
}
