// Finding people by the beginning of their names, and choosing some.

import { avatar } from "/web/avatar.js";
import { element } from "/web/dom.js";
import { explain, say } from "/web/strings.js";

const PAUSE = 200; // milliseconds without a key before the server is asked

/** `{element, chosen}`; `changed` is given the chosen users, `known` ids are not offered. */
export function peoplePicker(payam, known, changed) {
  const people = new Map();
  const found = element("ul", { class: "people" });
  const note = element("p", { class: "hint", role: "status", dir: "auto" });
  let timer;
  let asked = "";

  const input = element("input", {
    type: "search",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    dir: "auto",
    on: {
      input: () => {
        clearTimeout(timer);
        timer = setTimeout(search, PAUSE);
      },
      // The form is sent by its button; here Enter means that the name is written.
      keydown: (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        search();
      },
    },
  });

  async function search() {
    const text = input.value.trim();
    asked = text;
    note.textContent = "";
    try {
      const users = text ? await payam.users(text) : [];
      if (asked !== text) return; // a later question is under way
      const offered = users.filter((user) => !known.includes(user.id) && !people.has(user.id));
      found.replaceChildren(...[...people.values(), ...offered].map(option));
      if (text && offered.length === 0) note.textContent = say("nobodyFound");
    } catch (error) {
      note.textContent = explain(error);
    }
  }

  function option(user) {
    const box = element("input", {
      type: "checkbox",
      on: {
        change: () => {
          if (box.checked) people.set(user.id, user);
          else people.delete(user.id);
          changed([...people.values()]);
        },
      },
    });
    box.checked = people.has(user.id);
    return element("li", {}, element("label", {}, box, avatar(user.username), element("bdi", {}, user.username)));
  }

  return {
    element: element(
      "div",
      { class: "picker" },
      element("label", {}, element("span", {}, say("findPeople")), input),
      note,
      found,
    ),
    chosen: () => [...people.values()],
  };
}
