"""Names of languages, as BCP 47 has them: `fa`, `pt-BR`, `zh-Hant-TW`."""

import re

TAG = "[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*"
"""The form of a tag that begins with a language of ISO 639 (RFC 5646, 2.1). The longer ones that
the form allows are of no language, but words such as `english` look like them.
"""

_match = re.compile(TAG).fullmatch


def is_tag(text: str) -> bool:
    return _match(text) is not None
