#!/usr/bin/env bash
# @hookflo/tern 4.1.0, standardwebhooks 1.1.1 (npm), Node 20.
#
# Behaviour: tern checks the signatures of webhooks, those of Standard Webhooks among them. It puts the body
# into a template of what was signed by `String.replace`, and JavaScript reads a dollar sign there as a mark
# of its own: "$$" becomes one "$", and "$&" the place that is replaced. So a message with such signs, as of a
# shell or about an amount, is refused with "Invalid signature", again at each retry, until the sender gives
# up. All other messages pass. standardwebhooks, which signed them, takes all.
# Expected: the signature of any body can be checked.
# Way out: standardwebhooks.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @hookflo/tern@4.1.0 standardwebhooks@1.1.1
cat >try.mjs <<'TRY'
import { randomBytes } from "node:crypto";
import { WebhookVerificationService } from "@hookflo/tern";
import { Webhook } from "standardwebhooks";

const secret = randomBytes(24).toString("base64");
const webhook = new Webhook(secret);
const now = new Date();
for (const text of ["it costs 5$", "cheap $, dear $$", "kill $$", "sed s/.*/[$&]/"]) {
  const body = JSON.stringify({ type: "message", data: { text } });
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": webhook.sign("msg_1", now, body),
  };
  let other = "taken";
  try { webhook.verify(body, headers); } catch (error) { other = error.message; }
  const request = new Request("https://desk.example/hook", { method: "POST", headers, body });
  const { isValid, error } = await WebhookVerificationService.verify(request, { platform: "dodopayments", secret });
  console.log(JSON.stringify(text), "| tern:", isValid ? "taken" : error, "| standardwebhooks:", other);
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
"it costs 5$" | tern: taken | standardwebhooks: taken
"cheap $, dear $$" | tern: Invalid signature | standardwebhooks: taken
"kill $$" | tern: Invalid signature | standardwebhooks: taken
"sed s/.*/[$&]/" | tern: Invalid signature | standardwebhooks: taken
EXPECTED
diff expected seen
echo "as described"
