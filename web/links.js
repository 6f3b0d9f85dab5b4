// Addresses in a text, as links.

import { addressesIn } from "./addresses.js";
import { make } from "./dom.js";

/** What the text is made of: strings, and elements that are links. */
export function linked(text) {
  return addressesIn(text).map((part) =>
    typeof part === "string" ? part : make("link", { link: { href: part.href, textContent: part.shown } }),
  );
}
