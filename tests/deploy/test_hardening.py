"""Who runs Payam in each way of deploying it, and what they may write."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.helpers import Pair
from tests.media.pictures import picture
from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.people import People

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


NOBODY = 10001
"""As in the image."""
ONLY_DATA = """
set -e
mount --make-rprivate /
i=0
for path in $OPENED; do i=$((i + 1)); mkdir $STAGE/$i; mount --bind $path $STAGE/$i; done
for path in $CLOSED; do mount -t tmpfs -o mode=755 none $path; done
i=0
for path in $OPENED; do i=$((i + 1)); mkdir -p $path; mount --bind $STAGE/$i $path; done
mount --bind $DATA_DIR $DATA_DIR
for path in / $OPENED $CLOSED; do mount -o remount,bind,ro $path; done
cd $CHECKOUT
exec setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups --no-new-privs --inh-caps=-all \\
    --bounding-set=-all "$@"
"""
"""In a view of the file system of its own: all may only be read, but for DATA_DIR. Of a folder that
others may not enter, as root's home, only what is needed is there.
"""


def closed_parent(path: Path) -> Path | None:
    """The outermost folder above that others may not enter."""
    above = reversed(path.parents)
    return next((folder for folder in above if not folder.stat().st_mode & stat.S_IXOTH), None)


class HardenedServer(PayamServer):
    """Payam as a user without rights, in a file system that can be written only in DATA_DIR."""

    def command(self) -> Sequence[str]:
        return ["unshare", "--mount", "sh", "-c", ONLY_DATA, "sh", *super().command()]

    def environment(self) -> Mapping[str, str]:
        stage, data = self.directory / "stage", Path(self.settings["DATA_DIR"])
        self.directory.chmod(0o711)
        for folder in (stage, data):
            folder.mkdir(exist_ok=True)
        os.chown(data, NOBODY, NOBODY)
        needed = {Path(sys.base_prefix), Path(sys.prefix).resolve(), CHECKOUT, self.directory}
        parents = {path: closed_parent(path) for path in needed}
        ours = {
            "OPENED": " ".join(str(path) for path, parent in parents.items() if parent),
            "CLOSED": " ".join({str(parent) for parent in parents.values() if parent}),
            "STAGE": str(stage),
            "CHECKOUT": str(CHECKOUT),
            "NOBODY": str(NOBODY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(data),
        }
        return {**super().environment(), **ours}


def lack_of_namespaces() -> str:
    if os.geteuid() != 0:
        return "only root makes mounts"
    if not shutil.which("setpriv"):
        return "there is no setpriv"
    private = ("unshare", "--mount", "mount", "--make-rprivate", "/")
    tried = subprocess.run(private, capture_output=True, check=False)
    return tried.stderr.decode().strip()


def require_hardened(pid: int, data_dir: str) -> None:
    status = Path(f"/proc/{pid}/status").read_text()
    assert f"Uid:\t{NOBODY}\t{NOBODY}\t{NOBODY}\t{NOBODY}\n" in status
    assert "CapBnd:\t0000000000000000\n" in status
    mounts = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    ways = {line.split()[4]: line.split()[5].split(",")[0] for line in mounts}
    assert (ways["/"], ways[data_dir]) == ("ro", "rw")


@pytest.mark.skipif(bool(lack_of_namespaces()), reason=lack_of_namespaces() or "-")
async def test_it_needs_no_rights_and_writes_only_in_data_dir() -> None:
    """Accounts, messages, files with thumbnails and search work, and it cannot write elsewhere."""
    with HardenedServer({"RATE_LIMITS": "off"}) as server:
        require_hardened(server.process.pid, server.settings["DATA_DIR"])
        async with People(server) as people:
            pair = await Pair.of(people)
            said = (await pair.ali.http.post(pair.messages, json={"content": "hello"})).json()
            files = {"file": ("p.png", picture(), "image/png")}
            path = f"{pair.messages}{said['id']}/attachments/"
            attached = await pair.ali.http.post(path, files=files)
            assert attached.status_code == 201, attached.text
            thumbnail = await pair.sara.http.get(attached.json()["thumbnail_url"])
            assert thumbnail.status_code == 200
            assert (await pair.second.receive_type("chat.message"))["content"] == "hello"
