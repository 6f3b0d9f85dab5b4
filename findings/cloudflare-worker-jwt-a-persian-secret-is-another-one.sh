#!/usr/bin/env bash
# @tsndr/cloudflare-worker-jwt 3.2.3, jsonwebtoken 9.0.3 (npm), Node 20; PyJWT 2.15.1 (PyPI), Python 3.11.
#
# Behaviour: a secret that is a text is taken as bytes of UTF-8, so that both sides sign alike. This package
# keeps the lowest eight bits of each letter. A secret in Latin letters is the same for all; one with a Persian
# letter, or an "é", is another one for it than for jsonwebtoken and PyJWT: each token of one side is refused by
# the other, as if the secret were wrong. And `sign` writes `iat` into the object of the caller: who keeps one
# object of claims and signs it again tomorrow sends a token that says it is of today.
# Expected: bytes of UTF-8, as the others take them, and an object that stays as it was.
# Way out: a secret of ASCII signs, and `{ ...claims }`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund @tsndr/cloudflare-worker-jwt@3.2.3 jsonwebtoken@9.0.3
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyJWT==2.15.1
cat >check.py <<'PYTHON'
import sys

import jwt

token, secret = sys.argv[1:]
try:
    jwt.decode(token, secret, algorithms=["HS256"], options={"verify_iat": False})
    print("welcome")
except jwt.InvalidSignatureError:
    print("InvalidSignatureError")
PYTHON
cat >try.mjs <<'JS'
import { execFileSync } from "node:child_process";
import worker from "@tsndr/cloudflare-worker-jwt";
import jsonwebtoken from "jsonwebtoken";

const ask = (check) => {
  try {
    return check() ? "welcome" : "refused";
  } catch (error) {
    return error.message;
  }
};
const secrets = [
  "a secret of more than thirty-two bytes",
  "une clé de plus de trente-deux octets",
  "رازی که بیش از سی و دو بایت دارد",
];
for (const secret of secrets) {
  const token = await worker.sign({ sub: "ali" }, secret);
  const other = jsonwebtoken.sign({ sub: "ali" }, secret);
  console.log(secret);
  console.log("   its token at jsonwebtoken:", ask(() => jsonwebtoken.verify(token, secret)));
  const answer = execFileSync("venv/bin/python", ["check.py", token, secret]);
  console.log("   its token at PyJWT:", answer.toString().trim());
  console.log("   a token of jsonwebtoken at it:", (await worker.verify(other, secret)) ? "welcome" : "refused");
}
const claims = { sub: "ali" };
await worker.sign(claims, "a secret of more than thirty-two bytes");
console.log("the caller's own object:", Object.keys(claims).join(", "));
JS
node try.mjs | tee seen
cat >expected <<'EXPECTED'
a secret of more than thirty-two bytes
   its token at jsonwebtoken: welcome
   its token at PyJWT: welcome
   a token of jsonwebtoken at it: welcome
une clé de plus de trente-deux octets
   its token at jsonwebtoken: invalid signature
   its token at PyJWT: InvalidSignatureError
   a token of jsonwebtoken at it: refused
رازی که بیش از سی و دو بایت دارد
   its token at jsonwebtoken: invalid signature
   its token at PyJWT: InvalidSignatureError
   a token of jsonwebtoken at it: refused
the caller's own object: sub, iat
EXPECTED
diff expected seen
echo "as described"
