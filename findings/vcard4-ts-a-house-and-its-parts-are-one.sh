#!/usr/bin/env bash
# vcard4-ts 0.4.1, vcard4 4.0.5, ical.js 2.2.1 (npm), Node 20.
#
# Behaviour: ORG of a contact's card is the name of a house and of its departments, parted by semicolons; one that
# belongs to a name is written with a backslash (RFC 6350, section 6.6.4). vcard4-ts gives ORG as a list, and puts
# all of it into the first place, semicolons and all; those with a backslash come without it, so the two kinds
# cannot be told apart any more. Names and addresses are taken apart rightly, and no warning ("nag") is given.
# Expected: a list of the parts, as the other two give it.
# Way out: read ORG with vcard4 or ical.js.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund vcard4-ts@0.4.1 vcard4@4.0.5 ical.js@2.2.1
cat >try.mjs <<'TRY'
import ICAL from "ical.js";
import { parse } from "vcard4";
import { parseVCards } from "vcard4-ts";

for (const org of ["شرکت الف;فروش;تهران", String.raw`شرکت الف\; و پسران;فروش`]) {
  const text = ["BEGIN:VCARD", "VERSION:4.0", "FN:Sara", `ORG:${org}`, "END:VCARD", ""].join("\r\n");
  const [card] = parseVCards(text).vCards;
  console.log(org);
  console.log("  vcard4-ts:", JSON.stringify(card.ORG[0].value), card.nags?.length ?? 0, "warnings");
  const value = parse(text).parsedVcard.find(({ property }) => property === "ORG");
  console.log("  vcard4:", JSON.stringify(value.value));
  console.log("  ical.js:", JSON.stringify(ICAL.parse(text)[1].find(([name]) => name === "org")[3]));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
شرکت الف;فروش;تهران
  vcard4-ts: ["شرکت الف;فروش;تهران"] 0 warnings
  vcard4: ["شرکت الف","فروش","تهران"]
  ical.js: ["شرکت الف","فروش","تهران"]
شرکت الف\; و پسران;فروش
  vcard4-ts: ["شرکت الف; و پسران;فروش"] 0 warnings
  vcard4: ["شرکت الف; و پسران","فروش"]
  ical.js: ["شرکت الف; و پسران","فروش"]
EXPECTED
diff expected seen
echo "as described"
