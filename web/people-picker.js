// Finding people by the beginning of their names, and choosing some: `person` in the form's data.

import { avatarOf, bothNames } from "./avatar.js";
import { clone, latest, make, reconcile } from "./dom.js";
import { explain } from "./explain.js";
import { say } from "./strings.js";

const PAUSE = 200; // milliseconds without a key before the server is asked

/** Users whose ids are `known` are not offered. */
export function peoplePicker(payam, known) {
  const { content, input, note, found } = clone("people-picker");
  const people = new Map(); // by id, all that were found
  const last = latest();
  let timer;

  input.oninput = () => {
    clearTimeout(timer);
    last(); // what was asked before does not count any more
    timer = setTimeout(search, PAUSE);
  };
  // The form is sent by its button; here Enter means that the name is written.
  input.onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    search();
  };

  async function search() {
    const name = input.value.trim();
    note.textContent = "";
    try {
      const users = await last(name ? payam.users(name) : []);
      if (!users) return;
      for (const user of users) people.set(user.id, user);
      const chosen = [...found.querySelectorAll(":checked")].map((box) => Number(box.value));
      const ids = new Set([...known, ...chosen]);
      const offered = users.filter((user) => !ids.has(user.id));
      const rows = [...chosen.map((id) => people.get(id)), ...offered];
      // Who is there already stays as they are, with the focus.
      reconcile(found, rows.map((user) => ({ key: user.id, user, moved })), ({ user }) => option(user));
      if (name && offered.length === 0) note.textContent = say("nobodyFound");
    } catch (error) {
      note.textContent = explain(error);
    }
  }

  return content;
}

const moved = () => true;

function option(user) {
  const avatar = avatarOf(user.display_name || user.username, user.avatar_url);
  return make("found", { box: { value: user.id }, avatar, name: bothNames(user) });
}
