// The steps of tickets, between the messages: who opened, took, closed or rated it, and when. For agents.

import { colleagues, shownName } from "./avatar.js";
import { make } from "./dom.js";
import { day, say, time } from "./strings.js";

const MOST = 200;

/** The steps of the tickets of one conversation. `known` returns its present ticket; `changed` draws. */
export function stepsOf(api, chat, { known, changed }) {
  const steps = new Map(); // by seq
  const asked = new Set(); // tickets
  const off = chat.on("ticket", ({ step, support_ticket: ticket }) => step && keep([step], ticket));

  function keep(these, { created_by: customer }) {
    for (const step of these) steps.set(step.seq, { ...step, text: textOf(step, customer) });
    changed();
  }

  function ask() {
    const ticket = known();
    if (!ticket || asked.has(ticket.id)) return;
    asked.add(ticket.id);
    const path = `/api/support_tickets/${ticket.id}/steps/?limit=${MOST}`;
    api.json("GET", path).then((found) => keep(found, ticket), () => asked.delete(ticket.id));
  }

  /** The rows of a conversation, and where they belong among them the steps. */
  function among(items, { hasEarlier, hasLater }) {
    const left = [...steps.values()].sort((one, other) => one.seq - other.seq);
    const first = items.find(({ message }) => message)?.message.timestamp;
    while (hasEarlier && left.length > 0 && left[0].at < first) left.shift();
    const rows = [];
    items.forEach((item, place) => {
      const next = item.message ?? items.slice(place).find(({ message }) => message)?.message;
      const isBefore = (step) => next && comesBefore(step, next) && day(step.at) !== item.today;
      while (left.length > 0 && isBefore(left[0])) rows.push(rowOf(left.shift()));
      rows.push(item);
    });
    return hasLater ? rows : [...rows, ...left.map(rowOf)];
  }

  return { ask, among, close: off };
}

/** By the numbers within the same second. */
function comesBefore({ at, seq }, { timestamp, seq: place }) {
  return at === timestamp ? seq < place : at < timestamp;
}

const rowOf = ({ seq, text, at }) => ({ made: stepRow, key: `s${seq}`, text, at });

function stepRow({ text, at }) {
  return make("step-row", { text, moment: { textContent: time(at), dateTime: at } });
}

/** What was done, in a sentence. */
export function textOf({ action, by, to }, customer) {
  const nameOf = ({ id, username }) => shownName(id === customer.id ? customer : (colleagues.get(username) ?? { username }));
  const values = { by: by ? nameOf(by) : say("byServer"), to: to ? nameOf(to) : "" };
  const isTaken = action === "assigned" && by?.id === to?.id;
  return say(`step_${isTaken ? "taken" : action}`, values);
}
