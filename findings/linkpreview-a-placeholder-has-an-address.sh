#!/usr/bin/env bash
# linkpreview 0.13.2 (PyPI), Python 3.11.
#
# Behaviour: `absolute_image` is the address of the picture that a page shows. Pages that load pictures late have a
# small one within the page (data:image/gif;base64,...) in the place of each. linkpreview hangs that on the
# address of the page, so a chat asks the site for https://example.com/shop/data:image/gif;base64,... and shows a
# broken picture. A page that says by <base> where its relative addresses begin is not heard: "logo.png" is looked
# for beside the page. And a description is found where the page writes name="description", not "Description".
# Expected: the next picture, or the data as it is; and what a browser would load, as `urljoin` has it.
# Way out: take `image`, leave out what begins with "data:", and join it by hand.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check linkpreview==0.13.2
cat >try.py <<'PYTHON'
from urllib.parse import urljoin

from linkpreview import Link, LinkPreview

PAGE = "https://example.com/shop/"
pages = {
    "late": '<title>فروشگاه</title><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><img src="/tea.png">',
    "base": '<base href="https://cdn.example.com/"><title>فروشگاه</title><img src="logo.png">',
    "plain": '<title>فروشگاه</title><meta name="description" content="چای"><img src="logo.png">',
    "capital": '<title>فروشگاه</title><meta name="Description" content="چای"><img src="logo.png">',
}
for name, html in pages.items():
    preview = LinkPreview(Link(PAGE, html))
    print(f"{name}: {preview.absolute_image}, description {preview.description}")
print("a browser joins:", urljoin(PAGE, "data:image/gif;base64,R0lGODlhAQABAAAAACw="))
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
late: https://example.com/shop/data:image/gif;base64,R0lGODlhAQABAAAAACw=, description None
base: https://example.com/shop/logo.png, description None
plain: https://example.com/shop/logo.png, description چای
capital: https://example.com/shop/logo.png, description None
a browser joins: data:image/gif;base64,R0lGODlhAQABAAAAACw=
EXPECTED
diff expected seen
echo "as described"
