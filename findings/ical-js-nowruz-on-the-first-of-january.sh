#!/usr/bin/env bash
# ical.js 2.2.1, node-ical 0.27.2, rrule 2.8.1 (npm), Node 20.
#
# Behaviour: iCalendar can repeat an event by another calendar (RFC 7529). Nowruz, the first day of the
# Persian year, is RSCALE=PERSIAN;BYMONTH=1;BYMONTHDAY=1 there. ical.js and node-ical do not know RSCALE,
# drop it, and take month 1 for January. So the holiday, and a desk that is closed on it, is on the first of
# January of each year, and nothing says so. rrule refuses the same rule with an error.
# Expected: a rule of a calendar that a program does not know is refused or left out, and not read in
# another.
# Way out: look for RSCALE in each rule, and take only the first date of such an event.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund ical.js@2.2.1 node-ical@0.27.2 rrule@2.8.1
cat >try.mjs <<'TRY'
import { createRequire } from "node:module";
import ICAL from "ical.js";
import ical from "node-ical";

const { rrulestr } = createRequire(import.meta.url)("rrule");
const RULE = "RSCALE=PERSIAN;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;COUNT=3";
const text = [
  "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20240101T000000Z",
  "DTSTART;VALUE=DATE:20240320", "SUMMARY:Nowruz", `RRULE:${RULE}`, "END:VEVENT", "END:VCALENDAR", "",
].join("\r\n");

const persian = new Intl.DateTimeFormat("en-u-ca-persian", { dateStyle: "medium", timeZone: "UTC" });
console.log("The event begins on 2024-03-20, which is", persian.format(new Date("2024-03-20")));

const dates = [];
const events = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent")).iterator();
for (let date = events.next(); date; date = events.next()) dates.push(date.toString());
console.log("ical.js:", dates.join(", "));

const event = Object.values(ical.sync.parseICS(text)).find(({ type }) => type === "VEVENT");
console.log("node-ical:", event.rrule.all().map((date) => date.toISOString().slice(0, 10)).join(", "));

try {
  console.log("rrule:", rrulestr(`DTSTART:20240320T000000Z\nRRULE:${RULE}`).all());
} catch ({ message }) {
  console.log("rrule:", message);
}
TRY
TZ=UTC node try.mjs | tee seen
cat >expected <<'EXPECTED'
The event begins on 2024-03-20, which is Farvardin 1, 1403 AP
ical.js: 2025-01-01, 2026-01-01, 2027-01-01
node-ical: 2025-01-01, 2026-01-01, 2027-01-01
rrule: Unknown RRULE property 'RSCALE'
EXPECTED
diff expected seen
echo "as described"
