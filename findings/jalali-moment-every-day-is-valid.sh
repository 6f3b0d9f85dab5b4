#!/usr/bin/env bash
# jalali-moment 3.3.11, moment-jalaali 0.10.4 with moment 2.31.0, date-fns-jalali 4.4.0-0 (npm), Node 20.
#
# Behaviour: both wrappers of moment call each Persian date valid, in strict mode too. The 30th of
# Esfand of a year that has 29 becomes the 1st of Farvardin, and a thirteenth month becomes the
# second day of the next year. A date in Persian digits, as a Persian keyboard writes it, becomes the
# first day of the year 0, and is valid as well. moment itself calls the 30th of February invalid;
# so does date-fns-jalali with all of these.
# Expected: isValid() is false, as in moment.
# Way out: write the date that was read once more, and compare it with what was given.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund jalali-moment@3.3.11 moment-jalaali@0.10.4 moment@2.31.0 \
  date-fns-jalali@4.4.0-0
cat >try.mjs <<'TRY'
import { parse } from "date-fns-jalali";
import jalaliMoment from "jalali-moment";
import moment from "moment";
import momentJalaali from "moment-jalaali";

process.env.TZ = "UTC";
console.log("2025/02/30 moment", moment("2025/02/30", "YYYY/MM/DD", true).isValid());
for (const text of ["1403/12/30", "1404/12/30", "1404/13/01", "۱۴۰۴/۰۱/۳۱"]) {
  const is = [];
  for (const [name, read] of Object.entries({ jalaliMoment, momentJalaali })) {
    const date = read(text, "jYYYY/jMM/jDD", true);
    is.push(`${name} ${date.isValid()} ${date.format("jYYYY/jMM/jDD")}`);
  }
  const third = parse(text, "yyyy/MM/dd", new Date(2025, 0, 1));
  console.log(text, is.join(", ") + ",", "date-fns-jalali", !Number.isNaN(third.getTime()));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
2025/02/30 moment false
1403/12/30 jalaliMoment true 1403/12/30, momentJalaali true 1403/12/30, date-fns-jalali true
1404/12/30 jalaliMoment true 1405/01/01, momentJalaali true 1405/01/01, date-fns-jalali false
1404/13/01 jalaliMoment true 1405/01/02, momentJalaali true 1405/01/02, date-fns-jalali false
۱۴۰۴/۰۱/۳۱ jalaliMoment true 0000/01/01, momentJalaali true 0000/01/01, date-fns-jalali false
EXPECTED
diff expected seen
echo "as described"
