// The conversation that is looked at.

import { attentionTo, isLookedAt } from "./attention.js";
import { avatarOfChat, nameOf, personOf, shownName, typingIn } from "./avatar.js";
import { composerOf } from "./composer.js";
import { clone, complain, notify, reconcile } from "./dom.js";
import { DESK, later, laterOn } from "./later.js";
import { scrolling } from "./log.js";
import { rowsOf, save } from "./message.js";
import { partOf } from "./part.js";
import { whenPressed } from "./pressing.js";
import { pinsOf } from "./pins.js";
import { listApart, number, say } from "./strings.js";

const places = new WeakMap(); // where one was in a conversation when one left it

const dialogs = () => import("./dialogs.js");

/**
 * Its `content`; `render` draws what has changed, `show` goes to a message, `close` when it is
 * looked at no more. `go` is called with a message that somebody chose.
 */
export function conversationView(account, chat, { go }) {
  const { content, section, avatar, heading, name, about, details, state, ...parts } = clone("conversation");
  const { log, earlier, empty, rows, down, count } = parts;
  let isPlaced = false; // where reading begins
  let loading = null;
  let target = null; // the message that somebody asked for: `{id, paint, isStep, isShown}`
  let bar = null; // in which one searches here
  let thread = null; // of one message, beside the others
  let lineAt; // the message before which the line of what is unread stands
  let isLineDone = true; // all behind the line was read, so the next that is unread gets a new one
  const part = partOf(chat, isSelected);
  const scroll = scrolling({ log, rows, hasLater: () => part.hasLater, scrolled });
  // Of others a row's key is `m` and its message's id.
  const attention = attentionTo(log, (row) => chat.mark.see(Number(row.dataset.key.slice(1))));
  // One's own message is looked at, wherever one was.
  const composer = composerOf(chat, () => {
    lineAt = undefined;
    toNewest();
  });
  const pins = pinsOf(account, chat, { bar: parts.pinned, text: parts.pinnedText, unpin: parts.unpin }, (id) => show({ id }));
  section.append(composer.content);
  let named = ""; // who stands under the name
  let desk = null; // what an agent has besides
  let isLeft = false;
  if (account.me.is_staff) later(() => import("./desk-bar.js"), DESK).then(beginDesk, () => {});
  section.setAttribute("aria-label", nameOf(chat));

  const actions = {
    pin: pins.put,
    edit: composer.edit,
    reply: composer.reply,
    show: (id) => show({ id }),
    thread: (id) => later(() => import("./thread-view.js")).then((made) => openThread(made, id), complain),
    save: (file) => save(chat, file).catch(complain),
    react: ({ id, reactions = [] }, emoji) => {
      const mine = reactions.find((one) => one.me && plain(one.emoji) === plain(emoji));
      (mine ? chat.unreact(id, mine.emoji) : chat.react(id, emoji)).catch(complain);
    },
    menu: (message, anchor, place, isBar = false) =>
      later(() => import("./message-menu.js")).then(({ openMessageMenu }) => {
        openMessageMenu({ chat, message, actions, isPinned: pins.has(message), isBar }, anchor, place);
      }, complain),
    remove: async (message) => {
      const { confirm } = await later(dialogs);
      if (!(await confirm(say("deleteQuestion"), say("delete")))) return;
      const done = chat.isOwn(message) ? chat.delete(message.id) : chat.api.moderate(chat.id, message.id);
      done.catch(complain);
      composer.focus();
    },
  };

  function openThread({ threadView }, id) {
    if (thread?.id === id) return thread.focus();
    thread?.close();
    const opener = document.activeElement;
    const ended = () => {
      thread = null;
      if (opener?.isConnected) opener.focus({ preventScroll: true });
      else heading.focus();
    };
    thread = threadView(chat, id, { actions, pins, ended });
    section.after(thread.content);
    thread.focus();
  }

  function beginDesk({ deskBar }) {
    if (isLeft) return;
    desk = deskBar(account, chat, { place: parts.ticket, form: section.querySelector("form.composer") });
    desk.render();
  }

  /** The menu of a row, where that is of a message that is stored and there. */
  function openMenu(row, place) {
    const message = chat.thread.messages.find(({ key }) => key === row.dataset.key);
    if (message && !message.is_deleted) actions.menu(message, row, place);
  }

  function render() {
    const typing = typingIn(chat);
    const title = nameOf(chat);
    setText(name, title);
    Object.assign(avatar, avatarOfChat(chat));
    about.classList.toggle("typing", typing !== "");
    renderAbout(typing ? [typing] : chat.record.title || chat.others.length > 1 ? namesOf(chat) : []);
    renderTicket(chat.record.support_ticket);
    desk?.render();
    state.className = `state ${chat.state}`;
    setText(state, chat.state === "open" ? "" : say(chat.state));
    pins.render();
    renderRows();
    thread?.render();
    renderDown();
    attention.to(rows.querySelectorAll("li.other"));
  }

  /** Only what differs is written, as in `setText`. */
  function renderAbout(names) {
    if (named === (named = names.join("\n"))) return;
    about.replaceChildren(...listApart(names));
  }

  function renderRows() {
    const { thread } = chat;
    placeLine();
    if (!isPlaced && thread.isLoaded && !target && lineAt !== undefined) part.around(lineAt);
    const messages = rowsOf(chat, part, actions, { pins, lineAt, targetId: target?.id });
    const items = desk?.rows(messages, part) ?? messages;
    earlier.hidden = !part.hasEarlier;
    empty.hidden = !thread.isLoaded || items.length > 0;
    reconcile(rows, items, (row) => row.made(row));
    numberRows();
    rove();
    scroll.hold();
    if (target && !target.isShown) toTarget();
    if (isPlaced || !thread.isLoaded) return;
    isPlaced = true;
    const before = places.get(chat);
    places.delete(chat);
    if (target) return;
    const line = rows.querySelector("li.line");
    if (line) scroll.to(line);
    else if (before && !thread.hasLater) backTo(before);
  }

  /** To where one was, if it is a message that is still there. */
  function backTo(place) {
    const id = Number(place.key.slice(1));
    if (!chat.thread.find(id)) return;
    part.around(id);
    renderRows();
    scroll.restore(place);
    part.follow(false);
    renderDown();
  }

  /** Where reading goes on. Who watches as a message comes needs no line before it. */
  function placeLine() {
    const first = chat.record.unread_count > 0 ? chat.firstUnread?.id : undefined;
    if (lineAt <= chat.mark.heard) lineAt = first; // reading went on elsewhere
    isLineDone ||= first === undefined;
    const isWatched = isPlaced && isLookedAt() && scroll.isAtEnd();
    if (!isLineDone || first === undefined || isWatched) return;
    lineAt = first;
    isLineDone = false;
  }

  function renderDown() {
    const { unread_count: unread } = chat.record;
    const label = unread > 0 ? say("newestUnread", { count: number(unread) }) : say("newMessages");
    down.hidden = scroll.isAtEnd();
    log.ariaLive = down.hidden ? "polite" : "off"; // what is only scrolled to is no news
    if (down.ariaLabel !== label) Object.assign(down, { ariaLabel: label, title: label });
    count.hidden = unread === 0;
    setText(count, number(unread));
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
    parts.assigned.textContent = assigned ? say("assignedTo", { name: shownName(assigned) }) : "";
  }

  /** Tab reaches the buttons of the message that has the focus, and no others. */
  function rove() {
    const row = document.activeElement?.closest("li.message");
    for (const button of rows.querySelectorAll("button, a, input")) {
      button.tabIndex = row?.contains(button) ? 0 : -1;
    }
  }

  /** Whether somebody selects messages: their rows stay. */
  function isSelected() {
    const selection = getSelection();
    return !selection.isCollapsed && rows.contains(selection.anchorNode);
  }

  /** For who cannot see that only a part is there. */
  function numberRows() {
    const { messages, begin } = part.range();
    const size = chat.thread.hasEarlier || chat.thread.hasLater ? -1 : messages.length;
    let place = begin;
    for (const row of rows.querySelectorAll("li.message:not(.pending)")) {
      place += 1;
      row.ariaSetSize = size;
      row.ariaPosInSet = place;
    }
  }

  async function load(how, id, failed = complain) {
    if (loading) return loading;
    loading = chat.pages[how](id).then(render, failed);
    await loading;
    loading = null;
  }

  async function toNewest() {
    untarget();
    await loading; // of others, which has its own end
    if (chat.thread.hasLater) await load("latest");
    part.follow(true);
    renderRows();
    scroll.toEnd();
    renderDown();
  }

  /** Go to a message, which may be one of long ago. */
  function show(message) {
    target = { ...message, isShown: false };
    renderRows();
  }

  function untarget() {
    target = null;
    // So that the page begins here when it is loaded again.
    if (location.hash !== `#/${chat.id}`) history.replaceState(null, "", `#/${chat.id}`);
    renderRows();
  }

  async function toTarget() {
    const { id, paint, isStep } = target;
    const isThere = () => chat.thread.messages.some((message) => message.id === id);
    if (!chat.thread.isLoaded) return; // it is drawn again once it is
    target.isShown = true;
    await loading;
    if (!isThere()) await load("around", id);
    part.around(id);
    if (target?.id !== id) return; // somebody has asked for another one
    if (!isThere()) {
      notify(say("messageGone"));
      return untarget();
    }
    renderRows();
    const row = rows.querySelector("li.target");
    scroll.to(row, "center");
    if (!isStep) row.focus({ preventScroll: true });
    paint?.(row);
    renderDown();
  }

  function find({ searchBar }) {
    if (!bar) {
      bar = searchBar(account, chat, { go, ended: endSearch });
      section.querySelector("header").after(bar.form);
      parts.frame.append(bar.results);
    }
    bar.focus();
  }

  function endSearch() {
    bar.close();
    bar.form.remove();
    bar.results.remove();
    bar = null;
    parts.find.focus();
  }

  function scrolled({ isNearStart, isNearEnd }) {
    if (loading) return renderDown();
    part.follow(scroll.isAtEnd());
    renderDown();
    if (isNearEnd && part.hasLater) more("later");
    else if (isNearStart && part.hasEarlier) more("earlier");
  }

  /** Draw more, which is loaded first where it is not there. */
  async function more(how, failed = () => {}) {
    const isBack = how === "earlier";
    if (!part.move({ isBack })) {
      await load(how, undefined, failed);
      part.move({ isBack });
    }
    renderRows();
  }

  // Up and down go from message to message.
  log.onkeydown = (event) => {
    if (event.key === "Enter" && event.target.matches("li.message")) return openMenu(event.target, null);
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.target.matches("input, video")) return;
    const messages = [...rows.querySelectorAll("li.message")];
    const here = messages.indexOf(event.target.closest("li.message"));
    const next = here < 0 ? messages.at(-1) : messages[here + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  log.addEventListener("focusin", rove);
  whenPressed(log, "li.message", openMenu);
  earlier.onclick = () => more("earlier", complain);
  down.onclick = toNewest;
  laterOn(details, () => import("./details.js"), ({ showDetails }) => showDetails(account, chat));
  laterOn(parts.find, () => import("./search.js"), find);

  return {
    chat,
    content,
    render,
    show,
    attach: composer.attach,
    focus: () => {
      // On a phone a focused text brings up the keyboard, which nobody asked for yet.
      if (matchMedia("(pointer: fine)").matches) composer.focus();
      else heading.focus();
    },
    /** In a long conversation the browser's own search would not find what is not drawn. */
    find: () => {
      const isHere = part.hasEarlier || part.hasLater;
      if (!isHere || bar?.form.contains(document.activeElement)) return false;
      parts.find.click();
      return true;
    },
    close: () => {
      const place = scroll.place();
      if (place?.key.startsWith("m")) places.set(chat, place);
      scroll.close();
      attention.close();
      composer.close();
      pins.close();
      bar?.close();
      thread?.close();
      desk?.close();
      isLeft = true;
    },
  };
}

const namesOf = (chat) => chat.others.map((username) => shownName(personOf(chat, username)));

/** Only what differs is written: a live region would say the same again. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Without the sign that asks for a colourful picture. */
const plain = (emoji) => emoji.replaceAll("\ufe0f", "");
