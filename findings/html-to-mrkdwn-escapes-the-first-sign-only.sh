#!/usr/bin/env bash
# html-to-mrkdwn 3.0.0, slackify-html 1.0.1, slack-message-parser 3.0.2 (npm), Node 20.
#
# Behaviour: both make of HTML what Slack takes, where `&`, `<` and `>` of a text are written as entities.
# html-to-mrkdwn writes the first of each in a piece of text so, and leaves the others as they are.
# slackify-html turns all entities back as its last step, so none is left. What then stands between `<` and
# `>`, as the type in "Set<Integer>", is a link or a mention for Slack. A text with one such pair is right, so
# a short test passes. slackify-html also drops the ends of paragraphs: two words become one there.
# Expected: the page's own text, for each sign in it. The parser here reads texts of Slack as Slack does.
# Way out: escape the text oneself, before anything of markup is put around it.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund html-to-mrkdwn@3.0.0 slackify-html@1.0.1 slack-message-parser@3.0.2
cat >try.mjs <<'TRY'
import htmlToMrkdwn from "html-to-mrkdwn";
import slackMessageParser from "slack-message-parser";
import slackify from "slackify-html";

const parse = slackMessageParser.default ?? slackMessageParser;
const links = ({ url, children }) => [...(url ? [url] : []), ...(children ?? []).flatMap(links)];
for (const html of [
  "<p>List&lt;String&gt; &amp; one</p>",
  "<p>List&lt;String&gt; and Set&lt;Integer&gt;</p>",
  "<p>Write &amp;lt; and &amp;gt;</p><p>Two</p>",
]) {
  for (const [name, text] of [["html-to-mrkdwn", htmlToMrkdwn(html).text], ["slackify-html", slackify(html)]])
    console.log(name + ":", JSON.stringify(text), "links:", links(parse(text)).join() || "none");
}
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
html-to-mrkdwn: "List&lt;String&gt; &amp; one" links: none
slackify-html: "List<String> & one" links: String
html-to-mrkdwn: "List&lt;String&gt; and Set<Integer>" links: Integer
slackify-html: "List<String> and Set<Integer>" links: String,Integer
html-to-mrkdwn: "Write &amp;lt; and &gt;\n\nTwo" links: none
slackify-html: "Write &lt; and &gt;Two" links: none
EXPECTED
diff expected seen
echo "as described"
