"""The client library as a package: built, installed in a fresh environment, and used there."""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import pytest

import payam_client
from tests.support.payam_server import CHECKOUT, PayamServer

PACKAGE = CHECKOUT / "payam_client"
CONSUMER = Path(__file__).with_name("consumer.py")


def run(*command: str | Path, cwd: Path, expected: int = 0) -> str:
    """What it prints."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == expected, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody else's project, with nothing of this checkout but the app."""
    folder = tmp_path_factory.mktemp("consumer")
    shutil.copy(CONSUMER, folder / "app.py")
    return folder


@pytest.fixture(scope="module")
def python(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a fresh environment with the package in it.

    What the package needs is lent from here, so that no test waits for the network.
    """
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    copy = tmp_path_factory.mktemp("source") / "payam_client"  # setuptools leaves things behind
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "build"))
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, copy, cwd=folder)
    [wheel] = folder.glob("payam_client-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    place = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    (Path(place.strip()) / "lent.pth").write_text(sysconfig.get_path("purelib"))
    # With its needs: pip looks whether what is lent is in the ranges, and may fetch nothing.
    run(*pip, "--python", python, "install", "--no-index", wheel, cwd=folder)
    return python


def test_it_is_the_packages_own_and_says_its_version(python: Path, folder: Path) -> None:
    say = "import payam_client as p; print(p.__file__, p.__version__)"
    file, version = run(python, "-c", say, cwd=folder).split()
    assert Path(file).is_relative_to(folder / "env")
    assert version == payam_client.__version__


def test_everything_of_it_is_installed(python: Path, folder: Path) -> None:
    """Its modules and the mark of its types; and no tests."""
    [installed] = (folder / "env").glob("lib/python*/site-packages/payam_client")
    assert {path.name for path in installed.iterdir() if path.suffix != ".pyc"} - {
        "__pycache__"
    } == {path.name for path in PACKAGE.glob("*.py")} | {"py.typed"}


def test_an_app_uses_it(python: Path, folder: Path) -> None:
    with PayamServer() as server:
        assert run(python, "app.py", server.url, cwd=folder) == "ali سلام 1 1 True\n"


def check(python: Path, folder: Path, file: str, expected: int) -> str:
    strict: Sequence[str] = ["-m", "mypy", "--strict", "--python-executable", str(python)]
    return run(sys.executable, *strict, file, cwd=folder, expected=expected)


def test_its_types_hold_under_strict_mypy(python: Path, folder: Path) -> None:
    """And they say something: a wrong use is found."""
    check(python, folder, "app.py", 0)
    wrong = 'from payam_client import Payam\n\nconversation = Payam("").open("12")\n'
    (folder / "wrong.py").write_text(wrong)
    assert '"open" of "Payam" has incompatible type "str"' in check(python, folder, "wrong.py", 1)


def test_its_licence_is_that_of_payam() -> None:
    assert (PACKAGE / "LICENSE").read_bytes() == (CHECKOUT / "LICENSE").read_bytes()
