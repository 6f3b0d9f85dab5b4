#!/usr/bin/env bash
# thumbhash 0.1.1 (npm), Node 20; thumbhash 0.1.2 (PyPI), Python 3.11.
#
# Behaviour: a thumbhash is the blurred picture that chats show until the real one is there; unlike a blurhash
# it knows transparency. The package of the same name in Python makes a hash of a picture without any, nearly
# the one of JavaScript, as it rounds a half otherwise. As soon as one pixel is transparent, as in most logos
# and in pictures of people that were cut out, it ends in a TypeError about `round`. So a server that makes
# the hash at the upload refuses such pictures, though it was tried with photos.
# Expected: a hash, as in JavaScript.
# Way out: lay the picture on a colour first (`Image.alpha_composite`).
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund thumbhash@0.1.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check thumbhash==0.1.2
cat >hash.mjs <<'HASH'
import { rgbaToThumbHash } from "thumbhash";

for (const alpha of [255, 254]) {
  const pixels = [];
  for (let y = 0; y < 12; y++) for (let x = 0; x < 16; x++) pixels.push(x * 16, 0, y * 20, x ? 255 : alpha);
  const hash = rgbaToThumbHash(16, 12, Uint8Array.from(pixels));
  console.log("JavaScript, alpha", alpha + ":", Buffer.from(hash).toString("hex"));
}
HASH
cat >hash.py <<'PYTHON'
from thumbhash import rgba_to_thumb_hash

for alpha in (255, 254):
    pixels = [v for y in range(12) for x in range(16) for v in (x * 16, 0, y * 20, 255 if x else alpha)]
    try:
        got = bytes(rgba_to_thumb_hash(16, 12, pixels)).hex()
    except TypeError as error:
        got = f"TypeError: {error}"
    print(f"Python, alpha {alpha}:", got)
PYTHON
{ node hash.mjs; venv/bin/python hash.py; } | tee seen
cat >expected <<'EXPECTED'
JavaScript, alpha 255: 53e60a659a7077777088788787788788838f088777
JavaScript, alpha 254: 53e68a649a0f80878088877738f88780780700718777778708
Python, alpha 255: 53e60a659a7077777078788787788788838f088777
Python, alpha 254: TypeError: type tuple doesn't define __round__ method
EXPECTED
diff expected seen
echo "as described"
