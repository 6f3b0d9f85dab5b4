// The inbox: tickets in the place of the conversations, in queues. For staff.

import { avatarOf, shownName } from "./avatar.js";
import { clone, complain, make, reconcile } from "./dom.js";
import { matchesIn } from "./folding.js";
import { DESK, later } from "./later.js";
import { openMenu } from "./menu.js";
import { keyOf } from "./place.js";
import { whenPressed } from "./pressing.js";
import { number, say } from "./strings.js";
import { ticketActs } from "./ticket-acts.js";
import { ticketsOf } from "./ticket-store.js";
import { deskKeys } from "./desk-keys.js";
import { orders, REDRAWN, waited } from "./waiting.js";

const KEPT = keyOf("desk"); // whether the inbox is open, its queue and its order
const PAUSE = 200; // milliseconds without a key before the server is asked
const QUEUES = {
  mine: (ticket, me) => ticket.assigned_to?.id === me.id,
  unassigned: (ticket, me, holder) => !holder,
  all: () => true,
  closed: () => true,
};

/** `button` shows and hides the inbox; `rows` and `none` are what is shown of it. `current` returns the open conversation. */
export function ticketDesk({ account, changed, current }, { button, rows, none, badge }) {
  const { me } = account;
  const store = ticketsOf(account);
  const acts = ticketActs(account);
  const order = orders((ticket) => store.waitingSince(ticket));
  const { content, tools, searching, box, more, group, sort, priority, agent } = clone("inbox");
  const older = make("more-tickets");
  const kept = { isOpen: false, queue: "all", order: "waiting", ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
  let { isOpen, queue } = kept;
  sort.value = kept.order;
  box.placeholder = say("searchTickets");
  rows.before(content);
  rows.after(older);

  const tabs = Object.keys(QUEUES).map((name) => {
    const tab = clone("queue", { name: say(`queue_${name}`) });
    tab.button.onclick = () => choose(name);
    return { ...tab, queue: name, tab: tab.button };
  });
  group.append(...tabs.map(({ tab }) => tab));
  sort.onchange = priority.onchange = agent.onchange = () => {
    keep();
    changed();
  };
  let pause;
  box.oninput = () => {
    changed();
    clearTimeout(pause);
    pause = setTimeout(searchClosed, PAUSE);
  };

  /** Those that are not closed are all here; of the closed ones the server knows more. */
  function searchClosed() {
    const text = box.value.trim();
    if (queue === "closed" && /[\p{L}\p{N}]/u.test(text)) store.search(text).catch(complain);
  }
  searching.onsubmit = (event) => event.preventDefault();
  older.onclick = () => store.loadClosed(true).catch(complain);
  more.onclick = () => openMenu(more, null, [
    { text: say("answers"), icon: "copy", run: open(() => import("./answers.js"), "showAnswers") },
    { text: say("rules"), icon: "settings", run: open(() => import("./rules.js"), "showRules") },
    { text: say("figures"), icon: "plot", run: open(() => import("./figures.js"), "showFigures") },
    { text: say("shortcuts"), icon: "keys", run: keys.help },
  ]);
  const menuOf = (row, place) => acts.menu(find(row), row.querySelector(place ? "a" : ".row-menu"), place);
  whenPressed(rows, "li", menuOf);
  rows.onclick = ({ target }) => target.closest(".row-menu") && menuOf(target.closest("li"), null);

  function open(load, name) {
    return () => later(load, DESK).then((made) => made[name](account)).catch(complain);
  }

  function keep() {
    localStorage.setItem(KEPT, JSON.stringify({ isOpen, queue, order: sort.value }));
  }

  function choose(name) {
    queue = name;
    rows.scrollTop = 0;
    keep();
    changed();
    if (queue === "closed" && !store.closed) store.loadClosed().catch(complain);
    searchClosed();
  }

  function toggle() {
    isOpen = !isOpen;
    choose(queue);
  }

  const find = (row) => known().find(({ id }) => String(id) === row?.dataset.key);
  const known = () => (queue === "closed" ? store.allClosed : [...(store.waiting?.values() ?? [])]);

  /** Those of the queue that the filters let through, in order. */
  function chosen() {
    const text = box.value.trim();
    const isWanted = (ticket) =>
      QUEUES[queue](ticket, me, store.holder(ticket)) &&
      (!priority.value || ticket.priority === priority.value) &&
      (!agent.value || String(ticket.assigned_to?.id) === agent.value) &&
      (!text || said(ticket).some((one) => matchesIn(one, text).length > 0));
    return known().filter(isWanted).sort(order[queue === "closed" ? "newest" : sort.value]);
  }

  function renderTools() {
    const all = [...(store.waiting?.values() ?? [])];
    for (const { tab, queue: name, count } of tabs) {
      tab.ariaPressed = String(name === queue);
      const size = name === "closed" ? 0 : all.filter((ticket) => QUEUES[name](ticket, me, store.holder(ticket))).length;
      count.textContent = size > 0 ? number(size) : "";
    }
    sort.disabled = queue === "closed";
    const isOfMany = queue === "all" || queue === "closed";
    agent.parentElement.hidden = !isOfMany;
    if (!isOfMany) agent.value = "";
    const agents = new Map(known().flatMap(({ assigned_to: one }) => (one ? [[one.id, shownName(one)]] : [])));
    for (const [id, name] of agents) {
      if (!agent.querySelector(`[value="${id}"]`)) agent.append(new Option(name, id));
    }
  }

  /** `isShown`: nothing else is in their place. */
  function render(currentId, isShown) {
    button.ariaPressed = String(isOpen);
    renderBadge();
    rows.hidden = !isShown;
    tools.hidden = !isShown;
    older.hidden = !isShown || queue !== "closed" || !store.hasMoreClosed;
    none.hidden = true;
    if (!isShown) return;
    renderTools();
    const shown = chosen();
    const isLoaded = queue === "closed" ? store.closed !== null : store.waiting !== null;
    none.hidden = !isLoaded || shown.length > 0;
    none.textContent = say(known().length > 0 ? "noneSuch" : "noTickets");
    // As text: what is read again and says the same stays as it is, with its focus.
    const items = shown.map((ticket) => ({
      key: ticket.id,
      text: JSON.stringify(ticket),
      since: waited(store.waitingSince(ticket)),
      isCurrent: ticket.conversation === currentId,
      agent: nameOf(store.holder(ticket)),
    }));
    reconcile(rows, items, row);
  }

  const nameOf = (agent) => (agent ? (agent.id === me.id ? say("agentYou") : shownName(agent)) : say("unassignedTicket"));

  /** How many wait for an agent: seen also while the inbox is closed. */
  function renderBadge() {
    const count = [...(store.waiting?.values() ?? [])].filter((ticket) => !store.holder(ticket)).length;
    badge.hidden = count === 0;
    badge.textContent = number(count);
    button.ariaLabel = count > 0 ? say("waitingCount", { count: number(count) }) : say("tickets");
    button.title = button.ariaLabel;
  }

  const keys = deskKeys({
    acts,
    rows,
    isOpen: () => isOpen,
    search: () => box.focus(),
    choose: (place) => choose(Object.keys(QUEUES)[place]),
    /** The one that has the focus in the list, or that of the open conversation. */
    ticket: () => find(document.activeElement?.closest("li")) ?? store.lastIn(current()?.id),
  });
  // Who is suspended meanwhile has no tickets any more, of which nothing is sent.
  setInterval(() => isOpen && !document.hidden && store.agents().catch(() => {}), REDRAWN);
  store.load().catch(complain);
  if (isOpen) choose(queue);

  return {
    get isOpen() {
      return isOpen;
    },
    render,
    toggle,
    find: () => {
      location.hash = box.checkVisibility() ? location.hash : "#/";
      box.focus();
      box.select();
    },
  };
}

const said = ({ subject, created_by: who }) => [subject, who.username, who.display_name ?? ""];

function row({ text, since, isCurrent, agent }) {
  const { conversation, subject, status, priority, created_by: who } = JSON.parse(text);
  const name = shownName(who);
  return make("ticket-row", {
    link: { href: `#/${conversation}`, className: `entry ${since ? "unread" : ""}`, ariaCurrent: isCurrent ? "page" : null },
    avatar: avatarOf(name, who.avatar_url),
    name,
    since,
    subject,
    priority: { hidden: priority === "normal", className: `tag ${priority}`, textContent: say(priority) },
    status: { hidden: status === "open", className: `tag ${status}`, textContent: say(status) },
    assigned: agent,
    menu: { ariaLabel: say("optionsOf", { name: subject }), title: say("options") },
  });
}
