// Where the messages scroll: at its end it stays there, and elsewhere what is read stays where it
// is, whatever comes, grows or shrinks.

const NEAR = 80; // pixels from an end that still count as being there
const AHEAD = 1200; // pixels before an end at which more is drawn

/**
 * The style lays `log` out from its end (`column-reverse`), so its `scrollTop` is 0 there and
 * negative before: what grows moves nobody who is at the end, also before any script runs.
 * `hasLater` says whether messages follow the last row; `scrolled` is called when it was.
 */
export function scrolling({ log, rows, hasLater, scrolled }) {
  let anchor = null; // a row in view, and how far from the top; none at the end
  let place = 0; // the `scrollTop` that belongs to it
  const resizes = new ResizeObserver(hold);
  resizes.observe(rows);
  resizes.observe(log);

  const isAtEnd = () => -log.scrollTop < NEAR && !hasLater();

  function note() {
    const row = isAtEnd() ? null : firstInView();
    anchor = row && { key: row.dataset.key, top: row.getBoundingClientRect().top };
    place = log.scrollTop;
  }

  /** A day stays in view, whatever is scrolled. One that begins in view, so that one which ends there may grow out of view. */
  function firstInView() {
    const { top, bottom } = log.getBoundingClientRect();
    const shown = [...rows.children].filter((row) => {
      const box = row.getBoundingClientRect();
      return row.dataset.key && !row.matches(".day") && box.bottom > top && box.top < bottom;
    });
    return shown.find((row) => row.getBoundingClientRect().top >= top) ?? shown[0];
  }

  function hold() {
    const row = anchor && rows.querySelector(`[data-key="${anchor.key}"]`);
    if (row) log.scrollTop += row.getBoundingClientRect().top - anchor.top;
    else if (!anchor) log.scrollTop = 0;
    place = log.scrollTop;
    if (anchor && !row) note();
  }

  log.onscroll = () => {
    // What was scrolled is counted from the end, so it is not mixed up with what has grown
    // since, of which no word has come yet.
    if (anchor) {
      anchor.top -= log.scrollTop - place;
      hold();
    }
    note();
    const fromStart = log.scrollHeight - log.clientHeight + log.scrollTop;
    scrolled({ isNearStart: fromStart < AHEAD, isNearEnd: -log.scrollTop < AHEAD });
  };

  return {
    hold,
    /** Where one is: a row, and how far it is from the top; null at the end. */
    place: () => anchor && { key: anchor.key, top: anchor.top - log.getBoundingClientRect().top },
    /** Have that row where it was. */
    restore: ({ key, top }) => {
      anchor = { key, top: top + log.getBoundingClientRect().top };
      hold();
      note();
    },
    isAtEnd: () => !anchor && isAtEnd(),
    toEnd: () => {
      anchor = null;
      hold();
    },
    to: (row, block = "start") => {
      row.scrollIntoView({ block });
      note();
    },
    close: () => resizes.disconnect(),
  };
}
