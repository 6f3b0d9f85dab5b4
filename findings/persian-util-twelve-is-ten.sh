#!/usr/bin/env bash
# persian_util 1.1.4, persian-number 1.6.0 (npm), Node 20.
#
# Behaviour: `parse.numberToWord` gives a number in Persian words, as a bill of a bank card or a ticket's age has
# it. The numbers from ten to nineteen are all "ده" (ten), and of a ten and a one behind it the ten is read as a one:
# 21 is "two and one", 99 "nine and nine". Twenty thousand is "thousand and". Each thousand and million without a
# rest ends in "and", with nothing behind. No error tells of it; nought raises one.
# Expected: the words of persian-number.
# Way out: persian-number.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund persian_util@1.1.4 persian-number@1.6.0
cat >try.mjs <<'TRY'
import persianNumber from "persian-number";
import persianUtil from "persian_util";

const say = console.log;
console.log = () => {}; // numberToWord prints for itself
const numbers = [5, 12, 19, 20, 21, 99, 100, 1000, 20000, 2000000];
const lines = numbers.map((number) => {
  const words = persianUtil.parse.numberToWord(number).replace(/ +/g, " ");
  return `${number} "${words}", persian-number "${persianNumber.convert(number).replace(/ +/g, " ")}"`;
});
lines.forEach((line) => say(line));
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
5 "پنج", persian-number "پنج"
12 "ده", persian-number "دوازده"
19 "ده", persian-number "نوزده"
20 "بیست", persian-number "بیست"
21 "دو و یک", persian-number "بیست و یک"
99 "نه و نه", persian-number "نود و نه"
100 "صد", persian-number "صد"
1000 "یک هزار و ", persian-number "هزار"
20000 "هزار و ", persian-number "بیست هزار"
2000000 "دو میلیون و ", persian-number "دو میلیون"
EXPECTED
diff expected seen
echo "as described"
