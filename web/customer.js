// Who a customer is, and their tickets, beside the conversation; on a phone over it.

import { avatarOf, shownName } from "./avatar.js";
import { clone, complain, make } from "./dom.js";
import { rated } from "./rating.js";
import { say, timeOrDate } from "./strings.js";
import { textOf } from "./ticket-steps.js";

export function showCustomer(account, ticket) {
  const { api } = account;
  const { created_by: who } = ticket;
  const opener = document.activeElement;
  document.querySelector(".customer")?.remove();
  const { content, panel, avatar, name, close, facts, tickets, steps } = clone("customer");
  name.textContent = shownName(who);
  Object.assign(avatar, avatarOf(shownName(who), who.avatar_url));
  const section = document.querySelector(".pane > section");
  if (!section) return;
  section.after(content);
  name.focus();

  function end() {
    panel.remove();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  }
  close.onclick = end;
  panel.onkeydown = ({ key }) => key === "Escape" && end();

  Promise.all([guestOf(api, who), api.tickets({ created_by: who.id }), api.json("GET", `/api/support_tickets/${ticket.id}/steps/?limit=100`)]).then(
    ([guest, all, done]) => {
      facts.append(...factsOf(guest ?? who).map(([what, value]) => make("customer-fact", { what, value })));
      tickets.append(...all.map((one) => ticketRow(one, one.id === ticket.id)));
      steps.append(...done.map((step) => stepRow(step, who)));
    },
    complain,
  );
}

/** What a guest said of themselves; null for who is none. */
async function guestOf(api, { id }) {
  try {
    return await api.json("GET", `/api/guests/${id}/`);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

function factsOf({ username, display_name: shown, email, is_known: isKnown, created_at: since }) {
  const known = isKnown === undefined ? undefined : say(isKnown ? "yes" : "no");
  const all = [
    ["factName", shown ?? username],
    ["factEmail", email],
    ["factKnown", known],
    ["factSince", since && timeOrDate(since)],
  ];
  return all.filter(([, value]) => value).map(([what, value]) => [say(what), value]);
}

function ticketRow({ conversation, subject, status, rating, created_at: at }, isCurrent) {
  return make("customer-ticket", {
    link: { href: `#/${conversation}`, ariaCurrent: isCurrent ? "true" : null },
    subject,
    status: { className: `tag ${status}`, textContent: say(status === "closed" ? "closedTicket" : status) },
    rating: rated(rating),
    moment: { textContent: timeOrDate(at), dateTime: at },
  });
}

function stepRow(step, customer) {
  return make("step", { what: textOf(step, customer), moment: { textContent: timeOrDate(step.at), dateTime: step.at } });
}
