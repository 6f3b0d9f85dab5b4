#!/usr/bin/env bash
# irc-framework 4.14.0 (npm), irctokens 2.0.2 (PyPI), Node 20, Python 3.11.
#
# Behaviour: newer IRC carries replies, accounts and the like in tags before a message (IRCv3). A tag is there
# or is not, so true and false are its natural values. irc-framework writes false as it writes true, by its
# name alone: each other client reads that the tag is set. And it gives the names of tags that it reads in
# small letters, though names are told apart by them: a program that looks for the one that was sent,
# "+chat.example/userId", finds none. Where a backslash stands before a letter that needs none, a capital S, N
# or R is dropped with it.
# Expected: false leaves the tag out; names stay as they are; of an unknown escape only the backslash goes.
# Way out: take tags that are false out of the object before, and use small letters alone in one's own names.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund irc-framework@4.14.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check irctokens==2.0.2
cat >try.js <<'TRY'
const { Message, ircLineParser } = require("irc-framework");

const message = new Message("TAGMSG", "#desk");
Object.assign(message.tags, { "+chat.example/urgent": false, "+chat.example/userId": "Ali" });
console.log(message.to1459());
console.log(Object.entries(ircLineParser(message.to1459()).tags));
console.log(ircLineParser("@note=\\Safe\\kept PING x").tags.note);
TRY
cat >try.py <<'TRY'
import subprocess
import sys

import irctokens

line = sys.stdin.readline().rstrip("\n")
print(line)
print(list(irctokens.tokenise(line).tags.items()))
print(irctokens.tokenise("@note=\\Safe\\kept PING x").tags["note"])
TRY
(node try.js; node try.js | venv/bin/python try.py) | tee seen
cat >expected <<'EXPECTED'
@+chat.example/urgent;+chat.example/userId=Ali TAGMSG #desk
[ [ '+chat.example/urgent', '' ], [ '+chat.example/userid', 'Ali' ] ]
afekept
@+chat.example/urgent;+chat.example/userId=Ali TAGMSG #desk
[('+chat.example/urgent', ''), ('+chat.example/userId', 'Ali')]
Safekept
EXPECTED
diff expected seen
echo "as described"
