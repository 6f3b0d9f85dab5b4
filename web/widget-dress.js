// How the chat looks and what it says: as the attributes of the shop's script want it.

import { WORDS } from "./widget-words.js";

const BRIGHT = 0.42; // from which luminance on a colour gets dark text
const NEAR = 6 * 86_400_000; // milliseconds in which a weekday means one day alone
export const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
export const lang = given.lang === "fa" || given.lang === "en" ? given.lang : navigator.language.startsWith("fa") ? "fa" : "en";
export const words = { ...WORDS[lang] };
// The customer's own name and address have these attributes.
const NOT_WORDS = ["name", "email"];
for (const name of Object.keys(words)) if (given[name] && !NOT_WORDS.includes(name)) words[name] = given[name];
export const locale = lang === "fa" ? "fa-IR" : "en";
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export function say(name, values = {}) {
  return Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, () => value), words[name]);
}

/** A time today, with the day before. */
export function moment(text) {
  const then = new Date(text);
  return (then.toDateString() === new Date().toDateString() ? clock : date).format(then);
}

/** The same of a time to come, with its weekday; with its date where the weekday alone could mislead. */
export function upcoming(text) {
  const then = new Date(text);
  const day = then - Date.now() < NEAR ? {} : { day: "numeric", month: "long" };
  return new Intl.DateTimeFormat(locale, { weekday: "long", ...day, hour: "2-digit", minute: "2-digit" }).format(then);
}

export function element(name, props, ...children) {
  const made = Object.assign(document.createElement(name), props);
  made.append(...children);
  return made;
}

/** Give the page its language, direction and colour. */
export function dress() {
  const { style, dataset } = document.documentElement;
  document.documentElement.lang = lang;
  document.documentElement.dir = given.dir === "rtl" || given.dir === "ltr" ? given.dir : lang === "fa" ? "rtl" : "ltr";
  document.title = words.title;
  dataset.side = given.side ?? "";
  const color = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(given.color ?? "") ? given.color : null;
  if (!color) return;
  style.setProperty("--accent", color);
  if (luminance(color) > BRIGHT) style.setProperty("--on-accent", "#1c1917");
}

/** From 0 for black to 1 for white, as WCAG counts it. */
function luminance(color) {
  const digits = color.length === 4 ? [...color.slice(1)].map((one) => one + one) : color.slice(1).match(/../g);
  const [red, green, blue] = digits.map((one) => {
    const share = parseInt(one, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
