// The tickets that wait for an agent, in the place of the conversations: for staff.

import { complain, make, notify, reconcile } from "./dom.js";
import { say, timeOrDate } from "./strings.js";

const MOST = 200; // of each status
const LOOK = 5000; // milliseconds between two looks at the tickets that are shown

/** `button` shows and hides the tickets; `rows` and `none` are what is shown of them. */
export function ticketDesk({ api, me, changed }, { button, rows, none }) {
  let tickets = null; // before they have come
  let isOpen = false;
  let nextLook;

  function toggle() {
    isOpen = !isOpen;
    changed();
    refresh().catch(complain);
  }

  async function refresh() {
    clearTimeout(nextLook);
    if (!isOpen) return;
    nextLook = setTimeout(look, LOOK);
    const waiting = ["open", "pending"].map((status) => api.tickets({ status, limit: MOST }));
    tickets = (await Promise.all(waiting)).flat().sort((one, other) => other.id - one.id);
    changed();
  }

  /** Nothing else says that somebody opened a ticket, or took one. */
  async function look() {
    if (!button.isConnected) return; // somebody else has signed in
    if (document.visibilityState === "visible") await refresh().catch(() => {});
    else nextLook = setTimeout(look, LOOK);
  }

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
