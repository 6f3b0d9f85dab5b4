#!/usr/bin/env bash
# moment-jalaali 0.10.5 (npm), moment 2.31.0, Node 20.
#
# Behaviour: moment-jalaali adds the units jYear and jMonth to `add`, `subtract`, `startOf` and `endOf`.
# `diff` takes them without an error, and answers in milliseconds, because moment does so for a unit that
# it does not know. One Jalali year apart is 31622400000 jYears.
# Expected: 1, or an error.
# Way out: subtract `jYear()` and `jMonth()` by hand.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund moment-jalaali@0.10.5 moment@2.31.0
cat >try.js <<'TRY'
const moment = require("moment-jalaali");

const read = (text) => moment(text, "jYYYY/jMM/jDD");
const [before, after] = [read("1403/01/01"), read("1404/01/01")];
console.log("added:", before.clone().add(1, "jYear").isSame(after));
console.log("years apart:", after.diff(before, "jYear"));
console.log("months apart:", after.diff(read("1403/12/01"), "jMonth"));
console.log("days apart:", after.diff(before, "day"));
TRY
node try.js | tee seen
cat >expected <<'EXPECTED'
added: true
years apart: 31622400000
months apart: 2592000000
days apart: 366
EXPECTED
diff expected seen
echo "as described"
