#!/usr/bin/env bash
# lunr 2.3.9 (npm), Node 20; lunr 0.8.0 (PyPI, "a port of Lunr.js"), Python 3.11.
#
# Behaviour: lunr in JavaScript indexes no Persian word, and gives no error: its trimmer takes every
# letter that is not Latin for punctuation, so these words become empty. The port in Python does
# not do so. When JavaScript loads the index that Python built of the same two documents, it finds
# the Persian one.
# Expected: the same documents give the same index in both.
# Way out: `this.pipeline.remove(lunr.trimmer)` before the first document, or build with Python.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "commonjs", "private": true}' >package.json
npm install --silent --no-audit --no-fund lunr@2.3.9
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lunr==0.8.0
cat >documents.json <<'DOCUMENTS'
[{"id": "1", "text": "سلام دنیا"}, {"id": "2", "text": "hello world"}]
DOCUMENTS
cat >build.py <<'BUILD'
import json

import lunr

documents = json.load(open("documents.json", encoding="utf-8"))
index = lunr.lunr(ref="id", fields=["text"], documents=documents)
json.dump(index.serialize(), open("index.json", "w", encoding="utf-8"))
BUILD
cat >try.js <<'TRY'
const lunr = require("lunr");
const documents = require("./documents.json");
const build = (begin) =>
  lunr(function () {
    begin(this);
    this.ref("id");
    this.field("text");
    for (const each of documents) this.add(each);
  });
const indexes = {
  "built in JavaScript": build(() => {}),
  "without its trimmer": build((builder) => builder.pipeline.remove(lunr.trimmer)),
  "built in Python": lunr.Index.load(require("./index.json")),
};
for (const [name, index] of Object.entries(indexes)) {
  const found = (word) => index.search(word).map(({ ref }) => ref).join() || "nothing";
  console.log(name + ":", "hello", found("hello") + ",", "سلام", found("سلام"));
}
TRY
venv/bin/python build.py
node try.js | tee seen
cat >expected <<'EXPECTED'
built in JavaScript: hello 2, سلام nothing
without its trimmer: hello 2, سلام 1
built in Python: hello 2, سلام 1
EXPECTED
diff expected seen
echo "as described"
