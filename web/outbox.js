// What was written and is not known to be stored, kept over reloads of the page. Sent again
// from here it is the same message, by its client id; from two tabs at once, too.

import { keyOf } from "./place.js";

const KEY = keyOf("outbox");

function load() {
  return JSON.parse(localStorage.getItem(KEY) ?? "[]");
}

/** `[{user, conversation, clientId, text}]`, in the order of writing. */
export function unsent(user, conversation) {
  return load().filter((entry) => entry.user === user && entry.conversation === conversation);
}

export function keep(entry) {
  localStorage.setItem(KEY, JSON.stringify([...load(), entry]));
}

export function forget(clientId) {
  const left = load().filter((entry) => entry.clientId !== clientId);
  localStorage.setItem(KEY, JSON.stringify(left));
}
