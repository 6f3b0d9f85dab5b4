// Completing `@` and the beginning of a name, while one writes.

import { avatarOf, bothNames, shownName } from "./avatar.js";
import { make } from "./dom.js";
import { foldedText } from "./folding.js";

const SHOWN_MOST = 6;
const PAGE = 200; // people who are asked for at once
const WORD = /(?:^|[\s(«"'])@([\p{L}\p{M}\p{N}_.\u200c-]*)$/u; // before the caret

/** `list` is where the names are offered, of the people of `chat`, for what is written in `box`. */
export function completeMentions(chat, box, list) {
  let offered = [];
  let here = 0; // the person whom Enter takes
  let written = "";
  let rest = null; // of a large conversation, those whom its record leaves out

  function look() {
    const word = WORD.exec(box.value.slice(0, box.selectionStart))?.[1];
    written = word ?? "";
    offered = word === undefined ? [] : fitting(word);
    if (word) readRest().catch(() => (rest = null)); // the next letter tries again
    here = 0;
    draw();
  }

  /** Those with a name, or a word of one, that begins so. */
  function fitting(word) {
    const { participants } = chat.record;
    const known = new Set([chat.me.id]);
    const key = foldedText(word);
    const found = [];
    for (const person of [...participants, ...(rest ?? [])]) {
      if (known.has(person.id)) continue;
      known.add(person.id);
      if (wordsOf(person).some((one) => one.startsWith(key)) && found.push(person) === SHOWN_MOST) break;
    }
    return found;
  }

  async function readRest() {
    const { participants, participant_count: count } = chat.record;
    if (rest || count <= participants.length) return;
    rest = [];
    for (let page = null; !page || page.length === PAGE; ) {
      page = await chat.api.participants(chat.id, { limit: PAGE, after: page?.at(-1).id });
      rest.push(...page);
      if (document.activeElement === box && offered.length < SHOWN_MOST) look();
    }
  }

  function draw() {
    list.hidden = offered.length === 0;
    list.replaceChildren(...offered.map(option));
    if (list.hidden) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", `mention-${here}`);
  }

  function option(person, place) {
    const avatar = avatarOf(shownName(person), person.avatar_url);
    const made = make("mention-option", { avatar, name: bothNames(person) });
    made.id = `mention-${place}`;
    made.ariaSelected = String(place === here);
    made.onpointerdown = (event) => event.preventDefault(); // the text keeps the focus
    made.onclick = () => take(person);
    return made;
  }

  function take({ username }) {
    const end = box.selectionStart;
    box.setRangeText(`${username} `, end - written.length, end, "end");
    offered = [];
    draw();
    box.dispatchEvent(new Event("input"));
    box.focus();
  }

  function close() {
    offered = [];
    draw();
  }

  /** Whether the key was for the names. */
  function key(event) {
    if (offered.length === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) here = (here + step + offered.length) % offered.length;
    else if (event.key === "Enter" || event.key === "Tab") take(offered[here]);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    if (step) draw();
    return true;
  }

  box.addEventListener("blur", close);
  return { look, key };
}

const words = new WeakMap(); // of people, since there may be ten thousand of them

/** Of both names of a person, as search sees them. */
function wordsOf(person) {
  const { username, display_name: shown = "" } = person;
  if (!words.has(person)) words.set(person, foldedText(`${username} ${shown}`).split(" "));
  return words.get(person);
}
