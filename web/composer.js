// Where one writes: a text that grows, files, and the message that is being edited.

import { personOf, shownName } from "./avatar.js";
import { clone, complain, make, notify } from "./dom.js";
import { draftOf, keepDraft } from "./drafts.js";
import { DESK, later, laterOn } from "./later.js";
import { lengthOf, limits } from "./limits.js";
import { inShort } from "./sounds.js";
import { number, say, sayApart, size } from "./strings.js";

const TYPING_EVERY = 3000;
const CLOSE = 0.9; // of the longest message, from which on the room that is left is shown
const QUOTED = 100; // characters of the message that is replied to
const hasKeyboard = matchMedia("(pointer: fine)");
const canRecord = Boolean(globalThis.MediaRecorder && navigator.mediaDevices?.getUserMedia);

/** `sent` is called when something was. */
export function composerOf(chat, sent) {
  const { content, form, banner, what, stop, chips, picker, attach, box, room, send, hints, voice } = clone("composer");
  let files = [];
  let edited = null;
  let parent = null; // the message that is replied to
  let mentions = null; // once somebody has written an `@`
  let typedAt = 0;
  let isDeskComing = chat.me.is_staff; // what an agent has besides is on its way
  box.placeholder = say("message");
  box.value = draftOf(chat);

  /** Write anew, or what there is of the message. */
  function edit(message) {
    edited = message;
    parent = null;
    showBanner();
    attach.hidden = Boolean(message);
    write(message?.content ?? "");
  }

  /** Write an answer to that message. */
  function reply(message) {
    if (edited) edit(null);
    parent = message;
    showBanner();
    box.focus();
  }

  function showBanner() {
    banner.hidden = !edited && !parent;
    if (edited) what.replaceChildren(say("editing"));
    else if (parent) what.replaceChildren(...replyTo(parent));
  }

  function replyTo({ sender, content: said }) {
    return sayApart("replyingTo", { name: shownName(personOf(chat, sender)), text: inShort(said).slice(0, QUOTED) });
  }

  function end() {
    if (edited) return edit(null);
    parent = null;
    showBanner();
    box.focus();
  }

  function write(text) {
    box.value = text;
    if (!edited) keepDraft(chat, text);
    grow();
    box.focus();
  }

  /** An empty box offers to record instead. */
  function offer() {
    const isEmpty = canRecord && !edited && files.length === 0 && box.value.trim() === "";
    const hadFocus = document.activeElement === (isEmpty ? send : voice);
    voice.hidden = !isEmpty;
    send.hidden = isEmpty;
    if (hadFocus) box.focus();
  }

  function grow() {
    offer();
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
    const most = limits.message_max_length;
    const left = most - lengthOf(box.value.trim());
    send.disabled = left < 0;
    box.ariaInvalid = left < 0 ? "true" : null;
    room.hidden = most === Infinity || left > most * (1 - CLOSE); // the server may not have said it yet
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
      chat.send(text, { files, replyTo: parent?.id }).catch(() => {}); // its row says what went wrong
      show([]);
      parent = null;
      showBanner();
      write("");
      sendTyping(false);
      sent();
    }
  };

  box.onkeydown = (event) => {
    if (event.isComposing || mentions?.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && hasKeyboard.matches) {
      if (isDeskComing && /^\/\S*$/.test(box.value)) event.preventDefault(); // it may be the name of a stored answer
      else form.onsubmit(event);
    } else if (event.key === "Escape" && (edited || parent)) {
      end();
    } else if (event.key === "ArrowUp" && box.value === "" && !edited) {
      const last = chat.thread.messages.findLast((one) => chat.isOwn(one) && !one.is_deleted);
      if (!last) return;
      event.preventDefault();
      edit(last);
    }
  };

  /** A note of staff is no message: it shows nobody that one types, and is not kept as one. */
  const isMessage = () => !edited && !form.classList.contains("noting");

  box.oninput = () => {
    grow();
    if (isMessage()) sendTyping(box.value !== "");
    if (isMessage()) keepDraft(chat, box.value);
    if (mentions) mentions.look();
    else if (box.value.includes("@")) later(() => import("./mentions.js")).then(complete, () => {});
  };

  function complete({ completeMentions }) {
    mentions ??= completeMentions(chat, box, hints);
    mentions.look();
  }
  box.onblur = () => sendTyping(false);

  function sendTyping(isTyping) {
    const isNews = isTyping ? Date.now() - typedAt > TYPING_EVERY : typedAt > 0;
    if (!isNews) return;
    typedAt = isTyping ? Date.now() : 0;
    chat.typing(isTyping);
  }

  async function recordVoice({ record }) {
    const recorded = await record(form);
    box.focus();
    if (!recorded || !fits(recorded.file)) return;
    const { file, metadata } = recorded;
    chat.send("", { files: [file], metadata, replyTo: parent?.id }).catch(() => {}); // its row says what went wrong
    parent = null;
    showBanner();
    sent();
  }

  laterOn(voice, () => import("./voice.js"), recordVoice);
  attach.onclick = () => picker.click();
  picker.onchange = () => {
    add(picker.files);
    picker.value = "";
  };
  stop.onclick = end;

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
    offer();
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

  offer();
  if (isDeskComing) {
    const parts = { form, box, hints, send, attach };
    const came = ({ deskComposer }) => deskComposer(chat, parts, sent);
    later(() => import("./desk-composer.js"), DESK).then(came, () => {}).then(() => (isDeskComing = false));
  }

  return {
    content,
    edit,
    reply,
    attach: add,
    focus: () => box.focus(),
    /** The conversation is left: what is half written stays with it. */
    close: () => {
      if (isMessage()) keepDraft(chat, box.value);
      sendTyping(false);
      form.dispatchEvent(new Event("left")); // a recording ends
    },
  };
}
