// The sentences of the server about fields that the first screen does not know, in Persian.
//
// `sentences.fa.json` has them as the server says them. In both, `{}` stands for the next value, and
// `{2}` for the second one.

import { learnRest, writtenValue } from "./explain.js";
import { isolated } from "./strings.js";

/** From now on `explain` knows them. */
export async function learnSentences() {
  const answer = await fetch(new URL("sentences.fa.json", import.meta.url));
  const known = Object.entries(await answer.json()).map(([text, said]) => [patternOf(text), said]);
  learnRest((text) => {
    for (const [pattern, said] of known) {
      const found = pattern.exec(text);
      if (found) return filled(said, found.slice(1));
    }
    return null;
  });
}

const patternOf = (text) => new RegExp(`^${text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll("{}", "(.*?)")}$`, "s");

function filled(said, values) {
  let next = 0;
  return said.replace(/\{(\d*)\}/g, (_, place) => isolated(writtenValue(values[place ? place - 1 : next++])));
}
