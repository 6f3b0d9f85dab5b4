#!/usr/bin/env bash
# json-merge-patch 0.3.0, jsonpatch 1.47 (PyPI), Python 3.11; json-merge-patch 1.0.2 (npm), Node 20.
#
# Behaviour: `create_patch` finds what changed between two objects, to send only that. It compares as Python
# does, where False equals 0 and True equals 1. SQLite keeps a yes or no as 1 or 0, so an object that was read
# from it differs in such fields alone from the new one, and no patch is made: clients that look at the type
# (`=== true`, or a schema) keep the old value. A list of such values, or a level further down, is the same. The
# package of the same name in JavaScript finds each of these.
# Expected: in JSON 0 and false are two values.
# Way out: `jsonpatch`, or turn such columns into bool before both objects are compared.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund json-merge-patch@1.0.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check json-merge-patch==0.3.0 jsonpatch==1.47
cat >make.py <<'PYTHON'
import json

import json_merge_patch
import jsonpatch

OLD = {"muted": 0, "pinned": [1], "who": {"online": 1}}
NEW = {"muted": False, "pinned": [True], "who": {"online": True}}
print("json-merge-patch of PyPI:", json.dumps(json_merge_patch.create_patch(OLD, NEW)))
print("jsonpatch of PyPI:", len(jsonpatch.make_patch(OLD, NEW).patch), "changes")
PYTHON
cat >make.mjs <<'MAKE'
import mergePatch from "json-merge-patch";

const before = { muted: 0, pinned: [1], who: { online: 1 } };
const after = { muted: false, pinned: [true], who: { online: true } };
console.log("json-merge-patch of npm:", JSON.stringify(mergePatch.generate(before, after)));
MAKE
{ venv/bin/python make.py; node make.mjs; } | tee seen
cat >expected <<'EXPECTED'
json-merge-patch of PyPI: {}
jsonpatch of PyPI: 3 changes
json-merge-patch of npm: {"muted":false,"pinned":[true],"who":{"online":true}}
EXPECTED
diff expected seen
echo "as described"
