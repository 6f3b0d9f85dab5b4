// Which messages somebody really has before their eyes, and for how long.

const LONG_ENOUGH = 500; // milliseconds in view, of a page that is looked at

/** Whether this page, and nothing over it, is what somebody looks at. */
export function isLookedAt() {
  const isCovered = document.querySelector("dialog[open]") !== null;
  return document.visibilityState === "visible" && document.hasFocus() && !isCovered;
}

/** `seen` is called with a row of `log` that has been seen, and is the last of those. */
export function attentionTo(log, seen) {
  const near = new Set(); // rows of which something is in view
  const inView = new Map(); // rows of which enough is, and since when
  const observed = new WeakSet();
  const end = new AbortController();
  let since = null; // the page is looked at
  let timer;
  const observer = new IntersectionObserver(note, { root: log });
  for (const type of ["focus", "blur"]) addEventListener(type, look, { signal: end.signal });
  for (const type of ["visibilitychange", "close"]) {
    document.addEventListener(type, look, { signal: end.signal, capture: true });
  }
  log.addEventListener("scroll", look);

  function note(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) near.add(target);
      else near.delete(target);
    }
    look();
  }

  /** Half of it, or, of a long one, half a screen full of it. */
  function isEnough(row) {
    const { top, bottom, height } = row.getBoundingClientRect();
    const view = log.getBoundingClientRect();
    const shown = Math.min(bottom, view.bottom) - Math.max(top, view.top);
    return shown > 0 && shown >= Math.min(height, view.height) / 2;
  }

  function look() {
    clearTimeout(timer);
    const now = performance.now();
    since = isLookedAt() ? (since ?? now) : null;
    for (const row of inView.keys()) if (!near.has(row)) inView.delete(row);
    let last = null;
    let next = Infinity;
    for (const row of near) {
      if (!isEnough(row)) {
        inView.delete(row);
        continue;
      }
      if (!inView.has(row)) inView.set(row, now);
      if (since === null) continue;
      const due = Math.max(inView.get(row), since) + LONG_ENOUGH;
      if (due > now) next = Math.min(next, due);
      else if (!last || last.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING) last = row;
    }
    if (last) seen(last);
    if (next < Infinity) timer = setTimeout(look, next - now);
  }

  return {
    /** Look at these rows too, and at what has changed. */
    to: (rows) => {
      for (const row of rows) {
        if (!observed.has(row)) observer.observe(row);
        observed.add(row);
      }
      look();
    },
    close: () => {
      clearTimeout(timer);
      observer.disconnect();
      end.abort();
    },
  };
}
