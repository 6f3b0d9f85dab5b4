#!/usr/bin/env bash
# postal-mime 4.0.0, mailparser 3.14.2 (npm), Node 20.
#
# Behaviour: in a mail of format=flowed (RFC 3676; Thunderbird and mutt write it) a line that ends with a space goes
# on in the next one. Where both are quoted the sign of the quotation is taken off first, and a line never goes on
# in one of another depth. postal-mime joins the lines as they are. A quoted sentence of two lines has a ">" in its
# middle. Where the quoted text ends with a space, as the last words of people often do, the answer below stands in
# the quoted line: a reader of replies drops it with the quotation, and the ticket has an empty message.
# Expected: what mailparser gives.
# Way out: none in the package; it keeps no text as it was sent.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund postal-mime@4.0.0 mailparser@3.14.2
cat >try.mjs <<'TRY'
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";

const head = ["From: sara@example.com", "Subject: Visit", "Content-Type: text/plain; charset=utf-8; format=flowed", ""];
const mails = {
  "two quoted lines": ["> Can somebody be at the door at nine ", "> tomorrow?", "No, at ten."],
  "a space at the end": ["> Is nine right? ", "No, at ten."],
  "two depths": [">> At nine? ", "> At ten? ", "At eleven."],
  "no quotation": ["Nobody can be at the door at ", "nine."],
};
for (const [name, lines] of Object.entries(mails)) {
  const mail = [...head, ...lines, ""].join("\r\n");
  console.log(name);
  console.log("  postal-mime:", JSON.stringify((await PostalMime.parse(mail)).text));
  console.log("  mailparser: ", JSON.stringify((await simpleParser(mail)).text));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
two quoted lines
  postal-mime: "> Can somebody be at the door at nine > tomorrow?\nNo, at ten.\n"
  mailparser:  "> Can somebody be at the door at nine tomorrow?\nNo, at ten."
a space at the end
  postal-mime: "> Is nine right? No, at ten.\n"
  mailparser:  "> Is nine right? \nNo, at ten."
two depths
  postal-mime: ">> At nine? > At ten? At eleven.\n"
  mailparser:  ">> At nine? \n> At ten? \nAt eleven."
no quotation
  postal-mime: "Nobody can be at the door at nine.\n"
  mailparser:  "Nobody can be at the door at nine."
EXPECTED
diff expected seen
echo "as described"
