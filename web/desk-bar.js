// What an agent sees above a conversation: its ticket, and what can be done with it. And beside the text that
// one writes: that another agent answers already.

import { personOf, shownName } from "./avatar.js";
import { complain, make, clone, notify } from "./dom.js";
import { rated } from "./rating.js";
import { list, say } from "./strings.js";
import { ticketActs } from "./ticket-acts.js";
import { ticketsOf } from "./ticket-store.js";
import { stepsOf } from "./ticket-steps.js";
import { REDRAWN, waited } from "./waiting.js";

/** `place` is the line that others see of the ticket; `form` is where one writes. */
export function deskBar(account, chat, { place, form }) {
  const { me, api } = account;
  const store = ticketsOf(account);
  const acts = ticketActs(account);
  const { content, bar, ...parts } = clone("desk-bar");
  const collision = make("collision");
  let asked = false; // for the ticket of a conversation whose ticket is closed
  const box = form.querySelector("textarea");
  place.after(content);
  form.before(collision);
  const timer = setInterval(render, REDRAWN);
  const off = chat.on("message", answered);

  const ticket = () => store.lastIn(chat.id) ?? chat.record.support_ticket;
  const steps = stepsOf(api, chat, { known: ticket, changed: () => account.changed() });
  parts.priority.onclick = () => acts.priorities(ticket(), parts.priority);
  parts.agent.onclick = () => acts.agent(ticket(), parts.agent);
  parts.assign.onclick = () => acts.assign(ticket());
  parts.close.onclick = () => acts.close(ticket());
  parts.reopen.onclick = () => acts.reopen(ticket());
  parts.customer.onclick = () => acts.customer(ticket());

  /** Whoever answers while one writes an answer too. */
  function answered({ sender, role, internal }) {
    if (role !== "agent" || internal || sender === me.username || !box.value.trim()) return;
    notify(say("agentAnswered", { name: nameOf(sender) }));
  }

  const nameOf = (username) => shownName(personOf(chat, username));

  /** The record has no closed one; it is the last of the customer's in this conversation. */
  function ask() {
    const customer = chat.record.participants.find(({ id }) => id !== me.id);
    if (asked || chat.isMember || !customer) return;
    asked = true;
    const find = async () => {
      const all = await api.tickets({ created_by: customer.id });
      const last = all.find(({ conversation }) => conversation === chat.id);
      if (last && !store.lastIn(chat.id)) store.put(last);
    };
    find().catch(complain);
  }

  function render() {
    const one = ticket();
    bar.hidden = !one;
    if (one) place.hidden = true;
    else ask();
    steps.ask();
    renderCollision(one);
    if (!one) return;
    const isClosed = one.status === "closed";
    const agent = store.holder(one);
    setText(parts.subject, one.subject);
    parts.status.className = `tag ${one.status}`;
    setText(parts.status, say(one.status === "closed" ? "closedTicket" : one.status));
    setText(parts.since, waited(store.waitingSince(one)));
    setText(parts.rating, rated(one.rating));
    for (const name of ["priority", "agent", "close"]) parts[name].hidden = isClosed;
    parts.reopen.hidden = !isClosed;
    parts.assign.hidden = isClosed || Boolean(agent);
    parts.priority.className = `tag ${one.priority}`;
    setText(parts.priorityName, say(one.priority));
    parts.priority.ariaLabel = say("priorityIs", { name: say(one.priority) });
    const holder = agent ? (agent.id === me.id ? say("agentYou") : shownName(agent)) : say("unassignedTicket");
    setText(parts.agentName, holder);
    parts.agent.ariaLabel = say("assignee", { name: holder });
  }

  /** Who writes to the customer already, or else who has the ticket. */
  function renderCollision(one) {
    const people = new Set(chat.others);
    const typing = chat.typingUsers.filter((name) => !people.has(name) || name === one?.assigned_to?.username);
    const holder = one && one.status !== "closed" && one.assigned_to?.id !== me.id ? store.holder(one) : null;
    collision.classList.toggle("urgent", typing.length > 0);
    const has = holder ? say("agentHas", { name: shownName(holder) }) : "";
    setText(collision, typing.length > 0 ? say("agentTypes", { names: list(typing.map(nameOf)) }) : has);
    collision.hidden = collision.textContent === "";
  }

  return {
    render,
    rows: steps.among,
    close: () => {
      steps.close();
      clearInterval(timer);
      off();
      // It was taken away: perhaps one is no agent any more.
      if (!account.get(chat.id)) store.load().catch(() => {});
    },
  };
}

/** Only what differs is written: a live region would say the same again. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
