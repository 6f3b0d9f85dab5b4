#!/usr/bin/env bash
# persian-date 1.1.0 (npm), Node 20.
#
# Behaviour: `format` writes the zone with the other sign: Tehran, three and a half hours ahead of UTC, is
# "-03:30". So a time that is sent in that form is seven hours late where it is read. The day of the year
# counts days that have passed, rounded: in the morning it is one less than in the afternoon, and the morning
# of Nowruz is day 000. Noon has the hour 00 in the clock of twelve hours, so half past twelve at noon and at
# midnight have the same digits.
# Expected: +03:30, one number for a day, and 12:30.
# Way out: send `toDate().toISOString()`, and write with Intl and the Persian calendar.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund persian-date@1.1.0
cat >try.js <<'TRY'
const PersianDate = require("persian-date");

for (const [hour, day] of [[0, 1], [12, 1], [9, 2], [15, 2]]) {
  const date = new PersianDate([1403, 1, day, hour, 30]).toLocale("en");
  console.log(date.toDate().toISOString(), "|", date.format("YYYY-MM-DD HH:mm Z"),
    "| day", date.format("DDDD"), "|", date.format("hh:mm"));
}
TRY
TZ=Asia/Tehran node try.js | tee seen
cat >expected <<'EXPECTED'
2024-03-19T21:00:00.000Z | 1403-01-01 00:30 -03:30 | day 000 | 00:30
2024-03-20T09:00:00.000Z | 1403-01-01 12:30 -03:30 | day 001 | 00:30
2024-03-21T06:00:00.000Z | 1403-01-02 09:30 -03:30 | day 001 | 09:30
2024-03-21T12:00:00.000Z | 1403-01-02 15:30 -03:30 | day 002 | 03:30
EXPECTED
diff expected seen
echo "as described"
