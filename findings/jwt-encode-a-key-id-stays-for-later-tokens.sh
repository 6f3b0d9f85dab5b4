#!/usr/bin/env bash
# jwt-encode 1.0.1, jsonwebtoken 9.0.3, jose 6.2.17 (npm), Node 20.
#
# Behaviour: `sign` takes fields for the header of one token, such as `kid`, which says with which key it was
# signed. They are written into the package's own default header, and stay there: each later token of the
# process has them too, whoever asks for it. After one token for a partner, tokens with one's own secret name
# the partner's key, and whoever finds the key by its `kid` finds the wrong one: all are refused until the
# process is started again.
# Expected: what is given for one token is for that token.
# Way out: give `kid` with each call, or sign with jose or jsonwebtoken.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund jwt-encode@1.0.1 jsonwebtoken@9.0.3 jose@6.2.17
cat >try.mjs <<'JS'
import { decodeProtectedHeader, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import sign from "jwt-encode";

const secret = "a secret that has more than thirty-two bytes";
const claims = { sub: "ali", iat: 1780000000 };
const partners = "another secret that has more than thirty-two bytes";
const keyOf = ({ kid }) => new TextEncoder().encode(kid === "partner" ? partners : secret);
const ask = async (token) => {
  try {
    await jwtVerify(token, keyOf);
    return "welcome";
  } catch (error) {
    return error.code;
  }
};
const show = async (what, token) =>
  console.log(what, JSON.stringify(decodeProtectedHeader(token)), await ask(token));

await show("first, without a kid:", sign(claims, secret));
await show("one for a partner:", sign(claims, partners, { kid: "partner" }));
await show("next, without a kid:", sign(claims, secret));
const options = { header: { kid: "partner" } };
await show("jsonwebtoken, for a partner:", jsonwebtoken.sign(claims, partners, options));
await show("jsonwebtoken, next:", jsonwebtoken.sign(claims, secret));
JS
node try.mjs | tee seen
cat >expected <<'EXPECTED'
first, without a kid: {"alg":"HS256","typ":"JWT"} welcome
one for a partner: {"alg":"HS256","typ":"JWT","kid":"partner"} welcome
next, without a kid: {"alg":"HS256","typ":"JWT","kid":"partner"} ERR_JWS_SIGNATURE_VERIFICATION_FAILED
jsonwebtoken, for a partner: {"alg":"HS256","typ":"JWT","kid":"partner"} welcome
jsonwebtoken, next: {"alg":"HS256","typ":"JWT"} welcome
EXPECTED
diff expected seen
echo "as described"
