#!/usr/bin/env bash
# natural 8.1.1 (npm), Node 20.
#
# Behaviour: natural is a library for texts: words, stems, distances. Its import also looks for a file `.env`
# in the folder where the program was started, and puts what is in it into the environment of the process.
# So settings of another program, or of a developer's desk, count from then on, where nobody asked for a file.
# It writes five lines to the standard output as well, with an advertisement in each: a program whose output is
# read by another, as JSON or CSV, is broken by a line that it imports.
# Expected: an import that counts words reads no settings and writes nothing.
# Way out: import the one part that is needed, as "natural/lib/natural/tokenizers/index.js".
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts natural@8.1.1
echo 'CHAT_ROOM_LIMIT=3' >.env
echo 'await import("natural"); console.log(JSON.stringify({ limit: process.env.CHAT_ROOM_LIMIT }));' >whole.mjs
echo 'await import("natural/lib/natural/tokenizers/index.js");
console.log(JSON.stringify({ limit: process.env.CHAT_ROOM_LIMIT }));' >part.mjs
for program in whole part; do
  node $program.mjs >output
  echo "$program: $(wc -l <output) lines, the last is $(tail -1 output)"
done | tee seen
cat >expected <<'EXPECTED'
whole: 6 lines, the last is {"limit":"3"}
part: 1 lines, the last is {}
EXPECTED
diff expected seen
echo "as described"
