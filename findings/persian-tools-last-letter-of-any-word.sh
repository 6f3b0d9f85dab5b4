#!/usr/bin/env bash
# @persian-tools/persian-tools 4.0.4 (npm), Node 20.
#
# Behaviour: `removeOrdinalSuffix` turns "سوم" (third) into "سه" (three). It also cuts the last letter off
# every other text that ends in م, whatever it says: "سلام" (hello) becomes "سل", and "مردم" (people)
# becomes "مرد" (man). It says nothing of it.
# Expected: what is no ordinal comes back as it was.
# Way out: call it for texts that `wordsToNumber` reads as a number, and for no others.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund @persian-tools/persian-tools@4.0.4
cat >try.js <<'TRY'
const { removeOrdinalSuffix } = require("@persian-tools/persian-tools");

for (const text of ["سوم", "پنجاه و سوم", "سلام", "مردم", "علی و مریم", "کتاب"]) {
  console.log(text, "->", removeOrdinalSuffix(text));
}
TRY
node try.js | tee seen
cat >expected <<'EXPECTED'
سوم -> سه
پنجاه و سوم -> پنجاه و سه
سلام -> سل
مردم -> مرد
علی و مریم -> علی و مری
کتاب -> کتاب
EXPECTED
diff expected seen
echo "as described"
