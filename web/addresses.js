// Addresses of the web in a text.

// An address ends at a space, at a sign that addresses do not have, and at the invisible signs
// that turn the direction of a text, with which one address could be made to look like another.
const ADDRESS = /(?<![\w@./-])(?:https?:\/\/|www\.)[^\s<>"`{}|\\^\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;
const CLOSING = { ")": "(", "]": "[", "»": "«", "”": "“", "’": "‘" };
const TRAILING = /[.,;:!?'"*…،؛؟٫٬。\u200b-\u200d\u2060\ufeff]$/u;

/** What the text is made of: strings, and `{href, shown}` for each address. */
export function addressesIn(text) {
  const parts = [];
  let done = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const shown = trimmed(found);
    const href = addressOf(shown);
    if (!href) continue;
    parts.push(text.slice(done, index), { href, shown });
    done = index + shown.length;
  }
  return [...parts, text.slice(done)];
}

/** Without the punctuation of the sentence around it. */
function trimmed(found) {
  let shown = found;
  for (;;) {
    const last = shown.at(-1);
    const opening = CLOSING[last];
    const isOpen = opening && count(shown, opening) < count(shown, last);
    if (!isOpen && !TRAILING.test(shown)) return shown;
    shown = shown.slice(0, -last.length);
  }
}

const count = (text, sign) => text.split(sign).length - 1;

/** Null for what is no address of the web, or hides its host behind a name before it. */
function addressOf(shown) {
  const whole = /^www\./i.test(shown) ? `https://${shown}` : shown;
  if (!URL.canParse(whole)) return null;
  const { href, protocol, hostname, username, password } = new URL(whole);
  const isPlain = /^https?:$/.test(protocol) && username === "" && password === "";
  return isPlain && /[^.]/.test(hostname.replace(/^www\b/, "")) ? href : null;
}
