"""The languages that a client asks for, as `Accept-Language` has them (RFC 9110, 12.5.4)."""

import re

MOST = 10
PART = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7})\s*(?:;\s*[qQ]=([01](?:\.[0-9]{0,3})?)\s*)?"
)


def accepted(header: str) -> list[str]:
    """The first ones, the best first; without those that are refused, and what is no language.

    Example: `en;q=0.1, fa` gives `fa`, `en`.
    """
    found = [match for part in header.split(",")[:MOST] if (match := PART.fullmatch(part))]
    liked = [(float(match[2] or 1), match[1]) for match in found]
    liked.sort(key=lambda one: -one[0])  # of two that are liked as much, the first stays first
    return [language for liking, language in liked if liking > 0]
