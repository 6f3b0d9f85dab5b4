"""What the READMEs and documents say to type, and where they lead."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Timer
from time import sleep

import httpx
import pytest

from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.ports import free_port

ENGLISH, PERSIAN = CHECKOUT / "README.md", CHECKOUT / "README.fa.md"
DOCUMENTS = [
    *CHECKOUT.glob("*.md"),
    *CHECKOUT.glob("docs/**/*.md"),
    *CHECKOUT.glob("deploy/**/*.md"),
    CHECKOUT / "loadtest" / "README.md",
    CHECKOUT / "payam_client" / "README.md",
]
DECISIONS = CHECKOUT / "docs" / "decisions"
ENTRY = re.compile(r"^( *)([\w./-]+?)/? ", re.MULTILINE)
METRIC = re.compile(r"payam_\w+")
NO_METRICS = {"payam_client", "payam_everyone"}
PARTS = re.compile(r"_(?:bucket|count|sum)$")
PROSE = ("chat", "config", "docs", "loadtest", "payam_client", "tests")
TOLD = re.compile(r"\btold\b", re.IGNORECASE)
LOAD = "/tmp/load"  # noqa: S108 -- as the document calls it
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
SECONDS = 300
PROVEN = {
    "tests/api/test_thumbnails.py": "test_a_photograph_of_an_iphone_is_upright",
    "tests/contract/test_blocks.py": "test_a_report_reaches_staff_once",
    "tests/contract/test_history.py": "test_another_epoch_is_answered_with_reset",
    "tests/contract/test_resumable_uploads.py": "test_tuspy_goes_on_where_it_was_cut",
    "tests/contract/test_seed.py": "test_a_client_of_the_original_sees_nothing_else",
    "tests/contract/test_sockets.py": "test_a_retry_is_the_same_message",
    "tests/store/test_conversations.py": (
        "test_unread_are_the_others_messages_after_what_was_read"
    ),
    "tests/web/test_offline.py": "test_a_large_file_goes_on_after_a_cut_and_a_reload",
}
"""By test file that the comparison leads to, the test that proves it."""


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
            output, _ = talk.communicate(timeout=SECONDS)
            assert talk.returncode == 0, output
        with bash(listen) as listening:
            assert listening.stdout
            end = Timer(SECONDS, os.killpg, (listening.pid, signal.SIGKILL))
            end.start()
            heard = listening.stdout.readline()  # empty where she was ended first
            end.cancel()
            os.killpg(listening.pid, signal.SIGKILL)
    assert heard == "ali says سلام\n"


def test_the_bot_answers(tmp_path: Path) -> None:
    """The code and the commands of the README as they stand there, but for the ports."""
    text = ENGLISH.read_text(encoding="utf-8")
    meet = BLOCK.findall(text.partition("## A first conversation")[2])[0][1]
    (_, code), (_, join) = BLOCK.findall(text.partition("## A bot in ten lines")[2])[:2]
    assert len([line for line in code.splitlines() if line]) == 10
    port = str(free_port())
    with PayamServer({"WEBHOOK_ALLOW": "127.0.0.1"}) as payam:

        def here(script: str) -> str:
            script = script.replace(":9000", f":{port}").replace("--port 9000", f"--port {port}")
            script = script.replace("http://127.0.0.1:8000", payam.url)
            return script.replace(".venv/bin/", f"{Path(sys.executable).parent}/")

        (tmp_path / "bot.py").write_text(here(code))
        commands, _, run = join.rstrip().rpartition("\n")
        script = here(f'{meet}\n{commands}\necho "in $CHAT as $ALI"\nexec {run} >&2')
        # Somebody who types has not what the server alone was started with.
        typed = {name: text for name, text in payam.settings.items() if name != "WEBHOOK_ALLOW"}
        # The commands stand in the repository's folder, and the bot's file in another.
        modules = {"PYTHONPATH": f"{CHECKOUT}{os.pathsep}{tmp_path}"}
        with subprocess.Popen(
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={**os.environ, **typed, **modules},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as bot:
            assert bot.stdout
            end = Timer(SECONDS, os.killpg, (bot.pid, signal.SIGKILL))
            end.start()
            try:
                joined = next(found for line in bot.stdout if (found := JOINED.search(line)))
                said = answered(bot, payam, *joined.groups())
            finally:
                end.cancel()
                with suppress(ProcessLookupError):  # it ended by itself: that is what has failed
                    os.killpg(bot.pid, signal.SIGKILL)
    assert said == ["ping", "pong"]


JOINED = re.compile(r"in (\d+) as (\S+)$")


def answered(bot: subprocess.Popen[str], payam: PayamServer, talk: str, ali: str) -> list[str]:
    """What was said in the conversation, once the bot has answered Ali."""
    path = f"{payam.url}/api/conversations/{talk}/messages/"
    with httpx.Client(headers={"Authorization": f"Bearer {ali}"}, trust_env=False) as http:
        assert http.post(path, json={"content": "ping"}).status_code == 201
        said = ["ping"]
        while "pong" not in said:
            assert bot.poll() is None
            sleep(0.1)
            said = [message["content"] for message in http.get(path).json()]
    return said


def test_both_readmes_say_to_type_the_same() -> None:
    assert blocks(PERSIAN) == blocks(ENGLISH)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    places = [link.partition("#")[0] for link in links if "://" not in link]
    missing = [place for place in places if not (document.parent / place).exists()]
    assert not missing


def proofs(readme: Path, heading: str) -> list[list[str]]:
    """Of each row of its comparison, the links that do not stay on the page."""
    _, _, section = readme.read_text(encoding="utf-8").partition(heading)
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[link for link in LINK.findall(row) if link[0] != "#"] for row in rows]


def test_the_comparison_is_proven_by_what_it_says() -> None:
    """The tests that it leads to have what the row speaks of; both languages lead to the same."""
    found = proofs(ENGLISH, "## Beside what you could choose instead")
    assert proofs(PERSIAN, "## در کنار آنچه به‌جای آن می‌توان برگزید") == found
    led_to = {link for row in found for link in row if link.startswith("tests/")}
    assert led_to == set(PROVEN)
    for path, name in PROVEN.items():
        assert f"def {name}(" in (CHECKOUT / path).read_text(encoding="utf-8")


def test_decisions_are_numbered_one_after_the_other() -> None:
    """In their files' names and in their headings alike."""
    files = sorted(DECISIONS.iterdir())
    numbers = list(range(1, len(files) + 1))
    assert [int(path.name.split("-")[0]) for path in files] == numbers
    headings = [path.read_text(encoding="utf-8").split(". ")[0] for path in files]
    assert headings == [f"# {number}" for number in numbers]


