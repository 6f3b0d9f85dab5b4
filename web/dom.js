// Making elements, and keeping a list of them in step with data.

/** An element; `on` holds its listeners, an attribute that is false, null or undefined is left out. */
export function element(tag, { on = {}, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  for (const [type, listener] of Object.entries(on)) made.addEventListener(type, listener);
  made.append(...children.filter((child) => child != null && child !== false));
  return made;
}

const PATHS = {
  send: "M4 12h15M13 6l6 6-6 6",
  back: "M19 12H5M11 6l-6 6 6 6",
  attach: "M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.4 3.4 0 0 1 4.8 4.8l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.6-7.6",
  new: "M12 5v14M5 12h14",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  delete: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  details: "M12 11v6M12 7.5v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  leave: "M14 4h5v16h-5M15 12H4M8 8l-4 4 4 4",
  close: "M6 6l12 12M18 6L6 18",
  down: "M12 5v14M6 13l6 6 6-6",
  ticket: "M4 7h16v3.5a1.5 1.5 0 0 0 0 3V17H4v-3.5a1.5 1.5 0 0 0 0-3zM14 7v2M14 11v2M14 15v2",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  queued: "M12 7v5l3 2M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z",
  sent: "M6 12.5l4 4L18.5 8",
  read: "M2.5 12.5l4 4L15 8M11 15.5l1 1L20.5 8",
  failed: "M12 8v5M12 16v.1M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z",
};
const SVG = "http://www.w3.org/2000/svg";

/** A line drawing for the eye alone: what it means is said beside it, or in a label. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("class", `icon icon-${name}`);
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}

/** A button that shows only a drawing; `label` is its name. */
export function iconButton(name, label, listener, attributes = {}) {
  const look = { type: "button", class: "icon-button", "aria-label": label, title: label };
  return element("button", { ...look, ...attributes, on: { click: listener } }, icon(name));
}

const shown = new WeakMap();

/**
 * Make the children of `parent` those of `items`, in order. A child whose item has the same
 * values as before is left alone, so focus and selection stay where they are.
 */
export function reconcile(parent, items, keyOf, render) {
  const before = shown.get(parent) ?? new Map();
  const after = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    const old = before.get(key);
    let node = old?.node;
    if (!old || !isSame(old.item, item)) {
      node = render(item, old?.node);
      if (old && old.node !== node) {
        if (place === old.node) place = node;
        old.node.replaceWith(node);
      }
    }
    after.set(key, { item, node });
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  for (const [key, { node }] of before) if (!after.has(key)) node.remove();
  shown.set(parent, after);
}

function isSame(one, other) {
  return Object.keys(other).every((name) => one[name] === other[name]);
}

/** `work`, at most once before the next picture, however often it is asked for. */
export function atNextFrame(work) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    // A timer, and not an animation frame: those stop in a tab that is out of sight.
    setTimeout(() => {
      isDue = false;
      work();
    });
  };
}

/** Say something short to everyone, also to who cannot see it. */
export function notify(text) {
  let region = document.querySelector(".notices");
  if (!region) {
    region = element("div", { class: "notices", role: "status" });
    document.body.append(region);
  }
  const notice = element("p", { dir: "auto" }, text);
  region.append(notice);
  setTimeout(() => notice.remove(), 6000);
}
