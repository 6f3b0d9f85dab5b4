#!/usr/bin/env bash
# stream-chat 9.53.0 (npm), Node 20.
#
# Behaviour: while somebody writes, the client of Stream keeps the users who were picked for a
# mention, and filters them by what the text still says before it sends. It looks for "@name"
# anywhere in the text. So Ali stays mentioned after his mention was deleted, where Alireza is
# mentioned too, as both names are common in Persian, or where the text has an address of mail at a
# domain that begins with his id.
# Expected: a mention counts where the name ends.
# Way out: filter `mentioned_users` once more before a message is sent.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund stream-chat@9.53.0
cat >try.mjs <<'JS'
import { getMentionedUsersInText } from "stream-chat";

const users = [
  { id: "ali", name: "علی" },
  { id: "alireza", name: "علیرضا" },
];
for (const text of ["@علی سلام", "@علیرضا سلام", "@alireza hello", "write to desk@ali.example", "سلام"]) {
  console.log(getMentionedUsersInText(text, users).map((user) => user.id).join(", ") || "nobody");
}
JS
node try.mjs | tee seen
cat >expected <<'EXPECTED'
ali
ali, alireza
ali, alireza
ali
nobody
EXPECTED
diff expected seen
echo "as described"
