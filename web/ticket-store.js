// The tickets that an agent's page knows: all that are not closed, and of the closed ones as many as were asked
// for. What changes comes by the socket, and nothing is asked for twice while that is open.

import { colleagues } from "./avatar.js";
import { latest } from "./dom.js";

const AGENTS_MOST = 100;
const PAGE = 200;
const PAGES_MOST = 25; // of each status
const CLOSED_PAGE = 50;
const shared = new WeakMap();

/** Those of the account. */
export function ticketsOf(account) {
  if (!shared.has(account)) shared.set(account, new TicketStore(account));
  return shared.get(account);
}

class TicketStore {
  /** By id, those that are not closed; null before they have come. */
  waiting = null;
  /** The closed ones that were asked for, the newest first; null before somebody has asked. */
  closed = null;
  hasMoreClosed = false;
  /** Closed ones that were searched for. */
  found = [];
  #agents = null; // the ids of all agents who may answer; null before they have come
  #api;
  #account;
  #news = new Map(); // what came by the socket while an answer was on its way
  #loading = latest();
  #asking = latest();
  #searching = latest();
  #waits = new Map(); // by conversation, since when its customer waits, as its messages say

  constructor(account) {
    this.#account = account;
    this.#api = account.api;
    account.on("desk", ({ support_ticket: ticket }) => this.put(ticket));
    account.on("ticket", ({ support_ticket: ticket }) => this.put(ticket));
    account.on("message", (message) => this.#heard(message));
    // What changed while there was no connection is not sent again.
    account.on("state", ({ state }) => {
      if (state === "open" && this.waiting) this.load().catch(() => {});
    });
  }

  /** Have all that are not closed. Who is staff no more has nothing of it any more. */
  async load() {
    try {
      await this.#load();
    } catch (error) {
      if (error.status === 403) this.#end();
      throw error;
    }
  }

  #end() {
    this.waiting = new Map();
    this.closed = null;
    this.found = [];
    this.#news.clear();
    this.#account.me.is_staff = false;
    this.#account.changed();
  }

  async #load() {
    this.#news.clear();
    const all = await this.#loading(Promise.all([this.#all("open"), this.#all("pending"), this.agents()]));
    if (!all) return;
    const [open, pending] = all;
    this.waiting = new Map([...open, ...pending].map((ticket) => [ticket.id, ticket]));
    // What came meanwhile may be newer than the answer.
    for (const ticket of this.#news.values()) this.put(ticket);
    if (this.closed) await this.loadClosed();
    this.#account.changed();
  }

  /** All agents, the suspended ones not among them. */
  async agents() {
    const all = [];
    for (let page = 0; page < PAGES_MOST; page += 1) {
      const after = all.at(-1)?.id ?? 0;
      const path = `/api/staff/users/?staff=true&suspended=false&limit=${AGENTS_MOST}&after=${after}`;
      const some = await this.#api.json("GET", path);
      all.push(...some);
      if (some.length < AGENTS_MOST) break;
    }
    const agents = all.filter((one) => !one.erased_at);
    for (const agent of agents) colleagues.set(agent.username, agent);
    this.#agents = new Set(agents.map(({ id }) => id));
    this.#account.changed();
    return agents;
  }

  /** Who has the ticket; null where it is in the queue. That of who answers no more is there too. */
  holder({ assigned_to: agent }) {
    return agent && (this.#agents?.has(agent.id) ?? true) ? agent : null;
  }

  async #all(status) {
    const found = [];
    for (let page = 0; page < PAGES_MOST; page += 1) {
      const some = await this.#api.tickets({ status, before: found.at(-1)?.id, limit: PAGE });
      found.push(...some);
      if (some.length < PAGE) break;
    }
    return found;
  }

  /** Have the newest of the closed ones, or with `isMore` those before the ones that are there. */
  async loadClosed(isMore = false) {
    const before = isMore ? this.closed.at(-1)?.id : undefined;
    const some = await this.#asking(this.#api.tickets({ status: "closed", before, limit: CLOSED_PAGE }));
    if (!some) return;
    this.closed = isMore ? [...this.closed, ...some] : some;
    this.hasMoreClosed = some.length === CLOSED_PAGE;
    this.#account.changed();
  }

  /** Look for closed ones with that text, which may be older than those that are there. */
  async search(text) {
    const some = await this.#searching(this.#api.tickets({ status: "closed", q: text, limit: CLOSED_PAGE }));
    if (!some) return;
    this.found = some;
    this.#account.changed();
  }

  /** Of the closed ones all that are known. */
  get allClosed() {
    const here = this.closed ?? [];
    const ids = new Set(here.map(({ id }) => id));
    return [...here, ...this.found.filter(({ id }) => !ids.has(id) && !this.waiting?.has(id))];
  }

  /** What was put last of that ticket. */
  heard(id) {
    return this.#news.get(id);
  }

  /** A ticket as it is now. */
  put(ticket) {
    this.#news.set(ticket.id, ticket);
    this.#waits.delete(ticket.conversation);
    if (ticket.assigned_to && !this.holder(ticket)) this.agents().catch(() => {}); // a new agent, perhaps
    this.closed = this.closed?.filter(({ id }) => id !== ticket.id) ?? null;
    if (ticket.status !== "closed") this.waiting?.set(ticket.id, ticket);
    else {
      this.waiting?.delete(ticket.id);
      this.closed?.unshift(ticket);
    }
    this.#account.changed();
  }

  /** Whoever writes to whom: the customer waits, or does not any more. */
  #heard({ conversation, role, internal, timestamp, sender }) {
    if (internal) return;
    const isAnswer = role === "agent" || sender === this.#account.me.username;
    if (isAnswer) this.#waits.set(conversation, null);
    else if (!this.#waits.get(conversation)) this.#waits.set(conversation, timestamp);
  }

  /** Since when the customer waits; null where nobody does. */
  waitingSince({ conversation, status, waiting_since: since }) {
    if (status === "closed") return null;
    const heard = this.#waits.get(conversation);
    if (heard === undefined) return since;
    return heard && since && since < heard ? since : heard;
  }

  /** The last ticket of that conversation, of those that are known. */
  lastIn(conversation) {
    const all = [...(this.waiting?.values() ?? []), ...(this.closed ?? []), ...this.#news.values()];
    const own = all.filter((ticket) => ticket.conversation === conversation);
    return own.sort((one, other) => other.id - one.id)[0];
  }
}
