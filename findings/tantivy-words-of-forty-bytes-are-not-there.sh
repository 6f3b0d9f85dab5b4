#!/usr/bin/env bash
# tantivy 0.27.0 (PyPI), Python 3.11.
#
# Behaviour: the usual tokenizer leaves out words of 40 bytes and more, in what is stored and in what is asked,
# and says nothing of it. The name of a commit in git has 40 letters: whoever looks for one that somebody wrote
# finds nothing, though the message holds it. The limit counts bytes,
# so a word in Persian may have 19 letters, and one in Georgian 13. A half-space and an underscore end a word, so
# most words are far below.
# Expected: what a text holds is found, or an error at a query that can find nothing.
# Way out: `TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase()).build()`, without the usual limit.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tantivy==0.27.0
cat >find.py <<'PYTHON'
import tantivy
from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

WORDS = ["a1" * 19 + "b", "a1" * 20, "س" * 19, "س" * 20]


def found(tokenizer):
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name=tokenizer)
    index = tantivy.Index(builder.build())
    analyzer = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase()).build()
    index.register_tokenizer("own", analyzer)
    writer = index.writer()
    for word in WORDS:
        writer.add_document(tantivy.Document(text=[f"see {word} please"]))
    writer.commit()
    index.reload()
    searcher = index.searcher()
    return [searcher.search(index.parse_query(word, ["text"])).count for word in WORDS]


print("letters:", [len(word) for word in WORDS], "bytes:", [len(word.encode()) for word in WORDS])
for tokenizer in ("default", "own"):
    print(f"found by {tokenizer}:", found(tokenizer))
PYTHON
venv/bin/python find.py | tee seen
cat >expected <<'EXPECTED'
letters: [39, 40, 19, 20] bytes: [39, 40, 38, 40]
found by default: [1, 0, 1, 0]
found by own: [1, 1, 1, 1]
EXPECTED
diff expected seen
echo "as described"
