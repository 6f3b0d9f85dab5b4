#!/usr/bin/env bash
# cal-parser 1.0.2, ts-ics 2.4.6 (npm), Node 20.
#
# Behaviour: a meeting may have a reminder within, with an action and words of its own ("This is an event reminder"
# in each calendar of Google). cal-parser reads the lines of the reminder as those of the meeting, so the text of the
# meeting is gone and the reminder's stands in its place. Of several people who are asked only the last one is left.
# Line breaks in a text become spaces. And nine o'clock in Tehran is nine o'clock in UTC, three and a half hours
# late, though the zone stands in the line and "transforms dates and date-times into JS Date objects" is promised.
# Expected: the text, all people and the moment of the meeting, as ts-ics reads them.
# Way out: ts-ics or ical.js.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund cal-parser@1.0.2 ts-ics@2.4.6
cat >try.mjs <<'TRY'
import { parseString } from "cal-parser";
import tsIcs from "ts-ics";

const words = "DESCRIPTION:This is an event reminder";
const alarm = ["BEGIN:VALARM", "ACTION:DISPLAY", words, "TRIGGER:-PT10M", "END:VALARM"];
const calendar = [
  "BEGIN:VCALENDAR",
  "VERSION:2.0",
  "PRODID:desk",
  "BEGIN:VEVENT",
  "UID:1",
  "DTSTAMP:20261201T000000Z",
  "DTSTART;TZID=Asia/Tehran:20261205T090000",
  "SUMMARY:جلسه",
  String.raw`DESCRIPTION:طبقه دوم\nکارت بیاورید`,
  "ATTENDEE;CN=Sara:mailto:sara@example.com",
  "ATTENDEE;CN=Ali:mailto:ali@example.com",
];
for (const parts of [[], alarm]) {
  const text = [...calendar, ...parts, "END:VEVENT", "END:VCALENDAR", ""].join("\r\n");
  const { description, attendee, dtstart } = parseString(text).events[0];
  console.log(parts.length ? "with a reminder" : "without");
  console.log("  cal-parser:", JSON.stringify(description.value), attendee.params.cn, dtstart.value.toISOString());
  const event = tsIcs.convertIcsCalendar(undefined, text).events[0];
  const names = event.attendees.map(({ name }) => name).join();
  console.log("  ts-ics:", JSON.stringify(event.description), names, event.start.date.toISOString());
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
without
  cal-parser: "طبقه دوم کارت بیاورید" Ali 2026-12-05T09:00:00.000Z
  ts-ics: "طبقه دوم\nکارت بیاورید" Sara,Ali 2026-12-05T05:30:00.000Z
with a reminder
  cal-parser: "This is an event reminder" Ali 2026-12-05T09:00:00.000Z
  ts-ics: "طبقه دوم\nکارت بیاورید" Sara,Ali 2026-12-05T05:30:00.000Z
EXPECTED
diff expected seen
echo "as described"
