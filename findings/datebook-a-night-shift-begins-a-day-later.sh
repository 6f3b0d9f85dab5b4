#!/usr/bin/env bash
# datebook 8.0.1, ical.js 2.2.1 (npm), Node 20.
#
# Behaviour: a meeting that repeats on Saturdays is written with its begin in UTC and with BYDAY=SA as it was
# given. By RFC 5545 the day of a rule is one of the begin's zone, which is UTC now. A shift from one o'clock in
# the night to Saturday in Tehran begins on Friday by UTC, so a calendar shows it in each night to Sunday, and
# leaves out the first one. A meeting at nine is right. The link for Google Calendar has the same two values.
# Where the server is in Tehran or in UTC makes no difference.
# Expected: the begin in the zone that the days are meant in, or the days moved with it.
# Way out: give the days as UTC counts them (`weekdays: ["FR"]`).
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund datebook@8.0.1 ical.js@2.2.1
cat >try.mjs <<'TRY'
import { GoogleCalendar, ICalendar } from "datebook";
import ICAL from "ical.js";

const clock = { hour: "numeric", minute: "numeric" };
const local = { timeZone: "Asia/Tehran", weekday: "long", day: "numeric", month: "long", ...clock };
for (const time of ["09:00", "01:00"]) {
  const start = new Date(`2026-12-05T${time}:00+03:30`);
  const end = new Date(start.getTime() + 3_600_000);
  const options = { title: "Shift", start, end, recurrence: { frequency: "WEEKLY", weekdays: ["SA"], count: 3 } };
  console.log("wanted first:", start.toLocaleString("en-GB", local));
  const calendar = new ICAL.Component(ICAL.parse(new ICalendar(options).render()));
  const days = new ICAL.Event(calendar.getFirstSubcomponent("vevent")).iterator();
  for (let day = days.next(); day; day = days.next()) console.log("  ", day.toJSDate().toLocaleString("en-GB", local));
  const { searchParams } = new URL(new GoogleCalendar(options).render());
  console.log("   Google:", searchParams.get("dates").split("/")[0], searchParams.get("recur"));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
wanted first: Saturday 5 December at 09:00
   Saturday 5 December at 09:00
   Saturday 12 December at 09:00
   Saturday 19 December at 09:00
   Google: 20261205T053000Z RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=SA
wanted first: Saturday 5 December at 01:00
   Sunday 6 December at 01:00
   Sunday 13 December at 01:00
   Sunday 20 December at 01:00
   Google: 20261204T213000Z RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=SA
EXPECTED
diff expected seen
echo "as described"
