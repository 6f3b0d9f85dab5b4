// Where the messages scroll: at its end it stays there, and elsewhere what is read stays where it
// is, whatever comes, grows or shrinks.

const NEAR = 80; // pixels from an end that still count as being there

/**
 * The style lays `log` out from its end (`column-reverse`), so its `scrollTop` is 0 there and
 * negative before: what grows moves nobody who is at the end, also before any script runs.
 * `hasLater` says whether messages follow the last row; `scrolled` is called when it was.
 */
export function scrolling({ log, rows, hasLater, scrolled }) {
  let anchor = null; // a row in view, and how far from the top; none at the end
  const resizes = new ResizeObserver(hold);
  resizes.observe(rows);
  resizes.observe(log);

  const isAtEnd = () => -log.scrollTop < NEAR && !hasLater();

  function note() {
    const row = isAtEnd() ? null : firstInView();
    anchor = row && { key: row.dataset.key, top: row.getBoundingClientRect().top };
  }

  function firstInView() {
    const { top } = log.getBoundingClientRect();
    return [...rows.children].find((row) => row.dataset.key && row.getBoundingClientRect().bottom > top);
  }

  function hold() {
    if (!anchor) {
      log.scrollTop = 0;
      return;
    }
    const row = rows.querySelector(`[data-key="${anchor.key}"]`);
    if (row) log.scrollTop += row.getBoundingClientRect().top - anchor.top;
    else note();
  }

  log.onscroll = () => {
    note();
    const fromStart = log.scrollHeight - log.clientHeight + log.scrollTop;
    scrolled({ isNearStart: fromStart < NEAR, isNearEnd: -log.scrollTop < NEAR });
  };

  return {
    hold,
    isAtEnd: () => !anchor && isAtEnd(),
    toEnd: () => {
      anchor = null;
      log.scrollTop = 0;
    },
    to: (row) => {
      row.scrollIntoView({ block: "start" });
      note();
    },
    close: () => resizes.disconnect(),
  };
}
