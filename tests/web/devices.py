"""The screens on which tests look at the page."""

from typing import Any

DESKTOP: dict[str, Any] = {"viewport": {"width": 1180, "height": 760}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "has_touch": True}
DARK_PHONE: dict[str, Any] = {**PHONE, "color_scheme": "dark"}
