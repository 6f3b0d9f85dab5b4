#!/usr/bin/env bash
# discord-markdown-ast-parser 1.0.6 (PyPI), Python 3.11; discord-markdown-parser 1.3.1 (npm), Node 20.
#
# Behaviour: the package reads the Markdown of Discord. The middle of a time is a picture to it: "10:30:45" has an
# emoji named 30. A quotation may begin anywhere in a line: of "5 > 3" the 3 is quoted. Stars within code are
# marks, so `a*b*c` is code with an italic b. An address ends at its first letter that is not Latin, and what stands
# behind is text: "https://example.com/راهنما" leads to the head of the site. None of this is so in Discord.
# Expected: what Discord shows, as discord-markdown-parser has it.
# Way out: discord-markdown-parser.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund discord-markdown-parser@1.3.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check discord-markdown-ast-parser==1.0.6
cat >texts.json <<'JSON'
["at 10:30:45", "5 > 3", "`a*b*c`", "https://example.com/راهنما", "**سلام** _دنیا_"]
JSON
cat >try.py <<'PYTHON'
import json

from discord_markdown_ast_parser import parse


def show(nodes):
    seen = ""
    for node in nodes:
        if node.node_type.name == "TEXT":
            seen += node.text_content
        else:
            inner = show(node.children) if node.children else node.url or node.emoji_name
            seen += f"{node.node_type.name}({inner})"
    return seen


for text in json.load(open("texts.json", encoding="utf-8")):
    print("ast-parser:", show(parse(text)))
PYTHON
cat >try.mjs <<'TRY'
import { readFileSync } from "node:fs";
import { parse } from "discord-markdown-parser";

const inner = ({ target, content }) => target ?? (Array.isArray(content) ? show(content) : content);
const word = (node) => (node.type === "text" ? node.content : `${node.type}(${inner(node)})`);
const show = (nodes) => nodes.map(word).join("");
for (const text of JSON.parse(readFileSync("texts.json", "utf8"))) {
  console.log("discord-markdown-parser:", show(parse(text)));
}
TRY
{ venv/bin/python try.py; node try.mjs; } | tee seen
cat >expected <<'EXPECTED'
ast-parser: at 10EMOJI_UNICODE_ENCODED(30)45
ast-parser: 5 QUOTE_BLOCK(3)
ast-parser: CODE_INLINE(aITALIC(b)c)
ast-parser: URL_WITH_PREVIEW(https://example.com/)راهنما
ast-parser: BOLD(سلام) ITALIC(دنیا)
discord-markdown-parser: at 10:30:45
discord-markdown-parser: 5 > 3
discord-markdown-parser: inlineCode(a*b*c)
discord-markdown-parser: url(https://example.com/راهنما)
discord-markdown-parser: strong(سلام) em(دنیا)
EXPECTED
diff expected seen
echo "as described"
