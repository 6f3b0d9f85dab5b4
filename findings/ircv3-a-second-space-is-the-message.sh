#!/usr/bin/env bash
# ircv3 0.33.1, irc-message 3.0.2 (npm), Node 20.
#
# Behaviour: the parts of a line of IRC stand apart by one space or more (modern.ircdocs.horse, "Message format").
# ircv3 takes each space for an end: behind two spaces stands an empty part. Where a server or a bouncer writes
# two of them before the text of a message, the text is empty and the words are a third part that nobody reads.
# Two spaces before the command are right, and so are those within the text.
# Expected: the text, as irc-message reads it.
# Way out: `line.replace(/^((?:[^ ]+ )(?:[^ ]+ )[^ ]+) +:/, "$1 :")` before `parseMessage`.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund ircv3@0.33.1 irc-message@3.0.2
cat >try.mjs <<'TRY'
import message from "irc-message";
import { parseMessage } from "ircv3";

const lines = [
  ":sara!s@example.com PRIVMSG #room :سلام  دنیا",
  ":sara!s@example.com  PRIVMSG #room :سلام دنیا",
  ":sara!s@example.com PRIVMSG #room  :سلام دنیا",
  ":sara!s@example.com PRIVMSG  #room :سلام دنیا",
];
for (const line of lines) {
  console.log(line);
  try {
    const { target, text } = parseMessage(line);
    console.log("  ircv3:      ", JSON.stringify({ target, text }));
  } catch (error) {
    console.log("  ircv3:      ", error.message);
  }
  const [target, text] = message.parse(line).params;
  console.log("  irc-message:", JSON.stringify({ target, text }));
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
:sara!s@example.com PRIVMSG #room :سلام  دنیا
  ircv3:       {"target":"#room","text":"سلام  دنیا"}
  irc-message: {"target":"#room","text":"سلام  دنیا"}
:sara!s@example.com  PRIVMSG #room :سلام دنیا
  ircv3:       {"target":"#room","text":"سلام دنیا"}
  irc-message: {"target":"#room","text":"سلام دنیا"}
:sara!s@example.com PRIVMSG #room  :سلام دنیا
  ircv3:       {"target":"#room","text":""}
  irc-message: {"target":"#room","text":"سلام دنیا"}
:sara!s@example.com PRIVMSG  #room :سلام دنیا
  ircv3:       {"target":"","text":"#room"}
  irc-message: {"target":"#room","text":"سلام دنیا"}
EXPECTED
diff expected seen
echo "as described"
