#!/usr/bin/env bash
# apns2 12.2.0 (npm), Node 20.
#
# Behaviour: a push to several devices has the same alert, and the number at the app's picture is each person's
# own. With `aps` for what is the same, and `badge`, `sound` or `category` for one device, the package writes
# what is for one device into the object that was given for all. So who has nothing unread, and is sent no
# number, gets the number of the device before, and the sound that was meant for somebody else. The order of the
# devices decides who gets what. A number that is given for each device, 0 as well, is right.
# Expected: what is given for one notification is in that one, and the object of the caller stays as it was.
# Way out: give each notification an `aps` of its own, `{ ...aps }`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund apns2@12.2.0
cat >try.mjs <<'JS'
import { Notification } from "apns2";

const aps = { alert: "A new message" };
for (const [device, options] of [
  ["sara", { aps }],
  ["ali", { aps, badge: 12, sound: "urgent.caf" }],
  ["mona", { aps }],
]) {
  console.log(device, JSON.stringify(new Notification(device, options).buildApnsOptions()));
}
console.log("the caller's own object:", JSON.stringify(aps));
JS
node try.mjs | tee seen
cat >expected <<'EXPECTED'
sara {"aps":{"alert":"A new message"}}
ali {"aps":{"alert":"A new message","sound":"urgent.caf","badge":12}}
mona {"aps":{"alert":"A new message","sound":"urgent.caf","badge":12}}
the caller's own object: {"alert":"A new message","sound":"urgent.caf","badge":12}
EXPECTED
diff expected seen
echo "as described"
