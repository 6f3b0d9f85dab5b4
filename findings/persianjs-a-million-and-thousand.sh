#!/usr/bin/env bash
# persianjs 0.4.0 (npm), Node 20.
#
# Behaviour: `digitsToWords` writes the word "thousand" where there are no thousands: one million becomes
# "one million and thousand", which is heard as 1,001,000. In a billion the word "million" comes too. 200
# is misspelt, with ص for س. Numbers with some thousands are right.
# Expected: یک میلیون.
# Way out: num2words in Python, and @persian-tools/persian-tools in JavaScript, write these rightly.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund persianjs@0.4.0 @persian-tools/persian-tools@4.0.4
cat >try.js <<'TRY'
const persian = require("persianjs");
const { numberToWords } = require("@persian-tools/persian-tools");

for (const number of [200, 1500000, 1000000, 2000001, 1000000000]) {
  const ours = persian(String(number)).digitsToWords().toString();
  console.log(number, ours, "|", numberToWords(number));
}
TRY
node try.js | tee seen
cat >expected <<'EXPECTED'
200 دویصت | دویست
1500000 یک میلیون و پانصد هزار | یک میلیون و پانصد هزار
1000000 یک میلیون و  هزار | یک میلیون
2000001 دو میلیون و  هزار و یک | دو میلیون و یک
1000000000 یک میلیارد و  میلیون و  هزار | یک میلیارد
EXPECTED
diff expected seen
echo "as described"
