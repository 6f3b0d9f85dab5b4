// The tickets that wait for an agent, in the place of the conversations: for staff.

import { complain, make, notify, reconcile } from "./dom.js";
import { say, timeOrDate } from "./strings.js";

const MOST = 200; // of each status

/** `button` shows and hides the tickets; `rows` and `none` are what is shown of them. */
export function ticketDesk({ api, account, changed }, { button, rows, none }) {
  let tickets = null; // before they have come
  let isOpen = false;
  const news = new Map(); // tickets that came by the socket since they were read
  const { me } = account;

  function toggle() {
    isOpen = !isOpen;
    changed();
    refresh().catch(complain);
  }

  async function refresh() {
    if (!isOpen) return;
    news.clear();
    const waiting = ["open", "pending"].map((status) => api.tickets({ status, limit: MOST }));
    tickets = (await Promise.all(waiting)).flat();
    // What came meanwhile may be newer than the answer.
    for (const ticket of news.values()) put(ticket);
    tickets.sort((one, other) => other.id - one.id);
    changed();
  }

  function put(ticket) {
    tickets = tickets.filter(({ id }) => id !== ticket.id);
    if (ticket.status !== "closed") tickets.push(ticket);
  }

  /** A ticket changed: show it as it is now, or not at all when it is closed. */
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
  };

  /** `isShown`: nothing else is in their place. */
  function render(currentId, isShown) {
    button.ariaPressed = String(isOpen);
    rows.hidden = !isShown;
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
    assign: button("assignToMe", actions.assign, Boolean(agent)),
    giveBack: button("giveBack", actions.giveBack, agent?.id !== me.id),
    close: button("closeTicket", actions.close),
  });
}
