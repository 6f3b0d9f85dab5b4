// Finding people by the beginning of their names, and choosing some: `person` in the form's data.

import { avatarOf, bothNames } from "./avatar.js";
import { clone, make } from "./dom.js";
import { explain } from "./explain.js";
import { say } from "./strings.js";

const PAUSE = 200; // milliseconds without a key before the server is asked

/** Users whose ids are `known` are not offered. */
export function peoplePicker(payam, known) {
  const { content, input, note, found } = clone("people-picker");
  let timer;

  input.oninput = () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE);
  };
  // The form is sent by its button; here Enter means that the name is written.
  input.onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    search();
  };

  async function search() {
    const asked = input.value;
    const name = asked.trim();
    note.textContent = "";
    try {
      const users = name ? await payam.users(name) : [];
      if (asked !== input.value) return; // a later question is under way
      const chosen = [...found.querySelectorAll(":checked")];
      const ids = new Set([...known, ...chosen.map((box) => Number(box.value))]);
      const offered = users.filter((user) => !ids.has(user.id));
      found.replaceChildren(...chosen.map((box) => box.closest("li")), ...offered.map(option));
      if (name && offered.length === 0) note.textContent = say("nobodyFound");
    } catch (error) {
      note.textContent = explain(error);
    }
  }

  return content;
}

function option(user) {
  const avatar = avatarOf(user.display_name || user.username, user.avatar_url);
  return make("found", { box: { value: user.id }, avatar, name: bothNames(user) });
}
