#!/usr/bin/env bash
# vcard-parser 1.0.0, vcards-js 2.11.1, ical.js 2.2.1 (npm), Node 20.
#
# Behaviour: a long line of a contact's card goes on in a next line that begins with one space, and a reader
# takes away the line break and that space, no more. vcard-parser takes away all the spaces there. Where a
# line was cut at a space between two words, as vcards-js cuts at the 75th letter wherever that is, the two
# words become one. It also takes a note with a semicolon for a list of two values; vcards-js does not escape
# semicolons in notes, names and titles. So what a program writes into `note` as a text is read as an array.
# Expected: the text that was written. ical.js gives it back.
# Way out: ical.js reads cards too (`ICAL.Component`, format vCard 3).
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund vcard-parser@1.0.0 vcards-js@2.11.1 ical.js@2.2.1
cat >try.mjs <<'TRY'
import ICAL from "ical.js";
import parser from "vcard-parser";
import vCardsJS from "vcards-js";

const notes = [
  "Rings at the side door, and asks for the key of the second floor desk there",
  "Rings at the side door, and asks for the keys of the second floor desk too",
  "Rings; waits",
];
for (const note of notes) {
  const card = vCardsJS();
  card.firstName = "Sara";
  card.note = note;
  const text = card.getFormattedString();
  const read = parser.parse(text).note[0].value;
  const [, properties] = ICAL.parse(text);
  const other = properties.find(([name]) => name === "note")[3];
  console.log("vcard-parser:", JSON.stringify(read));
  console.log("ical.js the same as written:", other === note);
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
vcard-parser: "Rings at the side door, and asks for the key of the second floor deskthere"
ical.js the same as written: true
vcard-parser: "Rings at the side door, and asks for the keys of the second floor desk too"
ical.js the same as written: true
vcard-parser: ["Rings"," waits"]
ical.js the same as written: true
EXPECTED
diff expected seen
echo "as described"
