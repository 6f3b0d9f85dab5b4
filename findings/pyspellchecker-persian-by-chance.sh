#!/usr/bin/env bash
# pyspellchecker 0.9.1 (PyPI), Python 3.11.
#
# Behaviour: `correction` gives the most frequent of the words that are near. Of its 27,676 Persian words
# 27,204 have one and the same frequency. So most corrections are a choice among equals, and that choice
# hangs on the order of a set, which differs with each start of Python: the same program corrects the same
# word to another word the next day. "كتاب" (book), typed on an Arabic keyboard, becomes one of four words.
# In English, where the words that people use have frequencies of their own, the answer stays the same.
# Expected: one answer for one word, as its documentation speaks of the most likely one.
# Way out: put Persian letters in the place of the Arabic ones first, and offer all of `candidates`, sorted.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyspellchecker==0.9.1
cat >count.py <<'PYTHON'
from collections import Counter

from spellchecker import SpellChecker

for language in ("fa", "en"):
    words = SpellChecker(language=language).word_frequency.dictionary
    [(_, most)] = Counter(words.values()).most_common(1)
    print(f"{language}: {len(words)} words, {most} with one and the same frequency")
PYTHON
cat >correct.py <<'PYTHON'
import json
import sys

from spellchecker import SpellChecker

language, *words = sys.argv[1:]
checker = SpellChecker(language=language)
print(json.dumps({word: checker.correction(word) for word in words}))
PYTHON
cat >try.py <<'PYTHON'
import json
import os
import subprocess
import sys

for language, words in (("fa", ["كتاب", "دوسته"]), ("en", ["speling", "frend"])):
    answers = {word: set() for word in words}
    for seed in range(8):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "correct.py", language, *words]
        for word, answer in json.loads(subprocess.check_output(command, env=environment)).items():
            answers[word].add(answer)
    for word, found in answers.items():
        print(word, "->", ", ".join(sorted(found)))
PYTHON
{ venv/bin/python count.py; venv/bin/python try.py; } | tee seen
cat >expected <<'EXPECTED'
fa: 27676 words, 27204 with one and the same frequency
en: 160572 words, 103247 with one and the same frequency
كتاب -> تاب, شتاب, عتاب, کتاب
دوسته -> دسته, دوست, دوسره, دوسیه, پوسته
speling -> spelling
frend -> friend
EXPECTED
diff expected seen
echo "as described"
