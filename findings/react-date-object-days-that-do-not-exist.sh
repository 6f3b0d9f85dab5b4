#!/usr/bin/env bash
# react-date-object 2.1.9 (npm; the dates of react-multi-date-picker), Node 20.
#
# Behaviour: a month after the 31st of Shahrivar is the 31st of Mehr there, which has 30 days, and a month
# after the 31st of January is the 31st of February. `format` writes such a day, `isValid` is true, and
# `toDate` gives the first or second of the next month: what a page shows and what it sends are two days. A
# month before the 31st of Farvardin is the 2nd of the same month. A date that is made of such numbers at once
# rolls on to the next month, so only arithmetic gives days that are none.
# Expected: the last day of the month, or the days rolled on, in both forms alike.
# Way out: set the day to 1, add the months, and then take the smaller of the day and `month.length`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund react-date-object@2.1.9
cat >try.js <<'TRY'
const DateObject = require("react-date-object");
const persian = require("react-date-object/calendars/persian");

const Day = DateObject.default ?? DateObject;
const calendar = persian.default ?? persian;
const dates = [
  ["31 Shahrivar and a month", new Day({ calendar, year: 1403, month: 6, day: 31 }).add(1, "month")],
  ["31 Farvardin less a month", new Day({ calendar, year: 1403, month: 1, day: 31 }).subtract(1, "month")],
  ["31 Mehr, made at once", new Day({ calendar, year: 1403, month: 7, day: 31 })],
  ["31 January and a month", new Day({ year: 2024, month: 1, day: 31 }).add(1, "month")],
  ["31 May and a month", new Day({ year: 2024, month: 5, day: 31 }).add(1, "month")],
];
for (const [name, date] of dates)
  console.log(name + ":", date.format(), "valid", date.isValid, "| sent as", date.toDate().toISOString().slice(0, 10));
TRY
TZ=UTC node try.js | tee seen
cat >expected <<'EXPECTED'
31 Shahrivar and a month: 1403/07/31 valid true | sent as 2024-10-22
31 Farvardin less a month: 1403/01/02 valid true | sent as 2024-03-21
31 Mehr, made at once: 1403/08/01 valid true | sent as 2024-10-22
31 January and a month: 2024/02/31 valid true | sent as 2024-03-02
31 May and a month: 2024/06/31 valid true | sent as 2024-07-01
EXPECTED
diff expected seen
echo "as described"
