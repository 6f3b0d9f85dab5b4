// What the browser keeps for the chat in a frame. It may allow a frame to keep nothing: then it is kept for as long as
// the page lives.

import { memoryStorage } from "./client/storage.js";

const memory = new Map();

function kept() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

export function read(key) {
  return kept()?.getItem(key) ?? memory.get(key) ?? null;
}

export function write(key, value) {
  memory.set(key, value);
  try {
    kept()?.setItem(key, value);
  } catch {
    // There is no room.
  }
}

export function forget(key) {
  memory.delete(key);
  kept()?.removeItem(key);
}

/** For the tokens of who is signed in. */
export const tokensAt = (key) => ({
  load: () => JSON.parse(read(key)),
  save: (tokens) => (tokens ? write(key, JSON.stringify(tokens)) : forget(key)),
});

/** For the client library; undefined where it may use the browser's. */
export function storage() {
  try {
    return globalThis.indexedDB ? undefined : memoryStorage();
  } catch {
    return memoryStorage();
  }
}
