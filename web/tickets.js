// The tickets that wait for an agent, in the place of the conversations: for staff.

import { clone, complain, make, notify, reconcile } from "./dom.js";
import { say, timeOrDate } from "./strings.js";

const MOST = 200; // of each status
const WAITING = ["open", "pending"];
/** Each queue: what is asked for, and what belongs to it. */
const QUEUES = {
  all: { statuses: WAITING, has: () => true },
  unassigned: { statuses: WAITING, assigned_to: "none", has: (ticket) => !ticket.assigned_to },
  mine: { statuses: WAITING, assigned_to: "me", has: (ticket, me) => ticket.assigned_to?.id === me.id },
  closed: { statuses: ["closed"], has: () => true },
};

/** `button` shows and hides the tickets; `rows` and `none` are what is shown of them. */
export function ticketDesk({ api, account, changed }, { button, rows, none }) {
  let tickets = null; // before they have come
  let isOpen = false;
  const news = new Map(); // tickets that came by the socket since they were read
  const { me } = account;
  let queue = "all";
  const { content, group, ...queues } = clone("queues");
  rows.before(content);
  for (const name of Object.keys(QUEUES)) queues[name].onclick = () => choose(name);

  function choose(name) {
    queue = name;
    tickets = null;
    changed();
    refresh().catch(complain);
  }

  function toggle() {
    isOpen = !isOpen;
    changed();
    refresh().catch(complain);
  }

  async function refresh() {
    if (!isOpen) return;
    news.clear();
    const asked = queue;
    const { statuses, assigned_to } = QUEUES[asked];
    const pages = statuses.map((status) => api.tickets({ status, assigned_to, limit: MOST }));
    const came = (await Promise.all(pages)).flat();
    if (asked !== queue) return; // another queue is looked at by now
    tickets = came;
    // What came meanwhile may be newer than the answer.
    for (const ticket of news.values()) put(ticket);
    tickets.sort((one, other) => other.id - one.id);
    changed();
  }

  function put(ticket) {
    tickets = tickets.filter(({ id }) => id !== ticket.id);
    const { statuses, has } = QUEUES[queue];
    if (statuses.includes(ticket.status) && has(ticket, me)) tickets.push(ticket);
  }

  /** A ticket changed: show it as it is now, or not at all where it left the queue. */
  function note({ support_ticket: ticket }) {
    news.set(ticket.id, ticket);
    if (!isOpen || tickets === null) return;
    put(ticket);
    tickets.sort((one, other) => other.id - one.id);
    changed();
  }

  account.on("desk", note);
  account.on("ticket", note);
  // What changed while there was no connection is not sent again.
  account.on("state", ({ state }) => {
    if (state === "open") refresh().catch(() => {});
  });

  /** Do it, and say that it is done, or why not; somebody else may have been first. */
  async function act(work, done) {
    try {
      await work;
      notify(done);
    } catch (error) {
      complain(error);
    }
    await refresh().catch(() => {});
  }

  const actions = {
    assign: (ticket) => act(api.assignTicket(ticket.id, me.id), say("ticketTaken")),
    giveBack: (ticket) => act(api.assignTicket(ticket.id, null), say("ticketGivenBack")),
    close: (ticket) => act(api.closeTicket(ticket.id), say("ticketClosed")),
    reopen: (ticket) => act(api.reopenTicket(ticket.id), say("ticketReopened")),
  };

  /** `isShown`: nothing else is in their place. */
  function render(currentId, isShown) {
    button.ariaPressed = String(isOpen);
    rows.hidden = !isShown;
    group.hidden = !isShown;
    for (const name of Object.keys(QUEUES)) queues[name].ariaPressed = String(name === queue);
    none.hidden = !isShown || tickets === null || tickets.length > 0;
    if (!isShown) return;
    // As text: what is read again and says the same stays as it is, with its focus.
    const items = (tickets ?? []).map((ticket) => ({
      key: ticket.id,
      text: JSON.stringify(ticket),
      isCurrent: ticket.conversation === currentId,
      me,
      actions,
    }));
    reconcile(rows, items, row);
  }

  return {
    get isOpen() {
      return isOpen;
    },
    render,
    toggle,
  };
}

function row({ text, isCurrent, me, actions }) {
  const ticket = JSON.parse(text);
  const { subject, status, priority, created_by: creator, assigned_to: agent, created_at: at } = ticket;
  const isClosed = status === "closed";
  const button = (name, action, hidden = false) => ({
    ariaLabel: say(`${name}Of`, { subject }),
    onclick: () => action(ticket),
    hidden,
  });
  return make("ticket-row", {
    link: { href: `#/${ticket.conversation}`, ariaCurrent: isCurrent ? "page" : null },
    subject,
    moment: { textContent: timeOrDate(at), dateTime: at },
    about: say("openedBy", { name: creator.username }),
    status: { className: `tag ${status}`, textContent: say(status) },
    priority: { className: `tag ${priority}`, textContent: say(priority) },
    assigned: agent ? say("assignedTo", { name: agent.username }) : "",
    waiting: ticket.waiting_since ? say("waitsSince", { time: timeOrDate(ticket.waiting_since) }) : "",
    assign: button("assignToMe", actions.assign, isClosed || Boolean(agent)),
    giveBack: button("giveBack", actions.giveBack, isClosed || agent?.id !== me.id),
    close: button("closeTicket", actions.close, isClosed),
    reopen: button("reopenTicket", actions.reopen, !isClosed),
  });
}
