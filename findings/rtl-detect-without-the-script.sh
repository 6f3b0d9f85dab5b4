#!/usr/bin/env bash
# rtl-detect 1.1.2 (npm), Node 20.
#
# Behaviour: it looks at the language of a tag and never at the script or the country. Kurdish of
# Turkey, which is written in Latin letters, is called right to left, and so is Persian that is said
# to be in Latin letters (fa-Latn). Punjabi in Arabic letters, Punjabi of Pakistan and Kashmiri are
# called left to right. Intl.Locale of the same Node answers these rightly.
# Expected: what the tag says, as its own example "ar-JO" suggests.
# Way out: new Intl.Locale(tag).getTextInfo().direction (textInfo in older browsers).
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund rtl-detect@1.1.2
cat >try.mjs <<'TRY'
import rtlDetect from "rtl-detect";

for (const tag of ["fa", "ckb", "ku-TR", "fa-Latn", "ar-Latn", "pa-Arab", "pa-PK", "ks"]) {
  const locale = new Intl.Locale(tag);
  const { direction } = locale.getTextInfo?.() ?? locale.textInfo;
  console.log(tag, "rtl-detect", rtlDetect.getLangDir(tag) + ",", "Intl", direction);
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
fa rtl-detect rtl, Intl rtl
ckb rtl-detect rtl, Intl rtl
ku-TR rtl-detect rtl, Intl ltr
fa-Latn rtl-detect rtl, Intl ltr
ar-Latn rtl-detect rtl, Intl ltr
pa-Arab rtl-detect ltr, Intl rtl
pa-PK rtl-detect ltr, Intl rtl
ks rtl-detect ltr, Intl rtl
EXPECTED
diff expected seen
echo "as described"
