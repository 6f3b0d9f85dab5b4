// Of a long conversation only a part is drawn. It moves with what one reads.

const DRAWN = 200; // messages; high enough for any screen, with what is drawn ahead of it
const STEP = 50; // messages by which the part moves

/** The part of `chat` that is drawn. `keepsAll` says that nothing that is drawn may go: it is selected. */
export function partOf(chat, keepsAll) {
  let first = null; // the id of its first message; null while it follows the end
  let count = DRAWN;

  const all = () => chat.thread.messages;

  /** Where it begins and ends among the messages that are loaded. */
  function range() {
    const messages = all();
    const last = Math.max(0, messages.length - count);
    const begin = first === null ? last : Math.min(placeOf(messages, first), last);
    return { messages, begin, end: Math.min(begin + count, messages.length) };
  }

  function begin(at) {
    first = all()[Math.max(0, at)]?.id ?? null;
  }

  return {
    range,

    /** What is on its way, which stands behind the newest. */
    pending() {
      const { messages, end } = range();
      return end < messages.length ? [] : chat.sending.unseen;
    },

    get hasEarlier() {
      return chat.thread.hasEarlier || range().begin > 0;
    },

    get hasLater() {
      const { messages, end } = range();
      return chat.thread.hasLater || end < messages.length;
    },

    /** Follow the end, or stay at what is drawn now. */
    follow(isAtEnd) {
      if (!isAtEnd) begin(range().begin);
      else if (!keepsAll()) [first, count] = [null, DRAWN];
    },

    /** Have that message in the middle, unless it is drawn already. */
    around(id) {
      const { messages, begin: from, end } = range();
      const place = placeOf(messages, id);
      if (place >= from && place < end) return;
      count = DRAWN;
      begin(place - DRAWN / 2);
    },

    /** Draw more before it, or behind it; returns false where that has to be loaded first. */
    move({ isBack }) {
      const { messages, begin: from, end } = range();
      if (isBack ? from === 0 : end === messages.length) return false;
      const isKept = keepsAll();
      count = isKept ? count + STEP : DRAWN;
      begin(isBack ? from - STEP : isKept ? from : end + STEP - DRAWN);
      return true;
    },
  };
}

/** The place of the first message whose id is not lower; messages are ordered by id. */
function placeOf(messages, id) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
