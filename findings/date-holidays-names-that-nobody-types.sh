#!/usr/bin/env bash
# date-holidays 3.37.0 (npm), Node 20.
#
# Behaviour: a desk looks for a holiday by its name, or merges the list with one of its own. More than half of
# Iran's holidays have Persian names that are written in the shapes of letters (U+FE70 and above, as they come
# out of a PDF), and not in letters. They look the same. A search for "عید" finds nothing, the name of a day
# does not equal the same name as people write it, and sorting puts these behind all others. The days that are
# not religious have usual letters, so a test with Nowruz passes.
# Expected: names in letters of Persian, as in the other half.
# Way out: `name.normalize("NFKC")`, and Persian letters in the place of the Arabic ones.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund date-holidays@3.37.0
cat >names.mjs <<'NAMES'
import Holidays from "date-holidays";

const names = new Holidays("IR").getHolidays(2025).map((day) => day.name);
const shaped = names.filter((name) => /[\uFB50-\uFDFF\uFE70-\uFEFC]/.test(name));
console.log("names:", names.length, "in shapes:", shaped.length);
console.log("with «نوروز»:", names.filter((name) => name.includes("نوروز")).length);
console.log("with «عید»:", names.filter((name) => name.includes("عید")).length);
console.log("after NFKC:", names.filter((name) => name.normalize("NFKC").includes("عید")).length);
NAMES
node names.mjs | tee seen
cat >expected <<'EXPECTED'
names: 27 in shapes: 15
with «نوروز»: 4
with «عید»: 0
after NFKC: 4
EXPECTED
diff expected seen
echo "as described"
