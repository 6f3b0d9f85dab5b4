#!/usr/bin/env bash
# @pushforge/builder 2.0.5, web-push 3.6.7 (npm), Node 20.
#
# Behaviour: the TTL of a push says how long a push service keeps it for a device that is not there. With 0 it
# is delivered at once or not at all (RFC 8030, section 5.2), as one wants for a ringing call or "is typing".
# pushforge takes 0 for "not given" and sends a day: the phone rings for a call of yesterday. The TTL is also
# how long its VAPID token lives, though these have nothing to do with each other. With a TTL of 5 a token is
# 5 seconds old at most, so a push that waits so long for a connection is refused, and so is each one where
# the sender's clock is 5 seconds late. A TTL above a day is an error, which push services take.
# Expected: TTL: 0, and a token that lives for hours whatever the TTL is, as web-push has it.
# Way out: set the header `TTL` oneself afterwards, and give a long TTL to the builder.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @pushforge/builder@2.0.5 web-push@3.6.7
cat >try.mjs <<'TRY'
import { createECDH, randomBytes } from "node:crypto";
import { buildPushHTTPRequest } from "@pushforge/builder";
import webpush from "web-push";

const ecdh = createECDH("prime256v1");
ecdh.generateKeys();
const keys = { p256dh: ecdh.getPublicKey("base64url"), auth: randomBytes(16).toString("base64url") };
const subscription = { endpoint: "https://push.example/1", keys };
const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
const privateJWK = await crypto.subtle.exportKey("jwk", pair.privateKey);
const vapid = webpush.generateVAPIDKeys();
const vapidDetails = { subject: "mailto:desk@chat.example", ...vapid };

const lives = (header) => {
  const { exp } = JSON.parse(Buffer.from(header.split("t=")[1].split(",")[0].split(".")[1], "base64url"));
  const seconds = exp - Date.now() / 1000;
  return seconds > 3600 ? "hours" : "seconds";
};
for (const ttl of [0, 5, 3600 * 24 * 7]) {
  let pushforge;
  try {
    const message = { payload: { call: 1 }, options: { ttl }, adminContact: "mailto:desk@chat.example" };
    const { headers } = await buildPushHTTPRequest({ privateJWK, message, subscription });
    pushforge = "TTL " + headers.get("ttl") + ", token for " + lives(headers.get("authorization"));
  } catch (error) {
    pushforge = error.message;
  }
  const { headers } = webpush.generateRequestDetails(subscription, "{}", { TTL: ttl, vapidDetails });
  console.log(ttl, "| pushforge:", pushforge, "| web-push: TTL " + headers.TTL + ", token for",
    lives(headers.Authorization));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
0 | pushforge: TTL 86400, token for hours | web-push: TTL 0, token for hours
5 | pushforge: TTL 5, token for seconds | web-push: TTL 5, token for hours
604800 | pushforge: TTL must be less than 24 hours | web-push: TTL 604800, token for hours
EXPECTED
diff expected seen
echo "as described"
