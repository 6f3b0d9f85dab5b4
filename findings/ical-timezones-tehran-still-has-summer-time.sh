#!/usr/bin/env bash
# @touch4it/ical-timezones 1.9.0, timezones-ical-library 2.3.2, ical-generator 11.1.2, ical.js 2.2.1 (npm),
# Node 20.
#
# Behaviour: an invitation in iCalendar brings along what its zone is (VTIMEZONE). ical-generator lets
# another package write that part, often @touch4it/ical-timezones. The data there are of 2018, so Tehran has
# an hour of summer time each year, although Iran has had none since 2022. A reader that believes the
# invitation, as it should, puts ten o'clock in July at 05:30 UTC instead of 06:30: people come an hour early.
# In winter all is right. The same holds for other zones that have changed since, as Amman.
# Expected: present data, as the zone's name has them in every program that looks it up by itself.
# Way out: timezones-ical-library, whose data are new.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @touch4it/ical-timezones@1.9.0 timezones-ical-library@2.3.2 \
  ical-generator@11.1.2 ical.js@2.2.1
cat >try.mjs <<'TRY'
import { getVtimezoneComponent } from "@touch4it/ical-timezones";
import { tzlib_get_ical_block } from "timezones-ical-library";
import ical from "ical-generator";
import ICAL from "ical.js";

const generators = {
  "@touch4it/ical-timezones": getVtimezoneComponent,
  "timezones-ical-library": (zone) => tzlib_get_ical_block(zone)[0],
};
for (const [name, generator] of Object.entries(generators)) {
  const calendar = ical();
  calendar.timezone({ name: "Asia/Tehran", generator });
  for (const day of ["2026-01-10", "2026-07-10"]) {
    calendar.createEvent({ start: `${day}T10:00:00`, timezone: "Asia/Tehran", summary: "meeting" });
  }
  const read = new ICAL.Component(ICAL.parse(calendar.toString()));
  for (const event of read.getAllSubcomponents("vevent")) {
    const start = new ICAL.Event(event).startDate;
    console.log(name, start.toString(), start.zone.tzid, "is", start.toJSDate().toISOString());
  }
}
const tehran = new Date("2026-07-10T06:30:00Z").toLocaleTimeString("en-GB", { timeZone: "Asia/Tehran" });
console.log("In Tehran, 06:30 UTC of that day in July is", tehran);
TRY
TZ=UTC node try.mjs | tee seen
cat >expected <<'EXPECTED'
@touch4it/ical-timezones 2026-01-10T10:00:00 Asia/Tehran is 2026-01-10T06:30:00.000Z
@touch4it/ical-timezones 2026-07-10T10:00:00 Asia/Tehran is 2026-07-10T05:30:00.000Z
timezones-ical-library 2026-01-10T10:00:00 Asia/Tehran is 2026-01-10T06:30:00.000Z
timezones-ical-library 2026-07-10T10:00:00 Asia/Tehran is 2026-07-10T06:30:00.000Z
In Tehran, 06:30 UTC of that day in July is 10:00:00
EXPECTED
diff expected seen
echo "as described"