def test_the_root_holds_no_packages() -> None:
    """A build or a download leaves them there; a commit of everything would take them in."""
    kept = subprocess.run(
        ["git", "ls-files", "--", ":(glob)*.whl", ":(glob)*.gz", ":(glob)*.zip"],  # noqa: S607 -- whichever git there is
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert kept.stdout == ""


def test_the_map_shows_the_tree() -> None:
    """Nothing that is not there, and every part of chat/."""
    _, _, section = ENGLISH.read_text(encoding="utf-8").partition("## The map of the code")
    drawn = BLOCK.search(section)
    assert drawn
    found = set()
    for indent, name in ENTRY.findall(re.sub(r"$", " ", drawn[2], flags=re.MULTILINE)):
        if len(indent) <= 2:  # deeper ones go on with the line before
            found.add(f"chat/{name}" if indent else name)
    assert {name for name in found if not (CHECKOUT / name).exists()} == set()
    parts = {f"chat/{path.name}" for path in (CHECKOUT / "chat").iterdir()}
    assert {part for part in parts if "__" not in part} - found == set()


@pytest.mark.parametrize("number", [0, 1])
def test_what_a_load_test_needs(number: int, tmp_path: Path) -> None:
    """The commands before its server are enough, in an empty folder."""
    document = (CHECKOUT / "loadtest" / "README.md").read_text(encoding="utf-8")
    scripts = [body for _, body in BLOCK.findall(document) if "chat seed" in body]
    before, _, _ = scripts[number].partition(".venv/bin/python server.py")
    script = before.replace(LOAD, str(tmp_path)).replace(".venv/bin/python", sys.executable)
    command = ["/bin/bash", "-euo", "pipefail", "-c", script]
    subprocess.run(command, cwd=CHECKOUT, check=True, timeout=SECONDS)
    assert (tmp_path / "payam.sqlite3").exists()


def test_every_metric_that_is_spoken_of_is_there() -> None:
    """By the name that Prometheus has for it."""
    with PayamServer() as payam, httpx.Client(trust_env=False) as http:
        text = http.get(f"{payam.url}/metrics").text
    known = set(re.findall(r"^# HELP (\w+)", text, re.MULTILINE)) | NO_METRICS
    places = [*DOCUMENTS, *CHECKOUT.glob("deploy/**/*.json"), *CHECKOUT.glob("deploy/**/*.yaml")]
    for place in places:
        names = {PARTS.sub("", name) for name in METRIC.findall(place.read_text(encoding="utf-8"))}
        assert names - known == set(), place


def test_one_word_is_not_used() -> None:
    """The word had seven meanings. The glossary has a word for each, and names this one itself."""
    glossary = CHECKOUT / "docs" / "glossary.md"
    files = [*CHECKOUT.glob("*.md"), *CHECKOUT.glob("*.py")]
    for folder in PROSE:
        files += [*(CHECKOUT / folder).rglob("*.md"), *(CHECKOUT / folder).rglob("*.py")]
    assert len(files) > 200
    assert TOLD.search(glossary.read_text(encoding="utf-8"))
    found = {one for one in files if TOLD.search(one.read_text(encoding="utf-8"))}
    assert found == {glossary, Path(__file__)}
