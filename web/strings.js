// What the page says, in its language, and how it writes times, numbers and sizes.

const KEY = "payam.language";
const language = localStorage.getItem(KEY) ?? (navigator.language.startsWith("fa") ? "fa" : "en");
const other = language === "fa" ? "en" : "fa";
document.documentElement.lang = language;
document.documentElement.dir = language === "fa" ? "rtl" : "ltr";
const words = {};
await learn("words"); // every other module waits for them, so nothing is shown before

/** Know the words of a file too. */
export async function learn(name) {
  const answer = await fetch(new URL(`${name}.${language}.json`, import.meta.url));
  Object.assign(words, await answer.json());
}

/** Let a button switch to the other language, and say so in that one. */
export function offerOtherLanguage(button) {
  button.lang = other;
  button.textContent = say("otherLanguage");
  button.onclick = () => {
    localStorage.setItem(KEY, other);
    location.reload();
  };
}

/** The sentence of that name; `{word}` in it stands for a value. */
export function say(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, word) => isolated(values[word]));
}

/** A name of the other direction does not reorder the sentence around it (Unicode's FSI, PDI). */
export function isolated(text) {
  return `\u2068${text}\u2069`;
}

/** The same sentence as nodes for an element: a value that is too long is cut where it ends, whatever its direction is. */
export function sayApart(name, values) {
  return words[name].split(/\{(\w+)\}/).map((part, place) => (place % 2 ? apart(values[part]) : part));
}

/** A text on one line, in a direction of its own. */
export function apart(text) {
  return Object.assign(document.createElement("bdi"), { textContent: text.replace(/\s+/g, " ") });
}

export const isPersian = language === "fa";
export const has = (name) => Object.hasOwn(words, name);

const english = navigator.languages.find((name) => name.startsWith("en")) ?? "en";
const locale = isPersian ? "fa-IR" : english; // to Persian, Intl gives the Persian calendar
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const date = dates({ weekday: "long", day: "numeric", month: "long" });
const shortDate = dates({ day: "numeric", month: "short" });
const names = new Intl.ListFormat(language, { type: "conjunction" });

/** Writes a day, with its year where that is not this one. */
function dates(parts) {
  const dayOf = new Intl.DateTimeFormat(locale, parts);
  const yearOf = new Intl.DateTimeFormat(locale, { year: "numeric" });
  const withYear = new Intl.DateTimeFormat(locale, { ...parts, year: "numeric" });
  return (then) => {
    const year = yearOf.format(then);
    if (year === yearOf.format(new Date())) return dayOf.format(then);
    // With a weekday and a year Intl puts Persian into an order that nobody writes.
    return isPersian ? `${dayOf.format(then)} ${year}` : withYear.format(then);
  };
}

export const time = (moment) => clock.format(new Date(moment));
export const day = (moment) => date(new Date(moment));
export const number = (value) => value.toLocaleString(locale);
const twoDigits = new Intl.NumberFormat(locale, { minimumIntegerDigits: 2 });

/** A length of time, as players show it: like 1:05. */
export function length(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${number(Math.floor(whole / 60))}:${twoDigits.format(whole % 60)}`;
}

export const percent = (share) => share.toLocaleString(locale, { style: "percent" });
export const list = (people) => (people.length > 1 ? names.format(people.map(isolated)) : people.join());

/** The same as nodes, where a name that has no room is left out whole. */
export const listApart = (people) =>
  names.formatToParts(people).map(({ type, value }) => (type === "element" ? apart(value) : value));

/** A time today, a date before. */
export function timeOrDate(moment) {
  const then = new Date(moment);
  const isToday = then.toDateString() === new Date().toDateString();
  return isToday ? clock.format(then) : shortDate(then);
}

export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return (bytes / 1024 ** step).toLocaleString(locale, {
    style: "unit",
    unit: units[step],
    unitDisplay: language === "fa" ? "long" : "short",
    maximumFractionDigits: 1,
  });
}
