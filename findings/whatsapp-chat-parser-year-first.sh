#!/usr/bin/env bash
# whatsapp-chat-parser 4.0.2 (npm), Node 20.
#
# Behaviour: a date that begins with its year, 2026-03-05, may be read as the third of May: of the two
# other numbers the first is guessed to be the day, as in 05/03/2026. As soon as one date of the
# chat has a day above 12, all are read rightly, so a later message moves the older ones.
# Expected: what begins with the year goes on with the month.
# Way out: `daysFirst: false` for such files.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund whatsapp-chat-parser@4.0.2
cat >try.mjs <<'TRY'
import { parseString } from "whatsapp-chat-parser";

const line = (date) => date + ", 12:30 - Ali: hello\n";
const read = (dates, options) =>
  console.log(dates.join(" "), "->", parseString(dates.map(line).join(""), options)
    .map(({ date }) => date.toDateString().slice(4)).join(", "));
read(["2026-03-05", "2026-04-05"]);
read(["2026-03-05", "2026-04-05", "2026-04-20"]);
read(["2026-03-05", "2026-04-05"], { daysFirst: false });
TRY
TZ=UTC node try.mjs | tee seen
cat >expected <<'EXPECTED'
2026-03-05 2026-04-05 -> May 03 2026, May 04 2026
2026-03-05 2026-04-05 2026-04-20 -> Mar 05 2026, Apr 05 2026, Apr 20 2026
2026-03-05 2026-04-05 -> Mar 05 2026, Apr 05 2026
EXPECTED
diff expected seen
echo "as described"
