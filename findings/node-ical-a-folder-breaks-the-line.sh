#!/usr/bin/env bash
# node-ical 0.27.2, ts-ics 2.4.6, ics 3.12.0 (npm), Node 20.
#
# Behaviour: in a text of a calendar a backslash stands as two, and a line break as a backslash and an n (RFC 5545,
# section 3.3.11). node-ical looks for line breaks before it looks for backslashes: in the text "C:\new", written
# as C:\\new, it finds one behind the first backslash. What is read has a backslash at the end of a line and "ew" on
# the next. Each folder whose name begins with an n (or an N) goes the same way, and each "\n" that an engineer
# writes about. Before other letters the text is right.
# Expected: the text that was written, as ts-ics reads it.
# Way out: ts-ics or ical.js; the text cannot be mended afterwards, since a real line break looks the same.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund node-ical@0.27.2 ts-ics@2.4.6 ics@3.12.0
cat >try.mjs <<'TRY'
import { createEvent } from "ics";
import nodeIcal from "node-ical";
import tsIcs from "ts-ics";

const texts = [String.raw`copy C:\new to D:\Notes`, String.raw`open C:\old`, "line one\nline two", String.raw`رمز: a\nb`];
for (const description of texts) {
  const { value } = createEvent({ title: "Update", description, start: [2026, 12, 5, 9, 0], duration: { hours: 1 } });
  const [event] = Object.values(nodeIcal.sync.parseICS(value)).filter(({ type }) => type === "VEVENT");
  console.log("written:  ", JSON.stringify(description));
  console.log("node-ical:", JSON.stringify(event.description));
  console.log("ts-ics:   ", JSON.stringify(tsIcs.convertIcsCalendar(undefined, value).events[0].description));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
written:   "copy C:\\new to D:\\Notes"
node-ical: "copy C:\\\new to D:\\\notes"
ts-ics:    "copy C:\\new to D:\\Notes"
written:   "open C:\\old"
node-ical: "open C:\\old"
ts-ics:    "open C:\\old"
written:   "line one\nline two"
node-ical: "line one\nline two"
ts-ics:    "line one\nline two"
written:   "رمز: a\\nb"
node-ical: "رمز: a\\\nb"
ts-ics:    "رمز: a\\nb"
EXPECTED
diff expected seen
echo "as described"
