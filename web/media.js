// Where a player reads a file from. A player cannot send the token, so the page's service worker
// does, part by part as the player asks; where there is none, the file comes whole.

import { home } from "./place.js";

const whole = new Map(); // addresses of files that came whole, by their own

export async function mediaUrl(payam, attachment) {
  const path = payam.pathOf(attachment.url);
  if (navigator.serviceWorker?.controller) return new URL(`media${path}`, home).href;
  if (!whole.has(path)) whole.set(path, payam.download(attachment).then(URL.createObjectURL));
  try {
    return await whole.get(path);
  } catch (error) {
    whole.delete(path);
    throw error;
  }
}
