// A menu over the page: what can be done with a message, or with a conversation.

import { clone, make } from "./dom.js";

const EDGE = 8; // pixels between it and the edge of the window

/**
 * `items` are `{text, icon, run, isDangerous}`; those that are null are left out. It opens at `place`,
 * `{x, y}`, or beside `anchor`, which gets the focus again. `top` is shown above the items.
 */
export function openMenu(anchor, place, items, top = null) {
  document.querySelector(".menu")?.remove(); // one that is just closing
  const { menu } = clone("menu");
  const buttons = items.filter(Boolean).map(({ text, icon, run, isDangerous }) => {
    const button = make("menu-item", { text });
    button.prepend(document.getElementById("icons").content.querySelector(`.icon-${icon}`).cloneNode(true));
    button.classList.toggle("danger", Boolean(isDangerous));
    button.onclick = () => {
      menu.hidePopover();
      run();
    };
    return button;
  });
  if (top) menu.append(top);
  menu.append(...buttons);
  // By hand: the browser would close it as the finger that has asked for it is lifted.
  const end = new AbortController();
  const isOutside = ({ target }) => !menu.contains(target);
  document.addEventListener("pointerdown", (event) => isOutside(event) && menu.hidePopover(), {
    capture: true,
    signal: end.signal,
  });
  addEventListener("hashchange", () => menu.hidePopover(), { signal: end.signal });
  menu.onkeydown = (event) => {
    const all = [...menu.querySelectorAll("button")];
    const here = all.indexOf(document.activeElement);
    const side = document.dir === "rtl" ? -1 : 1;
    const steps = { ArrowDown: 1, ArrowUp: -1, ArrowRight: side, ArrowLeft: -side };
    const next = { Home: 0, End: -1 }[event.key] ?? (event.key in steps ? here + steps[event.key] : undefined);
    if (event.key === "Tab" || event.key === "Escape") return menu.hidePopover();
    if (next === undefined) return;
    event.preventDefault();
    all.at(next % all.length).focus();
  };
  menu.ontoggle = ({ newState }) => {
    if (newState !== "closed") return;
    const hadFocus = menu.contains(document.activeElement) || document.activeElement === document.body;
    end.abort();
    menu.remove();
    if (hadFocus && anchor.isConnected) anchor.focus({ preventScroll: true });
  };
  // Where readers of the screen look for it; what is outside of an open window cannot be met.
  (anchor.closest("dialog") ?? document.querySelector("main")).append(menu);
  menu.showPopover();
  put(menu, place ?? besides(anchor));
  (buttons[0] ?? menu.querySelector("button")).focus();
  return menu;
}

/** Where a menu of that button begins. */
export function besides(anchor) {
  const { left, right, bottom } = anchor.getBoundingClientRect();
  return { x: document.dir === "rtl" ? right : left, y: bottom };
}

/** At that point, and wholly in the window. */
export function put(menu, { x, y }) {
  const { width, height } = menu.getBoundingClientRect();
  // Not `innerWidth`, which grows on a phone with what is put beside the page.
  const { clientWidth: wide, clientHeight: high } = document.documentElement;
  const begin = document.dir === "rtl" ? x - width : x;
  const within = (value, most) => Math.max(EDGE, Math.min(value, most - EDGE));
  menu.style.left = `${within(begin, wide - width)}px`;
  menu.style.top = `${within(y + height > high - EDGE ? y - height : y, high - height)}px`;
}
