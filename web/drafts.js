// What is half written, by conversation: it is there again after a reload.

import { keyOf } from "./place.js";

const KEY = keyOf("draft");
const keyFor = ({ id, me }) => `${KEY}.${me.id}.${id}`;

const known = new Map(); // by key: the list asks for each of them again and again

export function draftOf(chat) {
  const key = keyFor(chat);
  if (!known.has(key)) known.set(key, localStorage.getItem(key) ?? "");
  return known.get(key);
}

export function keepDraft(chat, text) {
  known.set(keyFor(chat), text);
  try {
    if (text.trim()) localStorage.setItem(keyFor(chat), text);
    else localStorage.removeItem(keyFor(chat));
  } catch {
    // There is no room: it stays for as long as the conversation is looked at.
  }
}

/** Nobody is signed in any more. */
export function forgetDrafts() {
  known.clear();
  for (const key of Object.keys(localStorage)) if (key.startsWith(`${KEY}.`)) localStorage.removeItem(key);
}
