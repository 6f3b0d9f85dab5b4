"""What the READMEs and documents say to type, and where they lead."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from tests.support.payam_server import CHECKOUT, PayamServer

ENGLISH, PERSIAN = CHECKOUT / "README.md", CHECKOUT / "README.fa.md"
DOCUMENTS = [
    *CHECKOUT.glob("*.md"),
    *CHECKOUT.glob("docs/**/*.md"),
    *CHECKOUT.glob("deploy/**/*.md"),
    CHECKOUT / "loadtest" / "README.md",
    CHECKOUT / "payam_client" / "README.md",
]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
SECONDS = 60


def blocks(document: Path) -> list[tuple[str, str]]:
    """The language and the text of each."""
    return BLOCK.findall(document.read_text(encoding="utf-8"))


def test_the_first_conversation() -> None:
    """Typed as it stands there, Sara hears what Ali says."""
    text = ENGLISH.read_text(encoding="utf-8")
    _, _, section = text.partition("## A first conversation")
    commands = [body for language, body in BLOCK.findall(section) if language == "sh"]
    meet, listen, say = commands[:3]
    here = f"{Path(sys.executable).parent}/"
    with PayamServer() as payam:

        def bash(script: str) -> subprocess.Popen[str]:
            script = script.replace("http://127.0.0.1:8000", payam.url)
            return subprocess.Popen(
                ["/bin/bash", "-euo", "pipefail", "-c", script.replace(".venv/bin/", here)],
                cwd=CHECKOUT,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )

        with bash(f"{meet}\n{say}") as talk:
            told, _ = talk.communicate(timeout=SECONDS)
            assert talk.returncode == 0, told
        with bash(listen) as listening:
            assert listening.stdout
            end = Timer(SECONDS, os.killpg, (listening.pid, signal.SIGKILL))
            end.start()
            heard = listening.stdout.readline()  # empty where she was ended first
            end.cancel()
            os.killpg(listening.pid, signal.SIGKILL)
    assert heard == "ali says سلام\n"


def test_both_readmes_say_to_type_the_same() -> None:
    assert blocks(PERSIAN) == blocks(ENGLISH)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    places = [link.partition("#")[0] for link in links if "://" not in link]
    missing = [place for place in places if not (document.parent / place).exists()]
    assert not missing
