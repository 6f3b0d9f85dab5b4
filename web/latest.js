// Of several questions that are asked one after the other, the last one's answer.

/**
 * A function that takes the promise of an answer, and gives that answer; or nothing, where another was asked for
 * meanwhile. What goes wrong with one that does not count any more is nobody's concern.
 */
export function latest() {
  let count = 0;
  return async (answer) => {
    count += 1;
    const mine = count;
    try {
      const found = await answer;
      if (mine === count) return found;
    } catch (error) {
      if (mine === count) throw error;
    }
  };
}
