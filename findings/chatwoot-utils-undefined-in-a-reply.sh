#!/usr/bin/env bash
# @chatwoot/utils 0.0.55 (npm), Node 20.
#
# Behaviour: a desk keeps replies with variables such as {{contact.custom_attribute.city}}, and this package
# of Chatwoot fills them in. An attribute whose key has a capital letter ("City") becomes the word
# "undefined" in the reply, because it is looked for as it is written and taken in small letters. A number
# that is 0, and a false, are left out as if there were none. `getUndefinedVariablesInMessage`, which warns the
# agent before a reply is sent, finds nothing wrong with these.
# Expected: "Tehran" and 0.
# Way out: keys in small letters alone, and values as texts.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @chatwoot/utils@0.0.55
cat >try.mjs <<'TRY'
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const utils = require("@chatwoot/utils");
const { getMessageVariables, getUndefinedVariablesInMessage, replaceVariablesInMessage } = utils;

const conversation = { id: 7, meta: { sender: { name: "Sara" }, assignee: { name: "Ali" } } };
for (const custom_attributes of [{ city: "Tehran", orders: 2 }, { City: "Tehran", orders: 0 }]) {
  const variables = getMessageVariables({ conversation, contact: { custom_attributes } });
  const [city] = Object.keys(custom_attributes);
  const message = `Dear {{contact.name}} of {{contact.custom_attribute.${city}}},`
    + " you have {{contact.custom_attribute.orders}} open orders.";
  console.log(JSON.stringify(custom_attributes));
  console.log("  ", replaceVariablesInMessage({ message, variables }));
  console.log("   variables without a value:", getUndefinedVariablesInMessage({ message, variables }).length);
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
{"city":"Tehran","orders":2}
   Dear Sara of Tehran, you have 2 open orders.
   variables without a value: 0
{"City":"Tehran","orders":0}
   Dear Sara of undefined, you have  open orders.
   variables without a value: 0
EXPECTED
diff expected seen
echo "as described"
