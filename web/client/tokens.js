// What is in a pair of tokens, and names that nobody else makes.

const RENEW_BEFORE = 30_000; // milliseconds, as all times here
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whose tokens these are: their `sub`, or null for no tokens. */
export function subjectOf(tokens) {
  return tokens ? claimsOf(tokens.access).sub : null;
}

/** The tokens of an answer, and when to renew them. */
export function pairOf({ access, refresh }) {
  // By how long it lasts, not until when: this machine's clock may be wrong.
  const { iat, exp } = claimsOf(access);
  const life = (exp - iat) * 1000;
  return { access, refresh, renewAt: Date.now() + life - Math.min(RENEW_BEFORE, life / 4) };
}

/** What an access token says. Not every platform can read base64 by itself. */
function claimsOf(access) {
  let bits = 0;
  let held = 0;
  let text = "";
  for (const digit of access.split(".")[1]) {
    held = (held << 6) | DIGITS.indexOf(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    text += `%${((held >> bits) & 255).toString(16).padStart(2, "0")}`;
    held &= 255;
  }
  return JSON.parse(decodeURIComponent(text));
}

/** A `clientId`: with it, a repeat is the same message. */
export function newId() {
  const bytes = new Uint8Array(16);
  // `crypto.randomUUID` is there only over HTTPS and on localhost; React Native has no `crypto`.
  if (globalThis.crypto?.getRandomValues) crypto.getRandomValues(bytes);
  else bytes.forEach((_, place) => (bytes[place] = Math.floor(256 * Math.random())));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
