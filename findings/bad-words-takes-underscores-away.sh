#!/usr/bin/env bash
# bad-words 4.1.5 (npm), Node 20.
#
# Behaviour: `clean` puts stars in the place of bad words, and chats pass each message through it. It splits
# the text at underscores too, and joins it again without them. So a message without any bad word is changed
# when it has an underscore: a link leads to another page, and a mention is of another account. `isProfane`
# says that there is nothing bad in it. A text with hyphens stays as it is.
# Expected: a text without bad words stays as it is.
# Way out: call `clean` only where `isProfane` is true, and keep links and mentions out of it.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund bad-words@4.1.5
cat >try.mjs <<'TRY'
import { Filter } from "bad-words";

const filter = new Filter();
for (const text of ["see https://example.com/my_file.pdf", "@ali_karimi wrote", "فروش_ویژه", "a well-known word"]) {
  console.log(text, "-> is profane", filter.isProfane(text), "->", filter.clean(text));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
see https://example.com/my_file.pdf -> is profane false -> see https://example.com/myfile.pdf
@ali_karimi wrote -> is profane false -> @alikarimi wrote
فروش_ویژه -> is profane false -> فروش_ویژه
a well-known word -> is profane false -> a well-known word
EXPECTED
diff expected seen
echo "as described"
