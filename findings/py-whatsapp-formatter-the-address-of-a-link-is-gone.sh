#!/usr/bin/env bash
# py-whatsapp-formatter 1.0.6 (PyPI), Python 3.11.
#
# Behaviour: a desk writes an answer in an editor that makes HTML, and sends it to WhatsApp by
# `convert_html_to_whatsapp`. Of a link its words are left and its address is gone. Entities stay as they are:
# the customer reads "Tom &amp; Sara". A tag with an attribute is not known: a point of a list with a class is
# left out with all its words, and "strong" with a class is not bold. A block of code gets four backticks. From
# Markdown, "5 * 3 * 2" becomes "5 _ 3 _ 2", and two underscores in an address become stars.
# Expected: "your order (https://...)", "Tom & Sara", and each point of the list.
# Way out: take the attributes off, and write the address behind the words, before; decode entities after.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check py-whatsapp-formatter==1.0.6
cat >try.py <<'PYTHON'
from whatsapp_formatter import convert_html_to_whatsapp, convert_markdown_to_whatsapp

for text in (
    'See <a href="https://shop.example/orders/7">your order</a>.',
    "<p>Tom &amp; Sara: 5 &lt; 6</p>",
    '<ul><li>one</li><li class="ql-indent-1">two</li></ul>',
    "<pre><code>systemctl restart desk</code></pre>",
):
    print("HTML", text, "->", repr(convert_html_to_whatsapp(text)))
for text in ("5 * 3 * 2", "https://shop.example/a__b__c"):
    print("Markdown", text, "->", repr(convert_markdown_to_whatsapp(text)))
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
HTML See <a href="https://shop.example/orders/7">your order</a>. -> 'See your order.'
HTML <p>Tom &amp; Sara: 5 &lt; 6</p> -> 'Tom &amp; Sara: 5 &lt; 6'
HTML <ul><li>one</li><li class="ql-indent-1">two</li></ul> -> '- one'
HTML <pre><code>systemctl restart desk</code></pre> -> '````systemctl restart desk````'
Markdown 5 * 3 * 2 -> '5 _ 3 _ 2'
Markdown https://shop.example/a__b__c -> 'https://shop.example/a*b*c'
EXPECTED
diff expected seen
echo "as described"
