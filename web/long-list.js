// Of a long list only the rows around what is in view are drawn. All rows have the same height.

// Rows that are drawn without asking where one is
const WHOLE_MOST = 150;
// Rows beyond what is in view
const MARGIN = 40;
// Rows by which what is drawn moves
const STEP = 20;

/** Which of `count` rows of `list` are to be drawn: `{begin, end}`; `list` gets room for the others. */
export function rangeOf(list, count) {
  const height = list.firstElementChild?.getBoundingClientRect().height ?? 0;
  if (count <= WHOLE_MOST || height === 0) {
    list.classList.remove("long");
    return { begin: 0, end: Math.min(count, WHOLE_MOST) };
  }
  const first = Math.max(0, Math.floor(list.scrollTop / height) - MARGIN);
  const shown = Math.ceil(list.clientHeight / height) + 2 * MARGIN + STEP;
  const begin = Math.min(first - (first % STEP), Math.max(0, count - shown));
  const end = Math.min(begin + shown, count);
  list.classList.add("long");
  list.style.setProperty("--before", `${begin * height}px`);
  list.style.setProperty("--behind", `${(count - end) * height}px`);
  return { begin, end };
}

/** Say to who cannot see it which rows these are; `size` is -1 where nobody knows how many there are. */
export function numberRows(rows, begin, size) {
  [...rows].forEach((row, place) => {
    row.ariaPosInSet = begin + place + 1;
    row.ariaSetSize = size;
  });
}

/** Up and down go from row to row. */
export function withArrows(list) {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    const next = step && event.target.closest("li")?.[step]?.querySelector("a");
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
