// Where one writes: a text that grows, files, and the message that is being edited.

import { element, icon, iconButton, notify } from "/web/dom.js";
import { explain, say, size } from "/web/strings.js";

const TYPING_EVERY = 3000;
const hasKeyboard = matchMedia("(pointer: fine)");

export class Composer {
  #files = [];
  #edited = null;
  #typedAt = 0;
  #chips = element("ul", { class: "chips" });
  #banner = element(
    "p",
    { class: "editing", hidden: true },
    icon("edit"),
    element("span", {}, say("editing")),
    iconButton("close", say("cancelEditing"), () => this.#stopEditing()),
  );
  #text = element("textarea", {
    rows: 1,
    dir: "auto",
    "aria-label": say("message"),
    placeholder: say("message"),
    on: {
      input: () => this.#typed(),
      keydown: (event) => this.#key(event),
      paste: (event) => this.#paste(event),
      blur: () => this.#tellTyping(false),
    },
  });
  #picker = element("input", {
    type: "file",
    multiple: true,
    hidden: true,
    "aria-label": say("attach"),
    on: { change: () => this.#picked() },
  });
  #attach = iconButton("attach", say("attach"), () => this.#picker.click());
  #send = element(
    "button",
    { class: "icon-button accent", "aria-label": say("send"), title: say("send") },
    icon("send"),
  );

  /** `sent` is called when something was. */
  constructor(chat, sent) {
    this.chat = chat;
    this.sent = sent;
    this.#text.value = chat.draft ?? "";
    this.element = element(
      "form",
      { class: "composer", on: { submit: (event) => this.#submit(event) } },
      this.#banner,
      this.#chips,
      this.#picker,
      this.#attach,
      this.#text,
      this.#send,
    );
  }

  focus() {
    this.#text.focus();
  }

  edit(message) {
    this.#edited = message;
    this.#banner.hidden = false;
    this.#attach.hidden = true;
    this.#text.value = message.content;
    this.#grow();
    this.focus();
  }

  /** The conversation is left: what is half written stays with it. */
  close() {
    this.chat.draft = this.#edited ? "" : this.#text.value;
    this.#tellTyping(false);
  }

  #stopEditing() {
    this.#edited = null;
    this.#banner.hidden = true;
    this.#attach.hidden = false;
    this.#text.value = "";
    this.#grow();
    this.focus();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#text.value.trim();
    if (this.#edited) {
      const { id, content } = this.#edited;
      if (!text) return;
      this.#stopEditing();
      if (text !== content) {
        this.chat.channel.edit(id, text).catch((error) => notify(explain(error)));
      }
      return;
    }
    if (!text && this.#files.length === 0) return;
    const files = this.#files;
    this.#files = [];
    this.#showFiles();
    this.#text.value = "";
    this.#grow();
    this.#tellTyping(false);
    this.chat.say(text, files);
    this.sent();
    this.focus();
  }

  #key(event) {
    if (event.isComposing) return;
    const isEmpty = this.#text.value === "";
    if (event.key === "Enter" && !event.shiftKey && hasKeyboard.matches) {
      this.#submit(event);
    } else if (event.key === "Escape" && this.#edited) {
      this.#stopEditing();
    } else if (event.key === "ArrowUp" && isEmpty && !this.#edited) {
      const { messages } = this.chat.thread;
      const own = messages.findLast((one) => one.sender === this.chat.me.username && !one.is_deleted);
      if (!own) return;
      event.preventDefault();
      this.edit(own);
    }
  }

  #typed() {
    this.#grow();
    if (!this.#edited) this.#tellTyping(this.#text.value !== "");
  }

  #tellTyping(isTyping) {
    const isNews = isTyping ? Date.now() - this.#typedAt > TYPING_EVERY : this.#typedAt > 0;
    if (!isNews) return;
    this.#typedAt = isTyping ? Date.now() : 0;
    this.chat.channel?.typing(isTyping);
  }

  #grow() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }

  #paste(event) {
    if (event.clipboardData.files.length === 0 || this.#edited) return;
    event.preventDefault();
    this.#add(event.clipboardData.files);
  }

  #picked() {
    this.#add(this.#picker.files);
    this.#picker.value = "";
    this.focus();
  }

  #add(files) {
    this.#files = [...this.#files, ...files];
    this.#showFiles();
  }

  #showFiles() {
    this.#chips.replaceChildren(
      ...this.#files.map((file) =>
        element(
          "li",
          {},
          icon("file"),
          element("bdi", {}, file.name),
          element("small", {}, size(file.size)),
          iconButton("close", say("removeFile", { name: file.name }), () => {
            this.#files = this.#files.filter((one) => one !== file);
            this.#showFiles();
            this.focus();
          }),
        ),
      ),
    );
  }
}
