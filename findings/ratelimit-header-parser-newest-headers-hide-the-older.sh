#!/usr/bin/env bash
# ratelimit-header-parser 0.1.0 (npm), Node 20.
#
# Behaviour: many servers send the limit in two forms at once, for older and newer clients: the
# three headers RateLimit-Limit, -Remaining and -Reset, and `RateLimit` of the present draft of the
# IETF (`"user";r=42;t=30`). The parser finds the older form when it is alone. When `RateLimit` is
# there too, it takes that one, does not understand it, and answers an object whose numbers are
# NaN. It says "undefined" only where no header is there, so a check of the answer passes, and
# `remaining > 0` is false for ever.
# Expected: the values of the form that it understands, or "undefined".
# Way out: delete `ratelimit` from the headers before they are parsed.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund ratelimit-header-parser@0.1.0
cat >try.mjs <<'JS'
import { parseRateLimit } from "ratelimit-header-parser";

const three = { "RateLimit-Limit": "100", "RateLimit-Remaining": "42", "RateLimit-Reset": "30" };
const draft = { "RateLimit-Policy": '"user";q=100;w=60', RateLimit: '"user";r=42;t=30' };
const cases = { "three headers": three, both: { ...three, ...draft }, draft, none: {} };
for (const [name, headers] of Object.entries(cases)) {
  const found = parseRateLimit(new Headers(headers));
  console.log(`${name}:`, found && `limit ${found.limit}, remaining ${found.remaining}`);
}
JS
node try.mjs | tee seen
cat >expected <<'EXPECTED'
three headers: limit 100, remaining 42
both: limit NaN, remaining NaN
draft: limit NaN, remaining NaN
none: undefined
EXPECTED
diff expected seen
echo "as described"
