#!/usr/bin/env bash
# irc-colors 1.5.0 (npm), Node 20.
#
# Behaviour: in IRC a colour begins with a control sign and up to two digits, and the sign alone ends it.
# irc-colors knows that a number at the begin of a coloured text would be read as a part of the colour, and
# puts something between. Behind a coloured text it does not. `red("late: ") + "1403"` ends with the sign
# and then the number, which clients read as colour 14 and the text "03". Its own `stripColors` does so too,
# so the digits are missing in a log as well.
# Expected: what stands behind a coloured text stays.
# Way out: put a space between.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund irc-colors@1.5.0
cat >try.mjs <<'TRY'
import { createRequire } from "node:module";

const colors = createRequire(import.meta.url)("irc-colors");
const late = colors.red("late:");
for (const text of [colors.red("1403 is late"), late + "1403", late + " 1403"]) {
  console.log(JSON.stringify(text), "without colours:", JSON.stringify(colors.stripColors(text)));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
"\u0003041403 is late\u0003" without colours: "1403 is late"
"\u000304late:\u00031403" without colours: "late:03"
"\u000304late:\u0003 1403" without colours: "late: 1403"
EXPECTED
diff expected seen
echo "as described"
