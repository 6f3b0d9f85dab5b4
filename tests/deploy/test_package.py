"""What `pip install .` installs: all that Payam needs, and nothing that it does not."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import httpx
import pytest

import chat
from tests.support.payam_server import CHECKOUT, PayamServer

PARTS = ("chat", "config", "web", "pyproject.toml", "setup.py", "requirements.txt")
TEXTS = ("LICENSE", "README.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: setuptools leaves things behind."""
    folder = tmp_path_factory.mktemp("package")
    for part in (*PARTS, *TEXTS):
        place = CHECKOUT / part
        (shutil.copytree if place.is_dir() else shutil.copy)(place, folder / part)
    pip(["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(folder)])
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that it is installed in, apart from what it needs."""
    place = tmp_path_factory.mktemp("installed")
    pip(["install", "--no-deps", "--target", str(place), str(wheel)])
    return place


def pip(arguments: Sequence[str]) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as files:
        [name] = [name for name in files.namelist() if name.endswith("/METADATA")]
        return message_from_bytes(files.read(name))


def test_everything_that_payam_is_made_of_is_there(wheel: Path) -> None:
    """Each module, the migrations, the page, and the style of the documentation; no tests."""
    expected = {
        str(path.relative_to(CHECKOUT))
        for part in ("chat", "config")
        for path in (CHECKOUT / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    web = CHECKOUT / "web"
    expected |= {f"chat/page/{path.relative_to(web)}" for path in web.rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as files:
        packed = {name for name in files.namelist() if ".dist-info/" not in name}
    assert packed == expected


def test_version_licence_and_needs_come_from_one_place(wheel: Path) -> None:
    """The version from the code, what is needed from requirements.txt, as it is pinned there."""
    about = metadata(wheel)
    assert about["Version"] == chat.__version__
    assert about["License-Expression"] == "MIT"
    lines = (CHECKOUT / "requirements.txt").read_text().splitlines()
    pinned = [line.partition(" ")[0] for line in lines if not line.startswith("#")]
    assert about.get_all("Requires-Dist") == pinned


class Installed(PayamServer):
    """`payam serve`, far from any checkout."""

    def __init__(self, place: Path, settings: Mapping[str, str], workers: int) -> None:
        super().__init__(settings, workers=workers)
        self.place = place

    def command(self) -> Sequence[str]:
        return [sys.executable, str(self.place / "bin" / "payam"), "serve"]

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "PYTHONPATH": str(self.place)}

    def options(self) -> Mapping[str, Path]:
        return {"cwd": self.directory}


@pytest.mark.parametrize("workers", [1, 2])
def test_it_serves_the_page_and_the_api(
    installed: Path, workers: int, request: pytest.FixtureRequest
) -> None:
    """By the one command, whether one process is asked for or several."""
    relay = {"REDIS_URL": request.getfixturevalue("redis_server").url} if workers > 1 else {}
    with Installed(installed, relay, workers) as server:
        for path in ("/", "/web/app.js", "/docs", "/docs/openapi.json", "/metrics"):
            assert httpx.get(server.url + path, trust_env=False).status_code == 200, path
        body = {"username": "ali", "password": "correct horse"}
        made = httpx.post(f"{server.url}/api/users/", json=body, trust_env=False)
        assert made.status_code == 201
        assert len(server.pids()) == (1 if workers == 1 else workers + 1)


def test_the_command_is_that_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    """`payam` knows its version, and every command."""
    command = [sys.executable, str(installed / "bin" / "payam")]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed)}
    said = subprocess.run(
        [*command, "--version"], env=environ, cwd=tmp_path, capture_output=True, check=True
    )
    assert said.stdout.decode() == f"payam {chat.__version__}\n"
