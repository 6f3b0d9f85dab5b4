#!/usr/bin/env bash
# letterparser 0.1.8, mailparser 3.14.2 (npm), Node 20.
#
# Behaviour: a mail that hangs on another as a file (message/rfc822, "forward as attachment") is not among the
# attachments. Its text stands below the text of the mail as if the sender had written it, and its own sender and
# subject are gone. So what a customer forwards to a desk becomes the customer's words. An invitation (text/calendar
# beside the text) becomes text as well: the ticket ends in BEGIN:VCALENDAR. A file whose Persian name is written by
# RFC 2231, as Thunderbird and Python write it, comes without a name.
# Expected: three attachments, as mailparser gives them.
# Way out: mailparser, or read the parts of the mail from `parse`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund letterparser@0.1.8 mailparser@3.14.2
cat >try.mjs <<'TRY'
import { extract } from "letterparser";
import { simpleParser } from "mailparser";

const head = ["From: Sara <sara@example.com>", "To: desk@example.com", "Subject: Fwd", "MIME-Version: 1.0"];
const text = ["--a-b-c", "Content-Type: text/plain; charset=utf-8", "", "Please look at this."];
const parts = {
  "a mail": [
    "Content-Type: message/rfc822",
    "Content-Disposition: attachment; filename=old.eml",
    "",
    "From: Ali <ali@example.com>",
    "Subject: Order",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "I do not pay.",
  ],
  "an invitation": ["Content-Type: text/calendar; method=REQUEST", "", "BEGIN:VCALENDAR", "END:VCALENDAR"],
  "a Persian name": [
    "Content-Type: application/pdf",
    "Content-Disposition: attachment; filename*=utf-8''%D9%81%D8%A7%DA%A9%D8%AA%D9%88%D8%B1.pdf",
    "Content-Transfer-Encoding: base64",
    "",
    "JVBERg==",
  ],
};
for (const [name, part] of Object.entries(parts)) {
  const type = "Content-Type: multipart/mixed; boundary=a-b-c";
  const lines = [...head, type, "", ...text, "--a-b-c", ...part, "--a-b-c--"];
  const mail = lines.join("\r\n") + "\r\n";
  const one = extract(mail);
  const files = one.attachments.map(({ filename }) => filename ?? "(no name)");
  console.log(`${name}, letterparser:`, JSON.stringify(one.text), files);
  const other = await simpleParser(mail);
  const named = other.attachments.map(({ filename, contentType }) => filename ?? contentType);
  console.log(`${name}, mailparser:`, JSON.stringify(other.text), named);
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
a mail, letterparser: "Please look at this.\nI do not pay." []
a mail, mailparser: "Please look at this." [ 'old.eml' ]
an invitation, letterparser: "Please look at this.\nBEGIN:VCALENDAR\nEND:VCALENDAR" []
an invitation, mailparser: "Please look at this." [ 'text/calendar' ]
a Persian name, letterparser: "Please look at this." [ '(no name)' ]
a Persian name, mailparser: "Please look at this." [ 'فاکتور.pdf' ]
EXPECTED
diff expected seen
echo "as described"
