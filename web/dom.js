// Elements, made from the templates of index.html, and kept in step with data.

import { explain } from "./explain.js";
import { say } from "./strings.js";

const template = (id) => document.getElementById(id).content;

/** Give templates their words, in the page's language, and their drawings. */
export function prepare(templates) {
  for (const { content } of templates) {
    for (const node of content.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
    for (const node of content.querySelectorAll("[data-label]")) node.ariaLabel = say(node.dataset.label);
    for (const node of content.querySelectorAll("[data-icon]")) {
      node.title = node.ariaLabel ?? ""; // not everyone understands a drawing alone
      node.prepend(template("icons").querySelector(`.icon-${node.dataset.icon}`).cloneNode(true));
    }
  }
}

prepare(document.querySelectorAll("template"));

/**
 * A copy of a template: its `content`, and by name each element that has a data-part. Each of
 * `values` is what such a part holds, or an object with properties of it.
 */
export function clone(id, values = {}) {
  const content = template(id).cloneNode(true);
  const parts = [...content.querySelectorAll("[data-part]")].map((node) => [node.dataset.part, node]);
  const made = { content, ...Object.fromEntries(parts) };
  for (const [name, value] of Object.entries(values)) {
    if (value.constructor === Object) Object.assign(made[name], value);
    else made[name].replaceChildren(...[value].flat());
  }
  return made;
}

/** A copy of a template that is one element. */
export function make(id, values) {
  return clone(id, values).content.firstElementChild;
}

const shown = new WeakMap();

/**
 * Make the children of `parent` those of `items`, in order, each by its `key`. A child whose item
 * has the same values as before is left alone, so selection stays where it is. Focus stays in any case.
 * So is one whose item has a `moved` that takes the new values over, and returns true.
 */
export function reconcile(parent, items, render) {
  const before = shown.get(parent) ?? new Map();
  const after = new Map();
  for (const item of items) {
    const old = before.get(item.key);
    before.delete(item.key);
    const isKept = old && (isSame(old.item, item) || item.moved?.(old.node, old.item, item));
    const node = isKept ? old.node : render(item);
    if (typeof item.key !== "object") node.dataset.key = item.key;
    if (old && old.node !== node) replace(old.node, node);
    after.set(item.key, { item, node });
  }
  for (const { node } of before.values()) node.remove();
  [...after.values()].forEach(({ node }, place) => {
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place]);
  });
  shown.set(parent, after);
}

function replace(old, node) {
  const hadFocus = old.contains(document.activeElement);
  old.replaceWith(node);
  if (hadFocus) (node.querySelector("a") ?? node).focus();
}

function isSame(one, other) {
  return Object.keys(other).every((name) => one[name] === other[name]);
}

/** Say something short to everyone, also to people who cannot see it. */
export function notify(text) {
  const notice = make("notification", { text });
  document.querySelector(".notices")?.append(notice); // after signing out there is no place for it
  setTimeout(() => notice.remove(), 6000);
}

export const complain = (error) => notify(explain(error));

/**
 * A function that takes the promise of an answer, and gives that answer; or nothing, where another was asked for
 * meanwhile. What goes wrong with one that does not count any more is nobody's concern.
 */
export function latest() {
  let last;
  return async (answer) => {
    last = answer;
    try {
      const found = await answer;
      if (answer === last) return found;
    } catch (error) {
      if (answer === last) throw error;
    }
  };
}
