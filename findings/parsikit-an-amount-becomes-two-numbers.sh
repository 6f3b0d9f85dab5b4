#!/usr/bin/env bash
# parsikit 3.3.1 (PyPI), Python 3.11.
#
# Behaviour: `clean_text` is to bring a Persian text into its usual form. It takes the comma within a number
# for the comma of a sentence, makes a Persian one of it and puts a space behind: 10,000 becomes ۱۰ and ۰۰۰,
# so a price is ten. It joins the word "تر" (wet) to the word before, as the ending of a comparative, and "می"
# (wine) to the word behind, as the mark of a verb. `words_to_number` answers 0 for a text that is no number,
# and drops what it does not know: one million, misspelt by a letter, is 1.
# Expected: a number stays one, and an error for what is no number.
# Way out: take the commas out of numbers before, and compare `number_to_words` of the answer with the text.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check parsikit==3.3.1
cat >clean.py <<'PYTHON'
import parsikit

for text in ("10,000 تومان", "من تر شدم", "می و معشوق"):
    print(text, "->", parsikit.clean_text(text).replace("\u200c", "[half-space]"))
for text in ("یک میلیون", "یک ملیون", "دو و نیم", "سلام"):
    print(text, "->", parsikit.words_to_number(text))
PYTHON
venv/bin/python clean.py | tee seen
cat >expected <<'EXPECTED'
10,000 تومان -> ۱۰، ۰۰۰ تومان
من تر شدم -> من[half-space]تر شدم
می و معشوق -> می[half-space]و معشوق
یک میلیون -> 1000000
یک ملیون -> 1
دو و نیم -> 2
سلام -> 0
EXPECTED
diff expected seen
echo "as described"
