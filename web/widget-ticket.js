// The customer's ticket: opened with a message where none is open, and rated once it is closed.

import { lang } from "./widget-dress.js";
import { read, write } from "./widget-store.js";

const SUBJECT_MOST = 80; // characters of a message that become the ticket's subject

/** The beginning of a text in one line, as a subject has to be. */
function shortLine(text) {
  const line = text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "").replace(/[\s\p{Cc}]+/gu, " ").trim();
  return [...line].slice(0, SUBJECT_MOST).join("");
}

/** `key` is where the id of the last ticket is kept; `changed` is called when there is something to rate, or not any more. */
export function ticketOf({ payam, key, title, changed }) {
  let last = null;
  let count = 0; // how often something was heard of it
  const opening = new Map(); // by conversation, what is on its way

  function note(ticket) {
    if (!ticket) return;
    count += 1;
    last = ticket;
    write(key, String(ticket.id));
    changed();
  }

  /** What the server answers counts, unless more was heard of that ticket meanwhile. */
  async function hear(asked) {
    const before = count;
    const ticket = await asked;
    if (count === before || ticket?.id > last.id) note(ticket);
    return ticket;
  }

  /** What happened to it while nobody was here. */
  async function learn(chat) {
    const id = chat.record.support_ticket?.id ?? read(key);
    if (id) await hear(payam.ticket(Number(id)).catch(() => null));
    const word = chat.record.last_message;
    // The last word came before its ticket could be opened: the page went away.
    const isLate = word && word.sender.id === chat.me.id && !chat.record.support_ticket;
    if (isLate && (!last || last.updated_at < word.timestamp)) await open(chat, word.content);
  }

  /** See that one is open for what was written; the server may have opened one itself. */
  function open(chat, text) {
    const asked = opening.get(chat.id) ?? ask(chat, text).finally(() => opening.delete(chat.id));
    opening.set(chat.id, asked);
    return asked;
  }

  async function ask(chat, text) {
    if (await hear(payam.conversation(chat.id).then((record) => record.support_ticket))) return;
    const subject = shortLine(text) || shortLine(title);
    try {
      const body = { subject, language: lang };
      await hear(payam.json("POST", `/api/conversations/${chat.id}/support_ticket/`, { body }));
    } catch (error) {
      if (error.status !== 409) throw error; // it has one by now
    }
  }

  async function rate(score, comment) {
    note(await payam.json("POST", `/api/support_tickets/${last.id}/rating/`, { body: { score, comment } }));
  }

  /** Nobody has to say how content they are. */
  function passOver() {
    write(`${key} passed over`, String(last.id));
    changed();
  }

  return {
    note,
    learn,
    open,
    rate,
    passOver,
    get isClosed() {
      return last?.status === "closed";
    },
    get isToRate() {
      return last?.status === "closed" && !last.rating && read(`${key} passed over`) !== String(last.id);
    },
    get agent() {
      return last?.assigned_to ?? null;
    },
  };
}
