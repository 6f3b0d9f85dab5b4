#!/usr/bin/env bash
# ics-to-json 2.0.2, ts-ics 2.4.6, ics 3.12.0 (npm), Node 20.
#
# Behaviour: a line of a calendar is a name, a colon and a value. ics-to-json parts the line at each colon and takes
# the first piece behind the name: "Desk: 10:30 at the door" is "Desk", a link is "https", and no error tells of
# the rest. What is left keeps its backslashes: a line break is \n in two letters, a comma \, in two.
# Expected: the text that was written, as ts-ics reads it.
# Way out: ts-ics or ical.js.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund ics-to-json@2.0.2 ts-ics@2.4.6 ics@3.12.0
cat >try.mjs <<'TRY'
import { createEvent } from "ics";
import { icsToJson } from "ics-to-json";
import tsIcs from "ts-ics";

const texts = [
  ["Desk: 10:30 at the door", "https://example.com/room"],
  ["نوبت: تعمیر چاپگر", "خط یک\nخط دو, پایان"],
  ["Visit", "Ring at the door"],
];
for (const [title, description] of texts) {
  const { value } = createEvent({ title, description, start: [2026, 12, 5, 9, 0], duration: { hours: 1 } });
  const [one] = icsToJson(value);
  const [other] = tsIcs.convertIcsCalendar(undefined, value).events;
  console.log("ics-to-json:", JSON.stringify([one.summary, one.description]));
  console.log("ts-ics:     ", JSON.stringify([other.summary, other.description]));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
ics-to-json: ["Desk","https"]
ts-ics:      ["Desk: 10:30 at the door","https://example.com/room"]
ics-to-json: ["نوبت","خط یک\\nخط دو\\, پایان"]
ts-ics:      ["نوبت: تعمیر چاپگر","خط یک\nخط دو, پایان"]
ics-to-json: ["Visit","Ring at the door"]
ts-ics:      ["Visit","Ring at the door"]
EXPECTED
diff expected seen
echo "as described"
