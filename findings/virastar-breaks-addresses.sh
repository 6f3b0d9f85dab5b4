#!/usr/bin/env bash
# virastar 0.22.1 (npm, a cleaner of Persian text), Node 20.
#
# Behaviour: with the options that it comes with, it keeps web addresses that begin with https://
# (its `preserve_URIs`). But an e-mail address, a host without https:// and the name of a file get a
# space after each dot, and so are no address any more.
# Expected: what it does for https:// it does for an e-mail address.
# Way out: `fix_spacing_for_punctuations: false`, or take addresses out before the cleaning.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund virastar@0.22.1
cat >try.js <<'TRY'
const module_ = require("virastar");
const Virastar = module_.default ?? module_;
const show = (text, options) => console.log(new Virastar(options).cleanup(text));
const address = "نشانی من ali.rad@mail.example است";
for (const text of [
  address,
  "https://www.chat.example/a.b را ببین",
  "www.chat.example را ببین",
  "فایل report.pdf را ببین",
]) {
  show(text);
}
show(address, { fix_spacing_for_punctuations: false });
TRY
node try.js | tee seen
cat >expected <<'EXPECTED'
نشانی من ali. rad@mail. example است
https://www.chat.example/a.b را ببین
www. chat. example را ببین
فایل report. pdf را ببین
نشانی من ali.rad@mail.example است
EXPECTED
diff expected seen
echo "as described"
