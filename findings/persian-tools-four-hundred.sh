#!/usr/bin/env bash
# @persian-tools/persian-tools 4.0.4 (npm), Node 20.
#
# Behaviour: `wordsToNumber` does not read what `numberToWords` writes for 400 to 499, alone or in a
# larger number. 400 is written in two words, "چهار صد", and read as 4 + 100 = 104, without an
# error. 700, in two words too, is read rightly.
# Expected: every number comes back.
# Way out: join the two words before reading: "چهارصد" is read as 400.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund @persian-tools/persian-tools@4.0.4
cat >try.js <<'TRY'
const { numberToWords, wordsToNumber } = require("@persian-tools/persian-tools");
for (const number of [400, 444, 700, 2400]) {
  const words = numberToWords(number);
  console.log(number, words, wordsToNumber(words));
}
console.log("one word:", wordsToNumber("چهارصد"));
const wrong = [];
for (let number = 0; number < 1000; number += 1) {
  if (wordsToNumber(numberToWords(number)) !== number) wrong.push(number);
}
console.log("wrong below 1000:", wrong.length, "from", wrong[0], "to", wrong.at(-1));
TRY
node try.js | tee seen
cat >expected <<'EXPECTED'
400 چهار صد 104
444 چهار صد و چهل و چهار 148
700 هفت صد 700
2400 دو هزار و چهار صد 2104
one word: 400
wrong below 1000: 100 from 400 to 499
EXPECTED
diff expected seen
echo "as described"
