// What an agent does with a ticket: by a button, a menu or a key. Each act names the ticket by its id.

import { avatarOf, shownName } from "./avatar.js";
import { confirm, show } from "./dialogs.js";
import { clone, complain, make, notify } from "./dom.js";
import { later, DESK } from "./later.js";
import { openMenu } from "./menu.js";
import { say } from "./strings.js";
import { ticketsOf } from "./ticket-store.js";

const PRIORITIES = ["urgent", "high", "normal", "low"];

export function ticketActs(account) {
  const { api, me } = account;
  const store = ticketsOf(account);

  /** Do it, and say that it is done, or why not; somebody else may have been first. */
  async function act(ticket, work, done) {
    const before = store.heard(ticket.id);
    try {
      const now = await work();
      if (store.heard(ticket.id) === before) store.put(now); // what came meanwhile is newer
      if (done) notify(done);
    } catch (error) {
      if (error.code === "already_assigned") return first(ticket);
      complain(error);
      api.ticket(ticket.id).then((now) => store.put(now), () => {});
    }
  }

  /** One clear answer: who has it. */
  async function first({ id }) {
    try {
      const ticket = await api.ticket(id);
      store.put(ticket);
      if (ticket.assigned_to) notify(say("takenBy", { name: shownName(ticket.assigned_to) }));
    } catch (error) {
      complain(error);
    }
  }

  const assign = (ticket) => act(ticket, () => api.assignTicket(ticket.id, me.id), say("ticketTaken"));
  const giveBack = (ticket) => act(ticket, () => api.assignTicket(ticket.id, null), say("ticketGivenBack"));
  const close = (ticket) => act(ticket, () => api.closeTicket(ticket.id), say("ticketClosed"));
  const reopen = (ticket) => act(ticket, () => api.reopenTicket(ticket.id), say("ticketReopened"));

  async function takeOver(ticket) {
    const name = shownName(ticket.assigned_to);
    if (!(await confirm(say("takeOverQuestion", { name }), say("takeOver")))) return;
    await act(ticket, () => api.changeTicket(ticket.id, { assigned_to: me.id }), say("ticketTaken"));
  }

  async function handOver(ticket) {
    const { content, note, people } = clone("agents");
    const dialog = show(say("handOverTo"), content);
    try {
      const [agents, desk] = await Promise.all([store.agents(), api.json("GET", "/api/desk/")]);
      const online = new Set(desk.agents.map(({ id }) => id));
      const others = agents.filter(({ id }) => id !== (ticket.assigned_to?.id ?? me.id));
      note.textContent = others.length === 0 ? say("noOtherAgents") : "";
      people.append(...others.map((agent) => choice(agent, online.has(agent.id))));
      people.querySelector("button")?.focus();
    } catch (error) {
      dialog.close();
      complain(error);
    }

    function choice(agent, isThere) {
      const onclick = () => {
        dialog.close();
        const done = say("ticketHandedOver", { name: shownName(agent) });
        act(ticket, () => api.assignTicket(ticket.id, agent.id), done);
      };
      const look = { avatar: avatarOf(agent.username, agent.avatar_url), name: shownName(agent) };
      return make("agent-choice", { ...look, choose: { onclick }, online: { hidden: !isThere } });
    }
  }

  function priorities(ticket, anchor, place = null) {
    const set = (priority) => act(ticket, () => api.changeTicket(ticket.id, { priority }));
    openMenu(anchor, place, PRIORITIES.map((name) => ({ text: say(name), icon: "flag", run: () => set(name) })));
  }

  /** What may be done about who answers it. */
  function agentItems(ticket) {
    const holder = store.holder(ticket)?.id;
    const isOwn = holder === me.id;
    return [
      !holder && { text: say("assignToMe"), icon: "person", run: () => assign(ticket) },
      (!holder || isOwn) && { text: say("handOver"), icon: "hand-over", run: () => handOver(ticket) },
      isOwn && { text: say("giveBack"), icon: "queue", run: () => giveBack(ticket) },
      holder && !isOwn && { text: say("takeOver"), icon: "person", run: () => takeOver(ticket) },
    ];
  }

  function menu(ticket, anchor, place = null) {
    if (ticket.status === "closed") {
      return openMenu(anchor, place, [{ text: say("reopenTicket"), icon: "again", run: () => reopen(ticket) }]);
    }
    return openMenu(anchor, place, [
      ...agentItems(ticket),
      { text: say("priority"), icon: "flag", run: () => priorities(ticket, anchor, place) },
      { text: say("closeTicket"), icon: "done", run: () => close(ticket) },
    ]);
  }

  const agent = (ticket, anchor) => openMenu(anchor, null, agentItems(ticket));
  const customer = (ticket) => later(() => import("./customer.js"), DESK).then((made) => made.showCustomer(account, ticket), complain);
  const isMine = (ticket) => ticket.assigned_to?.id === me.id;
  const isTaken = (ticket) => store.holder(ticket) !== null;
  return { isMine, isTaken, assign, giveBack, handOver, takeOver, close, reopen, priorities, agent, menu, customer };
}
