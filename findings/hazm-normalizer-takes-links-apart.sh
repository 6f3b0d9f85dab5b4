#!/usr/bin/env bash
# hazm 0.10.0 and parsivar 0.2.3.1 (PyPI), Python 3.11.
#
# Behaviour: the usual first step of Persian text work, `Normalizer().normalize(text)`, puts spaces
# around the dots, colons and slashes within links, addresses of mail and versions, and changes their
# digits. What was a link in a message is none afterwards, and cannot be put together again, since a
# space may have been there before. parsivar does the same, and breaks the time of day and a name with
# an underscore too.
# Expected: what is no sentence stays as it is.
# Way out: normalize only what is between the links, or keep the text that was sent, and use the
# normalized one to search.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check hazm==0.10.0 parsivar==0.2.3.1
cat >try.py <<'TRY'
import hazm
import parsivar

both = {"hazm": hazm.Normalizer(), "parsivar": parsivar.Normalizer()}
for text in (
    "برو به https://example.com/a?b=1,2",
    "sara@example.com",
    "ساعت 12:30",
    "@sara_k",
):
    print(text)
    for name, normalizer in both.items():
        print(f"  {name}:", normalizer.normalize(text))
TRY
venv/bin/python -W ignore try.py | tee seen
cat >expected <<'EXPECTED'
برو به https://example.com/a?b=1,2
  hazm: برو به https: / / example. com / a ? b= ۱ , ۲
  parsivar: برو به https :// example . com / a ? b = 1 ، 2
sara@example.com
  hazm: sara@example. com
  parsivar: sara@example . com
ساعت 12:30
  hazm: ساعت ۱۲:۳۰
  parsivar: ساعت 12 : 30
@sara_k
  hazm: @sara_k
  parsivar: @sara _ k
EXPECTED
diff expected seen
echo "as described"
