// Where a player reads a file from. A player cannot send the token, so the page's service worker
// does, part by part as the player asks; where there is none, the file comes whole. What is small is
// kept once it has been played, so that it plays without a connection too.

import { home } from "./place.js";

const SMALL = 2 * 1024 * 1024; // bytes
const whole = new Map(); // addresses of files that came whole, by their own

export async function mediaUrl(chat, attachment) {
  const path = chat.api.pathOf(attachment.url);
  if (!whole.has(path)) {
    const kept = await chat.keptFile(attachment);
    if (!kept && navigator.serviceWorker?.controller) return new URL(`media${path}`, home).href;
    whole.set(path, Promise.resolve(kept ?? chat.download(attachment)).then(URL.createObjectURL));
  }
  try {
    return await whole.get(path);
  } catch (error) {
    whole.delete(path);
    throw error;
  }
}

/** Keep what has been played. */
export function keepPlayed(chat, attachment) {
  if (attachment.size <= SMALL) chat.download(attachment).catch(() => {});
}
