// Which messages somebody really has before their eyes, and for how long.

const LONG_ENOUGH = 500; // milliseconds in view, of a page that is looked at
const STEPS = Array.from({ length: 21 }, (_, step) => step / 20);

/** Whether this page, and nothing over it, is what somebody looks at. */
export function isLookedAt() {
  const isCovered = document.querySelector("dialog[open]") !== null;
  return document.visibilityState === "visible" && document.hasFocus() && !isCovered;
}

/** `seen` is called with a row of `log` that has been seen, and is the last of those. */
export function attentionTo(log, seen) {
  const inView = new Map(); // since when, by row
  const observed = new WeakSet();
  const end = new AbortController();
  let since = null; // the page is looked at
  let timer;
  const observer = new IntersectionObserver(note, { root: log, threshold: STEPS });
  for (const type of ["focus", "blur"]) addEventListener(type, look, { signal: end.signal });
  for (const type of ["visibilitychange", "close"]) {
    document.addEventListener(type, look, { signal: end.signal, capture: true });
  }

  function note(entries) {
    for (const { target, intersectionRatio: share, intersectionRect, rootBounds } of entries) {
      // Half of it, or, of a long one, half a screen full of it.
      const isIn = share >= 0.5 || (share > 0 && intersectionRect.height >= rootBounds.height / 2);
      if (!isIn) inView.delete(target);
      else if (!inView.has(target)) inView.set(target, performance.now());
    }
    look();
  }

  function look() {
    clearTimeout(timer);
    const now = performance.now();
    since = isLookedAt() ? (since ?? now) : null;
    if (since === null) return;
    let last = null;
    let next = Infinity;
    for (const [row, entered] of inView) {
      const due = Math.max(entered, since) + LONG_ENOUGH;
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
