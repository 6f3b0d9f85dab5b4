"""What the libraries' own pages say there is."""

import re

from payam_client.calls import Calls
from tests.support.payam_server import CHECKOUT


def named(page: str) -> set[str]:
    """The names in backticks."""
    text = (CHECKOUT / page).read_text()
    text = re.sub("^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return {name for code in re.findall("`([^`]+)`", text) for name in re.findall(r"\w+", code)}


def test_the_python_page_names_every_call() -> None:
    """A new one that nobody would find fails here."""
    calls = {name for name in dir(Calls) if not name.startswith("_")}
    assert {"search", "desk_rules", "export"} <= calls
    assert calls - named("payam_client/README.md") == set()


def test_the_javascript_page_names_every_call() -> None:
    types = (CHECKOUT / "web/client/index.d.ts").read_text()
    [body] = re.findall(r"^export class Payam .*?^}", types, re.DOTALL | re.MULTILINE)
    calls = set(re.findall(r"^  (\w+)\(", body, re.MULTILINE)) - {"constructor"}
    assert {"search", "deskRules", "export"} <= calls
    assert calls - named("web/client/README.md") == set()
