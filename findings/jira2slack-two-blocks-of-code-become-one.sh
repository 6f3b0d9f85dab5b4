#!/usr/bin/env bash
# jira2slack 1.3.0 (npm), Node 20.
#
# Behaviour: a desk that works on tickets of Jira shows their texts in Slack with this package. A block of code
# stands between two marks {code}. With two blocks in one text the first mark and the last one count, and those
# between stay as they are: what was written between the blocks is code, and the marks are seen. Within code,
# lines that begin with "#" become "1.", "2." and so on: what was a comment of a shell is none any more. In
# plain text, of two homes of files that begin with a tilde none is left, and what is between two dashes is
# struck out.
# Expected: each block is its own, and stays as it was written.
# Way out: cut the text at {code} and give only the parts between the blocks to `toSlack`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund jira2slack@1.3.0
cat >try.cjs <<'JS'
const { toSlack } = require("jira2slack");
for (const text of [
  "{code}a = 1{code}\nthen restart, and\n{code}b = 2{code}",
  "{code}\n# stop\nsystemctl stop desk\n# start\nsystemctl start desk\n{code}",
  "copy ~/old.conf to ~/new.conf",
  "the red - and new - one",
]) {
  console.log(JSON.stringify(text));
  console.log("  ", JSON.stringify(toSlack(text)));
}
JS
node try.cjs | tee seen
cat >expected <<'EXPECTED'
"{code}a = 1{code}\nthen restart, and\n{code}b = 2{code}"
   "```a = 1{code}\nthen restart, and\n{code}b = 2```"
"{code}\n# stop\nsystemctl stop desk\n# start\nsystemctl start desk\n{code}"
   "```\n1. stop\nsystemctl stop desk\n2. start\nsystemctl start desk\n```"
"copy ~/old.conf to ~/new.conf"
   "copy _/old.conf to /new.conf"
"the red - and new - one"
   "the red  ~and new~  one"
EXPECTED
diff expected seen
echo "as described"
