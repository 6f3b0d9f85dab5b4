// What an agent has besides, while writing: notes that customers never see, and stored answers.

import { isNameless } from "./avatar.js";
import { complain, make } from "./dom.js";
import { keepDraft } from "./drafts.js";
import { matchesIn } from "./folding.js";
import { say } from "./strings.js";

const SHOWN_MOST = 6;
let answers = null; // the stored answers of all staff, once somebody has asked for them

/** They have changed. */
export const forgetAnswers = () => (answers = null);

/** `wrote` is called when a note was written. */
export function deskComposer(chat, { form, box, hints, send, attach }, wrote) {
  let isNote = false;
  let found = [];
  let here = 0; // the answer that Enter takes
  let none = ""; // why there is none to choose
  let isComing = false; // the answers that fit are on their way
  const toggle = make("note-toggle");
  attach.before(toggle);

  function setNote(toBeNote) {
    isNote = toBeNote;
    toggle.ariaPressed = String(isNote);
    form.classList.toggle("noting", isNote);
    box.placeholder = say(isNote ? "writeNote" : "message");
    attach.disabled = isNote;
    if (isNote) {
      keepDraft(chat, "");
      chat.typing(false);
    } else box.dispatchEvent(new Event("input"));
    box.focus();
  }
  toggle.onclick = () => setNote(!isNote);

  /** Before the composer's own: a note is no message, and never becomes one as a draft. */
  form.addEventListener("submit", (event) => isNote && write(event), true);

  function write(event) {
    stop(event);
    const text = box.value.trim();
    if (!text || box.readOnly) return;
    box.readOnly = send.disabled = true; // or it would be written twice, or what is typed meanwhile be lost
    chat.api
      .note(chat.id, text)
      .then(() => {
        box.value = "";
        box.dispatchEvent(new Event("input"));
        setNote(false);
        wrote();
      }, complain)
      .finally(() => (box.readOnly = send.disabled = false));
  }

  const asked = () => /^\/(\S*)$/.exec(box.value)?.[1];

  async function look() {
    isComing = asked() !== undefined;
    if (!isComing) return show([]);
    answers ??= chat.api.cannedResponses().catch((error) => {
      answers = null;
      throw error;
    });
    const all = await answers.finally(() => (isComing = false));
    const word = asked();
    if (word === undefined) return; // it was written over meanwhile
    const fitting = all.filter((one) => !word || matchesIn(one.title, word).length > 0);
    show(fitting.slice(0, SHOWN_MOST), say(all.length > 0 ? "noSuchAnswer" : "noAnswersYet"));
  }

  /** `why` there are none, where that is so. */
  function show(these, why = "") {
    const missing = these.length > 0 ? "" : why;
    if (these.length === 0 && found.length === 0 && missing === none) return;
    [found, none] = [these, missing];
    here = 0;
    draw();
  }

  function draw() {
    hints.hidden = found.length === 0 && !none;
    hints.replaceChildren(
      ...(none ? [make("no-canned-option", { text: none })] : []),
      ...found.map((one, place) => {
        const option = make("canned-option", { title: one.title, text: one.content });
        option.id = `canned-${place}`;
        option.ariaSelected = String(place === here);
        option.onpointerdown = (event) => event.preventDefault();
        option.onclick = () => take(one);
        return option;
      }),
    );
    if (found.length === 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", `canned-${here}`);
  }

  function take(answer) {
    [found, none] = [[], ""];
    draw();
    const customer = chat.record.support_ticket?.created_by;
    const person = chat.record.participants.find((one) => one.id === customer?.id) ?? customer;
    const name = !person || isNameless(person) ? "" : person.display_name || person.username;
    // Without a name, the space before it goes too.
    box.value = answer.content.replaceAll(name ? "{{customer}}" : / *\{\{customer\}\}/g, () => name);
    box.dispatchEvent(new Event("input"));
    box.focus();
  }

  function key(event) {
    if (event.isComposing) return;
    if (found.length === 0 && none && event.key === "Escape") {
      event.stopImmediatePropagation();
      show([]);
      return;
    }
    // It would be sent as it is written.
    if (isComing && event.key === "Enter") return stop(event);
    if (found.length === 0) {
      if (!isNote || event.key !== "Enter" || event.shiftKey) return;
      write(event);
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) here = (here + step + found.length) % found.length;
    else if (event.key === "Enter" || event.key === "Tab") take(found[here]);
    else if (event.key === "Escape") show([]);
    else return;
    stop(event);
    if (step) draw();
  }

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  box.addEventListener("keydown", key, true);
  const lookAgain = () => look().catch(complain);
  box.addEventListener("input", lookAgain);
  box.addEventListener("blur", () => show([]));
  if (document.activeElement === box) lookAgain(); // something was written before this was here
}
