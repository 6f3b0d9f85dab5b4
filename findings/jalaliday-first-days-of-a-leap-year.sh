#!/usr/bin/env bash
# jalaliday 3.1.1 with dayjs 1.11.23, beside jalaali-js 2.0.1 (npm), Node 20.
#
# Behaviour: in a Gregorian leap year, every day from 1 January to 29 February is shown one day
# late in the Persian calendar. The same Persian date then comes twice: 29 February and 1 March.
# All other days of 2000 to 2050 are right, so a test with today's date seldom finds it.
# Expected: one Persian date per day, as jalaali-js and Intl have it.
# Way out: jalaali-js, or Intl.DateTimeFormat with the Persian calendar.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund jalaliday@3.1.1 dayjs@1.11.23 jalaali-js@2.0.1
cat >try.js <<'TRY'
const dayjs = require("dayjs");
const jalaliday = require("jalaliday");
const { toJalaali } = require("jalaali-js");
dayjs.extend(jalaliday.default ?? jalaliday);

const shown = (day) => dayjs(day).calendar("jalali").format("YYYY-M-D");
const right = (day) => {
  const { jy, jm, jd } = toJalaali(day.getFullYear(), day.getMonth() + 1, day.getDate());
  return [jy, jm, jd].join("-");
};
for (const [month, date] of [[0, 1], [1, 29], [2, 1]]) {
  const day = new Date(2024, month, date, 12);
  console.log(day.toDateString(), "jalaliday", shown(day), "jalaali-js", right(day));
}
const wrong = {};
for (let day = new Date(2000, 0, 1, 12); day.getFullYear() <= 2050; day.setDate(day.getDate() + 1)) {
  if (shown(day) !== right(day)) wrong[day.getFullYear()] = (wrong[day.getFullYear()] ?? 0) + 1;
}
console.log(JSON.stringify(wrong));
TRY
TZ=UTC node try.js | tee seen
cat >expected <<'EXPECTED'
Mon Jan 01 2024 jalaliday 1402-10-12 jalaali-js 1402-10-11
Thu Feb 29 2024 jalaliday 1402-12-11 jalaali-js 1402-12-10
Fri Mar 01 2024 jalaliday 1402-12-11 jalaali-js 1402-12-11
{"2000":60,"2004":60,"2008":60,"2012":60,"2016":60,"2020":60,"2024":60,"2028":60,"2032":60,"2036":60,"2040":60,"2044":60,"2048":60}
EXPECTED
diff expected seen
echo "as described"
