#!/usr/bin/env bash
# slack-markdown 0.3.0, slack-message-parser 3.0.2 (npm), Node 20.
#
# Behaviour: Slack gives the texts of messages with `&`, `<` and `>` written as entities, so that its own
# marks for links and mentions stand out. slack-markdown makes HTML of such a text, and writes each `&`
# as an entity once more. So people read "&lt;", and a link with two parameters in its query leads to an address
# in which the second has another name. A quotation, which Slack sends as "&gt;", is none there. A
# ">" as it is on the keyboard is taken for one, and never comes from Slack.
# Expected: the text that was written. slack-message-parser reads the quotation; its entities stay to be decoded.
# Way out: decode the three entities before. `escapeHTML: false` mends the text, and not the link's address.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund slack-markdown@0.3.0 slack-message-parser@3.0.2
cat >try.cjs <<'JS'
const { toHTML } = require("slack-markdown");
const { NodeType, parse } = require("slack-message-parser");

const texts = ["5 &lt; 7 &amp; 8", "<https://shop.example/?a=1&amp;b=2>", "&gt; Where is it?", "> Where is it?"];
for (const text of texts) {
  console.log(text);
  console.log("  slack-markdown:      ", toHTML(text));
  console.log("  without its escapes: ", toHTML(text, { escapeHTML: false }));
  console.log("  slack-message-parser:", parse(text).children.map((one) => NodeType[one.type]).join());
}
JS
node try.cjs | tee seen
cat >expected <<'EXPECTED'
5 &lt; 7 &amp; 8
  slack-markdown:       5 &amp;lt; 7 &amp;amp; 8
  without its escapes:  5 &lt; 7 &amp; 8
  slack-message-parser: Text
<https://shop.example/?a=1&amp;b=2>
  slack-markdown:       <a href="https://shop.example/?a=1&amp;amp;b=2">https://shop.example/?a=1&amp;amp;b=2</a>
  without its escapes:  <a href="https://shop.example/?a=1&amp;amp;b=2">https://shop.example/?a=1&amp;b=2</a>
  slack-message-parser: URL
&gt; Where is it?
  slack-markdown:       &amp;gt; Where is it?
  without its escapes:  &gt; Where is it?
  slack-message-parser: Quote
> Where is it?
  slack-markdown:       <blockquote>Where is it?</blockquote>
  without its escapes:  <blockquote>Where is it?</blockquote>
  slack-message-parser: Text
EXPECTED
diff expected seen
echo "as described"
