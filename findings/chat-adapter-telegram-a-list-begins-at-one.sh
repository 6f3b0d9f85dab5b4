#!/usr/bin/env bash
# @chat-adapter/telegram 4.41.1, @chat-adapter/discord 4.41.0 with chat 4.41.1 (npm), Node 20.
#
# Behaviour: a bot gives Chat SDK one Markdown text, and its adapters write what each messenger takes. The one
# for Telegram counts each list from one: an answer that goes on with step 3 sends the customer to step 1. A
# list within a list stands beside it, so nobody sees what belongs to what. Of a list of tasks both leave out
# the boxes: what is done and what is not look the same. The one for Discord marks the first line of a
# quotation alone, and Discord ends a quotation at the end of its line, so the rest looks like the bot's own
# words. No error is raised, and each of these is right in the adapter for Slack.
# Expected: the number that was written, as both messengers have no numbering of their own; and one meaning
# in each.
# Way out: write such lists as lines of text, "3\. ...", and one line per quotation.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund chat@4.41.1 @chat-adapter/telegram@4.41.1 @chat-adapter/discord@4.41.0 \
  @chat-adapter/slack@4.41.1
cat >write.mjs <<'WRITE'
import { DiscordFormatConverter } from "@chat-adapter/discord";
import { SlackFormatConverter } from "@chat-adapter/slack";
import { TelegramFormatConverter } from "@chat-adapter/telegram";

const converters = {
  telegram: new TelegramFormatConverter(),
  discord: new DiscordFormatConverter(),
  slack: new SlackFormatConverter(),
};
for (const markdown of [
  "3. call us\n4. wait",
  "- by post\n  - two days\n- by hand",
  "- [ ] to pay\n- [x] sent",
  "> It is late.\n> Where is it?\n\nOn its way.",
]) {
  for (const [name, converter] of Object.entries(converters)) {
    console.log(name + ":", JSON.stringify(converter.renderPostable({ markdown }).trim()));
  }
}
WRITE
node write.mjs | tee seen
cat >expected <<'EXPECTED'
telegram: "1\\. call us\n2\\. wait"
discord: "3. call us\n4. wait"
slack: "3. call us\n4. wait"
telegram: "\\- by post\n\\- two days\n\\- by hand"
discord: "- by post\n  - two days\n- by hand"
slack: "* by post\n  * two days\n* by hand"
telegram: "\\- to pay\n\\- sent"
discord: "- to pay\n- sent"
slack: "* [ ] to pay\n* [x] sent"
telegram: ">It is late\\.\n>Where is it?\n\nOn its way\\."
discord: "> It is late.\nWhere is it?\n\nOn its way."
slack: "> It is late.\n> Where is it?\n\nOn its way."
EXPECTED
diff expected seen
echo "as described"
