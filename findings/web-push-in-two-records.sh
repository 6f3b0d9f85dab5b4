#!/usr/bin/env bash
# pywebpush 2.5.0 (PyPI), Python 3.11; web-push 3.6.7 (npm), Node 20.
#
# Behaviour: a payload above 4079 bytes is encrypted into two records of aes128gcm, with no error.
# RFC 8291 wants a single record: a receiver need not join several. Before that, 3993 bytes of
# payload fill a body of 4096, and push services need not take more (RFC 8030). In Persian that is a
# text of 2,000 letters. Neither library refuses or warns.
# Expected: an error that names the limit.
# Way out: count the bytes (not the letters) of the whole payload, and shorten its text to fit 3993.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund web-push@3.6.7
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pywebpush==2.5.0
cat >try.mjs <<'TRY'
import { createECDH, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import webpush from "web-push";

const ecdh = createECDH("prime256v1");
ecdh.generateKeys();
const keys = { p256dh: ecdh.getPublicKey("base64url"), auth: randomBytes(16).toString("base64url") };
const subscription = { endpoint: "https://push.example/1", keys };
writeFileSync("subscription.json", JSON.stringify(subscription));
for (const size of [3993, 4079, 4080]) {
  const { body } = webpush.generateRequestDetails(subscription, "x".repeat(size));
  const record = body.readUInt32BE(16);
  const head = 21 + body[20];
  console.log("web-push", size, "body", body.length, "records", Math.ceil((body.length - head) / record));
}
TRY
cat >try.py <<'TRY'
import json

from pywebpush import WebPusher

pusher = WebPusher(json.load(open("subscription.json")))
for size in (3993, 4079, 4080):
    body = pusher.encode(b"x" * size)["body"]
    record, head = int.from_bytes(body[16:20], "big"), 21 + body[20]
    print("pywebpush", size, "body", len(body), "records", -(-(len(body) - head) // record))
TRY
(node try.mjs; venv/bin/python try.py) | tee seen
cat >expected <<'EXPECTED'
web-push 3993 body 4096 records 1
web-push 4079 body 4182 records 1
web-push 4080 body 4200 records 2
pywebpush 3993 body 4096 records 1
pywebpush 4079 body 4182 records 1
pywebpush 4080 body 4200 records 2
EXPECTED
diff expected seen
echo "as described"
