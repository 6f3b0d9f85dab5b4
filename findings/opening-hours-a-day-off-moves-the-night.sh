#!/usr/bin/env bash
# opening_hours 3.15.0 (npm), Node 20; opening-hours-py 2.1.4 (PyPI), Python 3.11.
#
# Behaviour: the format `opening_hours` of OpenStreetMap says when a desk is open. One that works each
# evening from nine until two, and not on Fridays, may write "Mo-Su 21:00-02:00; Fr off". Both libraries
# agree on what that means. The rest of Thursday's night, from midnight to two on Friday, is closed;
# Friday evening is closed; and midnight to two on Saturday is open, as the rest of a night that never
# began. "Sa-Th 21:00-02:00" gives what was meant.
# Expected: with Friday's night the part after its midnight is off too, and Thursday's is whole.
# Way out: list the days that are open, and write no "off" beside hours that pass midnight.
#
# Seen: the lines below. 12 March 2026 is a Thursday.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opening-hours-py==2.1.4
npm install --silent --no-audit --no-fund opening_hours@3.15.0
cat >try.cjs <<'JS'
const OpeningHours = require("opening_hours");

for (const hours of ["Mo-Su 21:00-02:00; Fr off", "Sa-Th 21:00-02:00"]) {
  const table = new OpeningHours(hours);
  for (const at of ["2026-03-12T23:00", "2026-03-13T01:00", "2026-03-13T23:00", "2026-03-14T01:00"])
    console.log("opening_hours:   ", hours, at, table.getState(new Date(at)) ? "open" : "closed");
}
JS
cat >try.py <<'PYTHON'
import datetime

from opening_hours import OpeningHours

for hours in ("Mo-Su 21:00-02:00; Fr off", "Sa-Th 21:00-02:00"):
    for at in ("2026-03-12T23:00", "2026-03-13T01:00", "2026-03-13T23:00", "2026-03-14T01:00"):
        now = OpeningHours(hours).is_open(datetime.datetime.fromisoformat(at))
        print("opening-hours-py:", hours, at, "open" if now else "closed")
PYTHON
{ TZ=UTC node try.cjs; venv/bin/python try.py; } | tee seen
cat >expected <<'EXPECTED'
opening_hours:    Mo-Su 21:00-02:00; Fr off 2026-03-12T23:00 open
opening_hours:    Mo-Su 21:00-02:00; Fr off 2026-03-13T01:00 closed
opening_hours:    Mo-Su 21:00-02:00; Fr off 2026-03-13T23:00 closed
opening_hours:    Mo-Su 21:00-02:00; Fr off 2026-03-14T01:00 open
opening_hours:    Sa-Th 21:00-02:00 2026-03-12T23:00 open
opening_hours:    Sa-Th 21:00-02:00 2026-03-13T01:00 open
opening_hours:    Sa-Th 21:00-02:00 2026-03-13T23:00 closed
opening_hours:    Sa-Th 21:00-02:00 2026-03-14T01:00 closed
opening-hours-py: Mo-Su 21:00-02:00; Fr off 2026-03-12T23:00 open
opening-hours-py: Mo-Su 21:00-02:00; Fr off 2026-03-13T01:00 closed
opening-hours-py: Mo-Su 21:00-02:00; Fr off 2026-03-13T23:00 closed
opening-hours-py: Mo-Su 21:00-02:00; Fr off 2026-03-14T01:00 open
opening-hours-py: Sa-Th 21:00-02:00 2026-03-12T23:00 open
opening-hours-py: Sa-Th 21:00-02:00 2026-03-13T01:00 open
opening-hours-py: Sa-Th 21:00-02:00 2026-03-13T23:00 closed
opening-hours-py: Sa-Th 21:00-02:00 2026-03-14T01:00 closed
EXPECTED
diff expected seen
echo "as described"
