#!/usr/bin/env bash
# persian 1.0.1 (npm), Node 20.
#
# Behaviour: the package turns Latin and Arabic digits into Persian ones. As soon as it is loaded it puts a
# function of its own into the place of `String.prototype.replaceAll`, for the whole process. That one takes
# an object, and no search text. So the calls of every other library do something else from then on, without
# an error: "a.b.c" keeps its dots, a template its marks, and an amount without its comma is "2,,,,,". A test
# that does not load the package shows nothing. Its `toPersian` also takes out the half-space within words.
# Expected: a package that is imported adds its own functions and leaves the language's as they are.
# Way out: keep `String.prototype.replaceAll` before the import and put it back behind each call, or map the
# ten digits by hand.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund persian@1.0.1
cat >try.js <<'TRY'
const shown = () => console.log(
  "a.b.c".replaceAll(".", "-"), "Hello {name}".replaceAll("{name}", "Sara"), "20,000".replaceAll(",", ""),
);

shown();
const { toPersian } = require("persian");
shown();
console.log(toPersian("می\u200cروم 10").includes("\u200c") ? "half-space kept" : "half-space gone");
TRY
node try.js | tee seen
cat >expected <<'EXPECTED'
a-b-c Hello Sara 20000
a.b.c Hello {name} 2,,,,,
half-space gone
EXPECTED
diff expected seen
echo "as described"
