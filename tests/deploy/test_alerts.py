"""The rules for Prometheus are what its own tool understands, and fire when they must."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from chat.metrics import registry
from tests.support.payam_server import CHECKOUT

RULES = CHECKOUT / "deploy" / "alerts.yaml"
CASES = Path(__file__).with_name("alerts.yaml")

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not there, which .ci/services brings"
)


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def promtool(*arguments: str | Path) -> tuple[int, str]:
    """Its exit status, and what it prints."""
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def test_rules_name_metrics_that_exist() -> None:
    """A metric that has another name never fires."""
    known = {sample.name for family in registry.collect() for sample in family.samples}
    known |= {family.name for family in registry.collect()}
    known |= {f"{family.name}_total" for family in registry.collect() if family.type == "counter"}
    for rule in rules():
        named = set(re.findall(r"payam_\w+", rule["expr"]))
        assert named, rule["alert"]
        assert named <= known, rule["alert"]


@needs_promtool
def test_promtool_finds_the_rules_right() -> None:
    status, printed = promtool("check", "rules", RULES)
    assert (status, f"{len(rules())} rules found" in printed) == (0, True), printed


@needs_promtool
def test_each_rule_fires_when_it_must_and_not_otherwise(tmp_path: Path) -> None:
    """A rule that somebody adds is missing here, until both cases have it."""
    cases = yaml.safe_load(CASES.read_text())
    cases["rule_files"] = [str(RULES)]
    quiet, wrong = cases["tests"]
    named = {one["alertname"] for one in quiet["alert_rule_test"]}
    assert named == {rule["alert"] for rule in rules()}
    status, printed = promtool("test", "rules", written(tmp_path / "quiet", cases, quiet))
    assert status == 0, printed
    # promtool compares alerts with all their texts. Where none is expected, it prints what fires.
    expected = [{**one, "exp_alerts": []} for one in quiet["alert_rule_test"]]
    wrong["alert_rule_test"] = expected
    _, printed = promtool("test", "rules", written(tmp_path / "wrong", cases, wrong))
    assert set(re.findall(r'alertname="(\w+)"', printed)) == named, printed


def written(file: Path, cases: dict[str, Any], case: dict[str, Any]) -> Path:
    file.write_text(yaml.safe_dump({**cases, "tests": [case]}))
    return file
