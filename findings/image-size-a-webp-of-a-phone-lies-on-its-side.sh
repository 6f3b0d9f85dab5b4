#!/usr/bin/env bash
# image-size 2.1.0, probe-image-size 7.5.0 (npm), Node 20; imagesize 2.0.1, Pillow 13.0.0 (PyPI), Python 3.11.
#
# Behaviour: a phone that is held upright writes its picture lying, and says beside it (Exif) how to turn it;
# browsers turn it, in WebP as in JPEG. A page asks for the size before the picture is there, to keep its place
# free. image-size gives the sides as they lie, and says how to turn a JPEG (`orientation`), and nothing of a
# WebP: the place is wide, and the picture is high. imagesize, of nearly the same name for Python, turns the
# sides of a JPEG by itself, and those of a WebP not. So a server and a page that ask one each keep two places.
# probe-image-size says how to turn both.
# Expected: one answer for one picture, whatever its format.
# Way out: probe-image-size in JavaScript, and Pillow with `ImageOps.exif_transpose` in Python.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund image-size@2.1.0 probe-image-size@7.5.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check imagesize==2.0.1 Pillow==13.0.0
cat >try.py <<'PYTHON'
import imagesize
from PIL import Image, ImageOps

TURN_RIGHT = 6
about = Image.Exif()
about[0x112] = TURN_RIGHT
for ending in ("jpg", "webp"):
    name = f"upright.{ending}"
    Image.new("RGB", (400, 300), "red").save(name, exif=about)
    with Image.open(name) as picture:
        seen = ImageOps.exif_transpose(picture).size
    print(ending, "is seen as", *seen, "| imagesize:", *imagesize.get(name))
PYTHON
cat >try.mjs <<'JS'
import { readFileSync } from "node:fs";
import { imageSize } from "image-size";
import probe from "probe-image-size";

for (const ending of ["jpg", "webp"]) {
  const bytes = readFileSync(`upright.${ending}`);
  const show = ({ width, height, orientation }) => `${width} ${height}, orientation ${orientation}`;
  console.log(ending, "image-size:", show(imageSize(bytes)), "| probe-image-size:", show(probe.sync(bytes)));
}
JS
{ venv/bin/python try.py; node try.mjs; } | tee seen
cat >expected <<'EXPECTED'
jpg is seen as 300 400 | imagesize: 300 400
webp is seen as 300 400 | imagesize: 400 300
jpg image-size: 400 300, orientation 6 | probe-image-size: 400 300, orientation 6
webp image-size: 400 300, orientation undefined | probe-image-size: 400 300, orientation 6
EXPECTED
diff expected seen
echo "as described"
