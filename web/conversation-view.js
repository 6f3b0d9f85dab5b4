// The conversation that is looked at.

import { avatar, nameOf, typingIn } from "/web/avatar.js";
import { Composer } from "/web/composer.js";
import { confirm, showDetails } from "/web/dialogs.js";
import { element, icon, iconButton, notify, reconcile } from "/web/dom.js";
import { render, rowsOf } from "/web/message.js";
import { explain, list, say } from "/web/strings.js";

const NEAR = 80; // pixels from the end that still count as being there

export class ConversationView {
  #name = element("h2", { tabindex: "-1" }, element("bdi"));
  #about = element("p", { class: "about", role: "status" });
  #avatar = element("span");
  #ticket = element("p", { class: "ticket", hidden: true });
  #state = element("p", { class: "state", role: "status" });
  #empty = element("p", { class: "empty" }, say("noMessages"));
  #earlier = element(
    "button",
    { type: "button", class: "earlier", hidden: true, on: { click: () => this.#loadEarlier() } },
    say("earlier"),
  );
  #rows = element("ol");
  #log = element(
    "div",
    {
      class: "log",
      role: "log",
      tabindex: "0",
      "aria-label": say("messages"),
      on: {
        scroll: () => this.#scrolled(),
        keydown: (event) => this.#key(event),
        focusin: (event) => this.#focused(event),
      },
    },
    this.#earlier,
    this.#empty,
    this.#rows,
  );
  #down = iconButton("down", say("newMessages"), () => this.#toEnd(), {
    class: "icon-button to-end",
    hidden: true,
  });
  #isAtEnd = true;
  #isLoading = false;
  #actions = {
    edit: (message) => this.composer.edit(message),
    remove: (message) => this.#remove(message),
  };

  constructor(chats, chat) {
    this.chats = chats;
    this.chat = chat;
    this.composer = new Composer(chat, () => {
      this.#isAtEnd = true; // one's own message is looked at, wherever one was
    });
    this.element = element(
      "section",
      { "aria-label": nameOf(chat) },
      element(
        "header",
        {},
        element("a", { class: "icon-button back", href: "#/", "aria-label": say("back"), title: say("back") }, icon("back")),
        this.#avatar,
        element("div", {}, this.#name, this.#about),
        iconButton("details", say("details"), () => showDetails(chats, chat)),
      ),
      this.#ticket,
      this.#state,
      element("div", { class: "log-frame" }, this.#log, this.#down),
      this.composer.element,
    );
    // A picture that has arrived, or a keyboard that came up, moves the end.
    this.resizes = new ResizeObserver(() => this.#isAtEnd && this.#toEnd());
    this.resizes.observe(this.#rows);
    this.resizes.observe(this.#log);
  }

  focus() {
    // On a phone a focused text brings up the keyboard, which nobody asked for yet.
    if (matchMedia("(pointer: fine)").matches) this.composer.focus();
    else this.#name.focus();
  }

  close() {
    this.resizes.disconnect();
    this.composer.close();
  }

  render() {
    const { chat } = this;
    const name = nameOf(chat);
    const typing = typingIn(chat);
    setText(this.#name.firstChild, name);
    this.#about.classList.toggle("typing", typing !== "");
    setText(this.#about, typing || (chat.record.title || chat.others.length > 1 ? list(chat.others) : ""));
    if (this.#avatar.dataset.name !== name) {
      this.#avatar.dataset.name = name;
      this.#avatar.replaceChildren(avatar(name));
    }
    this.#renderTicket(chat.ticket);
    this.#renderState(chat.state);
    this.#earlier.hidden = !chat.thread.hasEarlier;
    const rows = rowsOf(chat, this.#actions);
    this.#empty.hidden = !chat.thread.isLoaded || rows.length > 0;
    reconcile(this.#rows, rows, ({ key }) => key, render);
    if (this.#isAtEnd) this.#toEnd();
    this.#down.hidden = this.#isAtEnd;
    if (document.visibilityState === "visible" && document.hasFocus()) chat.markRead();
  }

  #renderTicket(ticket) {
    this.#ticket.hidden = !ticket;
    if (!ticket || this.shownTicket === ticket) return;
    this.shownTicket = ticket;
    this.#ticket.replaceChildren(
      icon("ticket"),
      element("bdi", {}, ticket.subject),
      element("span", { class: `tag ${ticket.status}` }, say(ticket.status)),
      element("span", { class: `tag ${ticket.priority}` }, say(ticket.priority)),
      element(
        "span",
        { dir: "auto" },
        ticket.assigned_to ? say("assignedTo", { name: ticket.assigned_to.username }) : "",
      ),
    );
  }

  #renderState(state) {
    const text = { connecting: say("connecting"), waiting: say("waiting"), closed: say("removed") };
    this.#state.className = `state ${state}`;
    setText(this.#state, text[state] ?? "");
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    this.#down.hidden = this.#isAtEnd;
    if (scrollTop < NEAR && scrollHeight > clientHeight) this.#loadEarlier();
  }

  async #loadEarlier() {
    if (this.#isLoading || !this.chat.thread.hasEarlier) return;
    this.#isLoading = true;
    const fromEnd = this.#log.scrollHeight - this.#log.scrollTop;
    try {
      await this.chat.loadEarlier();
      this.render();
      this.#log.scrollTop = this.#log.scrollHeight - fromEnd;
    } catch (error) {
      notify(explain(error));
    } finally {
      this.#isLoading = false;
    }
  }

  /** Up and down go from message to message; Tab then reaches the buttons of that one. */
  #key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const messages = [...this.#rows.querySelectorAll("li.message")];
    const here = messages.indexOf(event.target.closest("li.message"));
    const next = here < 0 ? messages.at(-1) : messages[here + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  #focused({ target }) {
    const row = target.closest("li.message");
    for (const button of this.#rows.querySelectorAll("button")) {
      button.tabIndex = row?.contains(button) ? 0 : -1;
    }
  }

  async #remove(message) {
    if (!(await confirm(say("deleteQuestion"), say("delete")))) return;
    this.chat.channel.delete(message.id).catch((error) => notify(explain(error)));
    this.composer.focus();
  }
}

/** Only what differs is written: a live region would say the same again. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
