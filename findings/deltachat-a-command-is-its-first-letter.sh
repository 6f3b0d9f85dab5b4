#!/usr/bin/env bash
# @deltachat/message_parser_wasm 0.13.0 (npm), Node 20.
#
# Behaviour: the parser of Delta Chat marks links, tags and commands for bots in a message; who taps on a
# command sends it. A command may begin with any letter, and goes on with Latin ones only. So of a Persian or
# Russian command it marks the slash and the first letter, and the tap sends "/ک" to the bot. The rest stands
# beside it as text. A command that has one such letter in its middle ends there. It also finds tags within
# what is no tag, as in "page#top".
# Expected: the whole command, as its tags are whole in every script; or none.
# Way out: Latin letters alone in the commands of a bot.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @deltachat/message_parser_wasm@0.13.0
cat >try.mjs <<'TRY'
import { readFileSync } from "node:fs";
import { initSync, parse_text } from "./node_modules/@deltachat/message_parser_wasm/message_parser_wasm.js";

initSync(readFileSync("node_modules/@deltachat/message_parser_wasm/message_parser_wasm_bg.wasm"));
for (const text of ["/help me", "/کمک کن", "/помощь", "/café", "#کمک", "page#top"])
  console.log(text, "->", parse_text(text, false).map(({ t, c }) => t + " " + JSON.stringify(c)).join(", "));
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
/help me -> BotCommandSuggestion "/help", Text " me"
/کمک کن -> BotCommandSuggestion "/ک", Text "مک کن"
/помощь -> BotCommandSuggestion "/п", Text "омощь"
/café -> BotCommandSuggestion "/caf", Text "é"
#کمک -> Tag "#کمک"
page#top -> Text "page", Tag "#top"
EXPECTED
diff expected seen
echo "as described"
