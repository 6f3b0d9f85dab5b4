#!/usr/bin/env bash
# blurhash 2.0.5 (npm), Node 20; blurhash 1.1.5 (PyPI), Python 3.11.
#
# Behaviour: a blurhash is the blurred picture that chats show until the real one is there. Its encoder
# writes how strong the strongest wave of the picture is. The one in JavaScript looks only at waves
# that go downwards from left or top, and not at those of the other sign. A picture that is bright on the left
# comes back well. Its mirror image, bright on the right or below, comes back with little of the difference,
# and the decoder cannot know. The package of the same name in Python encodes both well.
# Expected: the hash of a mirrored picture is as good as the one of the picture.
# Way out: encode on the server, in Python.
#
# Seen: the lines below. The difference is the mean of all colours, of 255; both decode with JavaScript.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check blurhash==1.1.5
npm install --silent --no-audit --no-fund blurhash@2.0.5
cat >encode.py <<'PYTHON'
import json

import blurhash

WIDTH, HEIGHT = 32, 32
left = [[[240 - 7 * x] * 3 for x in range(WIDTH)] for _ in range(HEIGHT)]
pictures = {"bright on the left": left, "bright on the right": [row[::-1] for row in left]}
pictures["bright above"] = [list(row) for row in zip(*left)]
pictures["bright below"] = pictures["bright above"][::-1]
found = {name: {"rows": rows, "hash": blurhash.encode(rows, 4, 4)} for name, rows in pictures.items()}
json.dump(found, open("pictures.json", "w"))
PYTHON
cat >compare.mjs <<'JS'
import { readFileSync } from "node:fs";
import { decode, encode } from "blurhash";

const far = (hash, pixels) => {
  const shown = decode(hash, 32, 32);
  const sum = shown.reduce((all, value, at) => all + Math.abs(value - pixels[at]), 0);
  return Math.round(sum / (32 * 32 * 3));
};
for (const [name, one] of Object.entries(JSON.parse(readFileSync("pictures.json", "utf8")))) {
  const pixels = Uint8ClampedArray.from(one.rows.flat().flatMap((colour) => [...colour, 255]));
  const own = encode(pixels, 32, 32, 4, 4);
  console.log(`${name}: JavaScript's is ${far(own, pixels)} off, Python's ${far(one.hash, pixels)}`);
}
JS
venv/bin/python encode.py
node compare.mjs | tee seen
cat >expected <<'EXPECTED'
bright on the left: JavaScript's is 11 off, Python's 11
bright on the right: JavaScript's is 49 off, Python's 4
bright above: JavaScript's is 11 off, Python's 11
bright below: JavaScript's is 49 off, Python's 4
EXPECTED
diff expected seen
echo "as described"
