#!/usr/bin/env bash
# planer 1.2.0 (npm), Node 20; mail-parser-reply 1.36 (PyPI), Python 3.11.
#
# Behaviour: both take the new part of a mail, as a desk does that makes messages of mails. Lines that begin
# with "From:", "To:" and "Date:" are the head of a quoted mail for them, whatever stands behind. A customer
# who orders a journey writes just these words, with cities behind them: planer leaves out the order and all
# below it, mail-parser-reply the three lines. mail-parser-reply also takes "Thank you," at the begin of a
# line for the end of the mail, and leaves out the question that goes on in that sentence's next line.
# Expected: what is no address and no date is no head of a mail.
# Way out: show the whole mail to the agent where more was left out than lines with ">".
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund planer@1.2.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mail-parser-reply==1.36
cat >mails.json <<'MAILS'
[
  "We need a bus.\n\nFrom: Tehran\nTo: Shiraz\nDate: Monday\n\nFor nine people, please.\n",
  "It is late.\n\nThank you,\nand can you say when it comes?\n",
  "All is well.\n\nOn Mon, Dec 1, 2025 at 10:15 AM Ali <ali@chat.example> wrote:\n> How is it?\n"
]
MAILS
cat >read.py <<'PYTHON'
import json

from mailparser_reply import EmailReplyParser

for mail in json.load(open("mails.json")):
    replies = EmailReplyParser(languages=["en"]).read(mail).replies
    print("mail-parser-reply:", json.dumps("\n".join(reply.body for reply in replies)))
PYTHON
cat >read.mjs <<'READ'
import { readFileSync } from "node:fs";
import planer from "planer";

for (const mail of JSON.parse(readFileSync("mails.json", "utf8"))) {
  console.log("planer:", JSON.stringify(planer.extractFrom(mail, "text/plain")));
}
READ
{ venv/bin/python read.py; node read.mjs; } | tee seen
cat >expected <<'EXPECTED'
mail-parser-reply: "We need a bus.\nFor nine people, please."
mail-parser-reply: "It is late."
mail-parser-reply: "All is well.\n> How is it?"
planer: "We need a bus."
planer: "It is late.\n\nThank you,\nand can you say when it comes?"
planer: "All is well."
EXPECTED
diff expected seen
echo "as described"
