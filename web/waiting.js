// How long a customer has waited, in a few signs, and the tickets in the order in which they want an answer.

import { isPersian, say } from "./strings.js";

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];
const RANKS = { urgent: 0, high: 1, normal: 2, low: 3 };
export const REDRAWN = 30_000; // milliseconds after which a waiting time is written anew

/** Like "waits 5 min"; empty where nobody waits. */
export function waited(since) {
  if (!since) return "";
  const passed = Date.now() - Date.parse(since);
  const [unit, size] = UNITS.find(([, length]) => passed >= length) ?? [];
  if (!unit) return say("sinceNow");
  const written = { style: "unit", unit, unitDisplay: isPersian ? "long" : "short" };
  return say("waits", { time: Math.floor(passed / size).toLocaleString(isPersian ? "fa-IR" : "en", written) });
}

const newest = (one, other) => other.id - one.id;

/** `since` returns since when the customer of a ticket waits. */
export function orders(since) {
  const waiting = (one, other) => {
    const [first, second] = [since(one), since(other)];
    if (first && second) return first < second ? -1 : first > second ? 1 : one.id - other.id;
    return Boolean(second) - Boolean(first) || newest(one, other);
  };
  const priority = (one, other) => RANKS[one.priority] - RANKS[other.priority] || waiting(one, other);
  return { waiting, newest, priority };
}
