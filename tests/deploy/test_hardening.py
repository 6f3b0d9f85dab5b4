"""Who runs Payam in each way of deploying it, and what they may write."""

from typing import Any

import pytest
import yaml

from tests.support.payam_server import CHECKOUT

DEPLOY = CHECKOUT / "deploy"


def test_the_image_does_not_run_as_root() -> None:
    """A number, because Kubernetes can tell from it alone that it is not root."""
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users[-1:] == ["10001"]
    assert not [line for line in lines[lines.index("USER 10001") :] if line.startswith("RUN ")]


def test_compose_gives_payam_little() -> None:
    """A file system to read, no capabilities, and nothing that could give it more."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    ours = {name: one for name, one in services.items() if "read_only" in one}
    assert {"payam"} <= set(ours)
    for name, one in services.items():
        if "build" in one or "payam" in str(one.get("image", "")):
            assert one["read_only"] is True, name
            assert one["cap_drop"] == ["ALL"], name
            assert "no-new-privileges:true" in one["security_opt"], name


@pytest.mark.parametrize("name", ["deployment.yaml", "migrate.yaml"])
def test_kubernetes_gives_payam_little(name: str) -> None:
    """The same. What it may write are DATA_DIR and /tmp."""
    file: Any = yaml.safe_load((DEPLOY / "kubernetes" / name).read_text())
    pod = file["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"]["drop"] == ["ALL"]
        mounts = {mount["mountPath"] for mount in container.get("volumeMounts", ())}
        assert mounts <= {"/data", "/tmp"}  # noqa: S108 - in the container


def test_systemd_gives_payam_little() -> None:
    """A user of its own, and one folder to write in."""
    lines = (DEPLOY / "payam.service").read_text().splitlines()
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes"):
        assert line in lines
    assert [line for line in lines if line.startswith("User=")] not in ([], ["User=root"])
