#!/usr/bin/env bash
# persian-tools 0.0.11 (PyPI), Python 3.11; @persian-tools/persian-tools 4.0.4 (npm), Node 20.
#
# Behaviour: `digits.convert_from_word` reads a number that is written in Persian words. At each word for
# thousands, millions and so on it multiplies all that came before, and not the part that belongs to the word.
# So "one million and two hundred thousand", as its own `convert_to_word` writes 1,200,000, is read as
# 1,000,200,000. Numbers with one such word are right, so a test with five thousand shows nothing. And "billion"
# is 10^12 where it writes and 10^9 where it reads. The package of the same project in JavaScript reads these
# rightly.
# Expected: what it writes it reads.
# Way out: cut the text behind each such word and add the parts.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check persian-tools==0.0.11
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund @persian-tools/persian-tools@4.0.4
cat >try.py <<'PYTHON'
import sys

from persian_tools import digits

for number in map(int, sys.argv[1:]):
    words = digits.convert_to_word(number)
    print(f"in Python: {number:,} = {words} = {digits.convert_from_word(words):,}")
PYTHON
cat >try.cjs <<'JS'
const { numberToWords, wordsToNumber } = require("@persian-tools/persian-tools");

for (const number of process.argv.slice(2).map(Number)) {
  const words = numberToWords(number);
  console.log("in JavaScript:", number.toLocaleString("en"), "=", wordsToNumber(words).toLocaleString("en"));
}
JS
numbers=(5000 1200000 1000000 3250075 1000000000000)
{ venv/bin/python try.py "${numbers[@]}"; node try.cjs "${numbers[@]}"; } | tee seen
cat >expected <<'EXPECTED'
in Python: 5,000 = پنج هزار = 5,000
in Python: 1,200,000 = یک میلیون و دویست هزار = 1,000,200,000
in Python: 1,000,000 = یک میلیون = 1,000,000
in Python: 3,250,075 = سه میلیون و دویست و پنجاه هزار و هفتاد و پنج = 3,000,250,075
in Python: 1,000,000,000,000 = یک بیلیون = 1,000,000,000
in JavaScript: 5,000 = 5,000
in JavaScript: 1,200,000 = 1,200,000
in JavaScript: 1,000,000 = 1,000,000
in JavaScript: 3,250,075 = 3,250,075
in JavaScript: 1,000,000,000,000 = 1,000,000,000,000
EXPECTED
diff expected seen
echo "as described"
