// Asking for a menu: by the other button of a mouse, by the menu's key, or by a long press.

const LONG = 500; // milliseconds
const SOON = 100; // milliseconds in which a click follows the finger
const STEADY = 10; // pixels that a finger may move meanwhile

/** `asked` is called with the child of `parent` that fits `selector`, and with where it was pressed. */
export function whenPressed(parent, selector, asked) {
  let timer;
  let from = null;
  let isDone = false; // by the timer: what follows of the same press does nothing
  const rowOf = ({ target }) => (target.closest("a[target], textarea, input") ? null : target.closest(selector));

  parent.addEventListener("contextmenu", (event) => {
    const row = rowOf(event);
    // A selected text has the browser's own menu.
    if (!row || (getSelection().toString() && getSelection().containsNode(row, true))) return;
    event.preventDefault();
    clearTimeout(timer);
    if (!isDone) asked(row, event.clientX || event.clientY ? { x: event.clientX, y: event.clientY } : null);
  });
  parent.addEventListener("pointerdown", (event) => {
    clearTimeout(timer);
    isDone = false;
    const row = rowOf(event);
    if (event.pointerType === "mouse" || !row) return;
    from = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => {
      isDone = true;
      asked(row, from);
    }, LONG);
  });
  parent.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (from && Math.hypot(clientX - from.x, clientY - from.y) > STEADY) clearTimeout(timer);
  });
  for (const type of ["pointerup", "pointercancel"]) {
    parent.addEventListener(type, () => {
      clearTimeout(timer);
      if (isDone) swallowClick();
    });
  }
  parent.addEventListener("scroll", () => clearTimeout(timer), true);
}

/** Lifting the finger presses neither the link under it nor what the menu has there; the next press does. */
function swallowClick() {
  const over = new AbortController();
  const options = { capture: true, signal: over.signal };
  const swallow = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("click", swallow, options);
  document.addEventListener("pointerdown", () => over.abort(), options);
  setTimeout(() => over.abort(), SOON);
}
