// Names that the page itself searches: spellings of a word are one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { matchesIn } from "../../web/folding.js";

test("a name is found in other spellings, at its place in code points", () => {
  const pairs = [
    ["باشگاه کتاب", "كتاب", [[7, 11]]],
    ["باشگاه كتاب‌ها", "کتابها", [[7, 14]]],
    ["عَلی", "علي", [[0, 4]]],
    ["عـلی", "علی", [[0, 4]]],
    ["سال ۱۴۰۳", "1403", [[4, 8]]],
    ["year 1403", "۱۴٠۳", [[5, 9]]],
    ["🙂 Ölçü", "olcu", [[2, 6]]],
    ["İSTANBUL", "ıst", [[0, 3]]],
    ["Straße, STRASSE", "strasse", [[0, 6], [8, 15]]],
    ["na na na", "na", [[0, 2], [3, 5], [6, 8]]],
    ["مدرسة", "مدرسه", [[0, 5]]],
    ["book club", "clubs", []],
    ["anything", " ‌ ", []],
  ];
  for (const [name, wanted, found] of pairs) assert.deepEqual(matchesIn(name, wanted), found, `${wanted} in ${name}`);
});
