#!/usr/bin/env bash
# quill-delta 5.1.0 (npm), Node 20; quill-delta 1.0.3 (PyPI), Python 3.11.
#
# Behaviour: a delta says what changes in a text: retain so many letters, insert, delete. The editor in the
# browser counts as JavaScript does, where a letter above U+FFFF counts as two: those of Old Persian, rare
# Chinese characters in names, and emoji. The port in Python, with which a server keeps the document, counts
# it as one. So each change behind such a letter is one place off on the server, and the document there is
# another than the one that people see. Nothing fails, as each position exists. Without such letters all is well.
# Expected: the port of a format that is exchanged counts as the format's own library.
# Way out: keep texts on the server in UTF-16 (`text.encode("utf-16-le")`, two bytes per position).
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund quill-delta@5.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check quill-delta==1.0.3
cat >edit.mjs <<'EDIT'
import Delta from "quill-delta";

for (const word of ["name", "\u{103A0}"]) {
  const before = new Delta().insert(`${word}: Sara`);
  const change = before.diff(new Delta().insert(`${word}: Dara`));
  console.error("JavaScript:", before.compose(change).ops[0].insert);
  console.log(JSON.stringify([before.ops, change.ops]));
}
EDIT
cat >edit.py <<'PYTHON'
import json
import sys

from delta import Delta

for line in sys.stdin:
    before, change = json.loads(line)
    print("Python:", "".join(op["insert"] for op in Delta(before).compose(Delta(change)).ops))
PYTHON
{ node edit.mjs 2>&1 >changes; venv/bin/python edit.py <changes; } | tee seen
cat >expected <<'EXPECTED'
JavaScript: name: Dara
JavaScript: 𐎠: Dara
Python: name: Dara
Python: 𐎠: SDra
EXPECTED
diff expected seen
echo "as described"
