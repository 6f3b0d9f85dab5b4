// Completing `@` and the beginning of a name, while one writes.

import { avatarOf, personOf, shownName } from "./avatar.js";
import { make } from "./dom.js";
import { matchesIn } from "./folding.js";

const SHOWN_MOST = 6;
const WORD = /(?:^|[\s(«"'])@([\p{L}\p{M}\p{N}_.\u200c-]*)$/u; // before the caret

/** `list` is where the names are offered, of the people of `chat`, for what is written in `box`. */
export function completeMentions(chat, box, list) {
  let names = [];
  let here = 0; // the name that Enter takes
  let written = "";

  function look() {
    const word = WORD.exec(box.value.slice(0, box.selectionStart))?.[1];
    written = word ?? "";
    const begins = (name) => !word || matchesIn(name, word)[0]?.[0] === 0;
    names = word === undefined ? [] : chat.others.filter(begins).slice(0, SHOWN_MOST);
    here = 0;
    draw();
  }

  function draw() {
    list.hidden = names.length === 0;
    list.replaceChildren(...names.map(option));
    if (list.hidden) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", `mention-${here}`);
  }

  const faceFor = (person) => avatarOf(shownName(person), person.avatar_url);

  function option(name, place) {
    const made = make("mention-option", { avatar: faceFor(personOf(chat, name)), name });
    made.id = `mention-${place}`;
    made.ariaSelected = String(place === here);
    made.onpointerdown = (event) => event.preventDefault(); // the text keeps the focus
    made.onclick = () => take(name);
    return made;
  }

  function take(name) {
    const end = box.selectionStart;
    box.setRangeText(`${name} `, end - written.length, end, "end");
    names = [];
    draw();
    box.dispatchEvent(new Event("input"));
    box.focus();
  }

  function close() {
    names = [];
    draw();
  }

  /** Whether the key was for the names. */
  function key(event) {
    if (names.length === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) here = (here + step + names.length) % names.length;
    else if (event.key === "Enter" || event.key === "Tab") take(names[here]);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    if (step) draw();
    return true;
  }

  box.addEventListener("blur", close);
  return { look, key };
}
