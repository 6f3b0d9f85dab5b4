// The keyboard of an agent: one key for each act, as long as nobody writes.

import { show } from "./dialogs.js";
import { clone, make } from "./dom.js";
import { keyOf } from "./place.js";
import { say } from "./strings.js";

const OFF = keyOf("shortcuts");
const NAMES = {
  next: "j", previous: "k", open: "Enter", back: "Esc", assign: "a", handOver: "h", giveBack: "b", close: "e",
  reopen: "o", priority: "p", reply: "r", note: "n", customer: "c", search: "/", queue: "1 2 3 4", help: "?",
};

const isOn = () => localStorage.getItem(OFF) === null;

/** `ticket` returns the one that a key is about, `choose` opens a queue by its place. */
export function deskKeys({ acts, rows, isOpen, search, choose, ticket }) {
  const links = () => [...rows.querySelectorAll("a.entry")];

  function step(by) {
    const all = links();
    const here = all.findIndex((link) => link.closest("li").contains(document.activeElement));
    const from = here < 0 ? all.findIndex((link) => link.ariaCurrent) : here;
    const next = from < 0 ? all.at(by > 0 ? 0 : -1) : all[from + by];
    next?.focus();
  }

  /** Of a ticket that is not closed. */
  const open = (run) => () => {
    const one = ticket();
    if (one && one.status !== "closed") run(one);
  };
  const isMine = (one) => acts.isMine(one);
  const acting = {
    a: open((one) => (acts.isTaken(one) && !isMine(one) ? acts.takeOver(one) : acts.assign(one))),
    h: open(acts.handOver),
    b: open((one) => acts.isTaken(one) && acts.giveBack(one)),
    e: open(acts.close),
    o: () => ticket()?.status === "closed" && acts.reopen(ticket()),
    p: open((one) => acts.priorities(one, anchor())),
    c: () => ticket() && acts.customer(ticket()),
    r: () => document.querySelector("form.composer textarea")?.focus(),
    n: () => document.querySelector(".note-toggle")?.click(),
    "?": help,
  };
  const inList = { j: () => step(1), k: () => step(-1), "/": search };
  for (const place of [0, 1, 2, 3]) inList[place + 1] = () => choose(place);

  /** What a menu opens beside. */
  const anchor = () => document.activeElement?.closest("li")?.querySelector("a") ?? document.querySelector(".desk-bar button") ?? rows;

  function help() {
    const { content, keys, on } = clone("shortcuts");
    keys.append(...Object.entries(NAMES).map(([name, key]) => make("shortcut", { key, what: say(`key_${name}`) })));
    on.checked = isOn();
    on.onchange = () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "off"));
    show(say("shortcuts"), content);
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open], .menu")) return;
    if (event.key === "Escape") return back(event);
    if (!isOn() || event.target.matches?.("input, textarea, select, video")) return;
    if (!isOpen() && !document.querySelector(".desk-bar:not([hidden])")) return;
    const key = keyIn(event);
    const isArrow = event.target.closest?.("ul.tickets") && { ArrowDown: "j", ArrowUp: "k" }[event.key];
    const run = acting[key] ?? (isOpen() ? inList[isArrow || key] : null);
    if (!run) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    run();
  }

  /** From the text to the list, where the text has nothing else to end. */
  function back(event) {
    if (!isOpen() || !event.target.matches?.(".composer textarea") || document.querySelector(".editing:not([hidden]), .hints:not([hidden])")) return;
    const all = links();
    (all.find((link) => link.ariaCurrent) ?? all[0])?.focus();
  }

  document.addEventListener("keydown", (event) => rows.isConnected && pressed(event), true);
  return { help };
}

/** The Latin letter of the key, on whatever keyboard. */
function keyIn({ key, code }) {
  if (/^[ -~]$/.test(key)) return key.toLowerCase();
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  if (digit) return digit;
  if (code === "Slash") return key === "؟" ? "?" : "/";
  return /^Key([A-Z])$/.exec(code)?.[1].toLowerCase() ?? key;
}
