#!/usr/bin/env bash
# msgpackr 2.1.4, cbor-x 1.6.9, @msgpack/msgpack 3.1.3, cborg 6.1.5 (npm), Node 20;
# msgspec 0.22.0, msgpack 1.2.4, cbor2 6.3.0 (PyPI), Python 3.11.
#
# Behaviour: a whole number of 2^32 or more (an id, a time in milliseconds) is written by msgpackr
# and cbor-x as a 64-bit float, below that as an integer. A reader with types refuses it, and one
# without types gets a float: the same field works for years, then with the first large id not.
# @msgpack/msgpack and cborg write an integer up to 2^53.
# Expected: one type for whole numbers that JavaScript holds exactly.
# Way out: give BigInt for such fields, or write with the other two.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund msgpackr@2.1.4 cbor-x@1.6.9 @msgpack/msgpack@3.1.3 cborg@6.1.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check msgspec==0.22.0 msgpack==1.2.4 cbor2==6.3.0
cat >write.mjs <<'WRITE'
import { encode } from "@msgpack/msgpack";
import * as cborX from "cbor-x";
import * as cborg from "cborg";
import { pack } from "msgpackr";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const writers = [
  ["msgpackr", "msgpack", pack], ["@msgpack/msgpack", "msgpack", encode],
  ["cbor-x", "cbor", cborX.encode], ["cborg", "cbor", cborg.encode],
];
for (const [name, format, write] of writers) {
  for (const id of [4294967295, 4294967296]) console.log(name, format, hex(write({ id })));
}
WRITE
cat >read.py <<'READ'
import sys

import cbor2
import msgpack
import msgspec


class Message(msgspec.Struct):
    id: int


for line in sys.stdin:
    name, form, text = line.split()
    data = bytes.fromhex(text)
    read = {"msgpack": msgpack.unpackb, "cbor": cbor2.loads}[form](data)
    typed = ""
    if form == "msgpack":
        try:
            typed = f" {msgspec.msgpack.decode(data, type=Message)}"
        except msgspec.ValidationError as error:
            typed = f" {error}"
    print(f"{name}: {read}{typed}")
READ
node write.mjs | venv/bin/python read.py | tee seen
cat >expected <<'EXPECTED'
msgpackr: {'id': 4294967295} Message(id=4294967295)
msgpackr: {'id': 4294967296.0} Expected `int`, got `float` - at `$.id`
@msgpack/msgpack: {'id': 4294967295} Message(id=4294967295)
@msgpack/msgpack: {'id': 4294967296} Message(id=4294967296)
cbor-x: {'id': 4294967295}
cbor-x: {'id': 4294967296.0}
cborg: {'id': 4294967295}
cborg: {'id': 4294967296}
EXPECTED
diff expected seen
echo "as described"
