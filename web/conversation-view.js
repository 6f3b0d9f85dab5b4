// The conversation that is looked at.

import { avatarOf, nameOf, typingIn } from "./avatar.js";
import { composerOf } from "./composer.js";
import { confirm, showDetails } from "./dialogs.js";
import { clone, complain, reconcile } from "./dom.js";
import { rowsOf } from "./message.js";
import { list, say } from "./strings.js";

const NEAR = 80; // pixels from the end that still count as being there

/** Its `content`; `render` draws what has changed, `close` when it is looked at no more. */
export function conversationView(chats, chat) {
  const { content, section, avatar, heading, name, about, details, state, ...parts } = clone("conversation");
  const { log, earlier, empty, rows, down } = parts;
  let isAtEnd = true;
  let isLoading = false;
  const composer = composerOf(chat, () => {
    isAtEnd = true; // one's own message is looked at, wherever one was
  });
  section.append(composer.content);
  section.setAttribute("aria-label", nameOf(chat));
  // A picture that has arrived, or a keyboard that came up, moves the end.
  const resizes = new ResizeObserver(() => isAtEnd && toEnd());
  resizes.observe(rows);
  resizes.observe(log);

  const actions = {
    edit: composer.edit,
    remove: async (message) => {
      if (!(await confirm(say("deleteQuestion"), say("delete")))) return;
      chat.channel.delete(message.id).catch(complain);
      composer.focus();
    },
  };

  function render() {
    const typing = typingIn(chat);
    const title = nameOf(chat);
    setText(name, title);
    Object.assign(avatar, avatarOf(title));
    about.classList.toggle("typing", typing !== "");
    setText(about, typing || (chat.record.title || chat.others.length > 1 ? list(chat.others) : ""));
    renderTicket(chat.record.support_ticket);
    state.className = `state ${chat.state}`;
    setText(state, chat.state === "open" ? "" : say(chat.state));
    earlier.hidden = !chat.thread.hasEarlier;
    const items = rowsOf(chat, actions);
    empty.hidden = !chat.thread.isLoaded || items.length > 0;
    reconcile(rows, items, (row) => row.made(row));
    rove();
    if (isAtEnd) toEnd();
    down.hidden = isAtEnd;
    if (document.visibilityState === "visible" && document.hasFocus()) chat.markRead();
  }

  function renderTicket(ticket) {
    parts.ticket.hidden = !ticket;
    if (!ticket) return;
    parts.subject.textContent = ticket.subject;
    for (const tag of ["status", "priority"]) {
      parts[tag].className = `tag ${ticket[tag]}`;
      parts[tag].textContent = say(ticket[tag]);
    }
    const assigned = ticket.assigned_to;
    parts.assigned.textContent = assigned ? say("assignedTo", { name: assigned.username }) : "";
  }

  /** Tab reaches the buttons of the message that has the focus, and no others. */
  function rove() {
    const row = document.activeElement?.closest("li.message");
    for (const button of rows.querySelectorAll("button")) {
      button.tabIndex = row?.contains(button) ? 0 : -1;
    }
  }

  function toEnd() {
    log.scrollTop = log.scrollHeight;
  }

  async function loadEarlier() {
    if (isLoading || !chat.thread.hasEarlier) return;
    isLoading = true;
    const fromEnd = log.scrollHeight - log.scrollTop;
    try {
      await chat.load(chat.thread.messages[0].id);
      render();
      log.scrollTop = log.scrollHeight - fromEnd;
    } catch (error) {
      complain(error);
    } finally {
      isLoading = false;
    }
  }

  log.onscroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = log;
    isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    down.hidden = isAtEnd;
    if (scrollTop < NEAR && scrollHeight > clientHeight) loadEarlier();
  };

  // Up and down go from message to message.
  log.onkeydown = (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const messages = [...rows.querySelectorAll("li.message")];
    const here = messages.indexOf(event.target.closest("li.message"));
    const next = here < 0 ? messages.at(-1) : messages[here + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  log.addEventListener("focusin", rove);
  earlier.onclick = loadEarlier;
  down.onclick = toEnd;
  details.onclick = () => showDetails(chats, chat);

  return {
    chat,
    content,
    render,
    focus: () => {
      // On a phone a focused text brings up the keyboard, which nobody asked for yet.
      if (matchMedia("(pointer: fine)").matches) composer.focus();
      else heading.focus();
    },
    close: () => {
      resizes.disconnect();
      composer.close();
    },
  };
}

/** Only what differs is written: a live region would say the same again. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
