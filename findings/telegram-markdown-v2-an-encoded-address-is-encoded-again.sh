#!/usr/bin/env bash
# telegram-markdown-v2 0.0.4 (npm), Node 20.
#
# Behaviour: the package makes of Markdown what Telegram takes as MarkdownV2. It looks whether the address of a
# link is encoded already by decoding it with `decodeURI`, which leaves the signs of an address as they are:
# %2F, %3A, %26, %23 and the like. An address that has only such ones, as each link has that carries another
# address or a signature, is taken for plain and encoded once more: %2F becomes %252F, and the link leads to a
# page that is not there, or is refused for its signature. With one Persian letter in the same address, encoded
# too, it is right.
# Expected: the address of a link is the one that was written.
# Way out: give it addresses in which something else is encoded too, or make such links by hand.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund telegram-markdown-v2@0.0.4
cat >try.cjs <<'JS'
const { convert } = require("telegram-markdown-v2");

for (const address of [
  "https://desk.example/login?next=/rooms/7",
  "https://desk.example/login?next=%2Frooms%2F7",
  "https://files.example/a.pdf?sign=ab%2Bcd%2Fef%3D",
  "https://files.example/%DA%AF.pdf?sign=ab%2Bcd%2Fef%3D",
]) {
  console.log(address);
  console.log("  ", convert(`[page](${address})`).trim());
}
JS
node try.cjs | tee seen
cat >expected <<'EXPECTED'
https://desk.example/login?next=/rooms/7
   [page](https://desk.example/login?next=/rooms/7)
https://desk.example/login?next=%2Frooms%2F7
   [page](https://desk.example/login?next=%252Frooms%252F7)
https://files.example/a.pdf?sign=ab%2Bcd%2Fef%3D
   [page](https://files.example/a.pdf?sign=ab%252Bcd%252Fef%253D)
https://files.example/%DA%AF.pdf?sign=ab%2Bcd%2Fef%3D
   [page](https://files.example/%DA%AF.pdf?sign=ab%2Bcd%2Fef%3D)
EXPECTED
diff expected seen
echo "as described"
