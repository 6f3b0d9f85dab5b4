"""What the files of deploy/ name is there: settings, paths, other files."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from config.settings import Settings
from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.ports import free_port

DEPLOY = CHECKOUT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SETTINGS = {spec.name.upper(): getattr(Settings(), spec.name) for spec in fields(Settings)}
NOT_OURS = {"PATH", "PYTHONUNBUFFERED", "POSTGRES_PASSWORD", "PUBLIC_PORT"}


def of_kubernetes(name: str) -> Any:
    return yaml.safe_load((KUBERNETES / name).read_text())


def container(of: Mapping[str, Any]) -> Any:
    (only,) = of["spec"]["template"]["spec"]["containers"]
    return only


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def deployment_file() -> Any:
    return of_kubernetes("deployment.yaml")


@pytest.mark.parametrize("file", sorted(DEPLOY.rglob("*.yaml")), ids=lambda file: file.name)
def test_yaml_files_parse(file: Path) -> None:
    """Each is a mapping; what Kubernetes gets says what it is."""
    document = yaml.safe_load(file.read_text())
    assert isinstance(document, dict)
    if file.parent == KUBERNETES and not file.name.endswith("-values.yaml"):
        assert document["apiVersion"]
        assert document["kind"]


def named_variables() -> Iterator[tuple[str, str]]:
    """Each environment variable that a file gives to Payam, with the file's name."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for service in ("migrate", "payam"):
        yield from ((name, "compose.yaml") for name in compose["services"][service]["environment"])
    for name in of_kubernetes("configmap.yaml")["data"]:
        yield name, "configmap.yaml"
    for name in of_kubernetes("secret.example.yaml")["stringData"]:
        yield name, "secret.example.yaml"
    for line in re.findall(r"^ENV (.*)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE):
        yield from ((name, "Dockerfile") for name in re.findall(r"(\w+)=", line))
    unit = (DEPLOY / "payam.service").read_text()
    yield from ((name, "unit") for name in re.findall(r"^Environment=(\w+)=", unit, re.MULTILINE))
    example = (DEPLOY / ".env.example").read_text()
    yield from ((name, ".env.example") for name in re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_variables_are_settings() -> None:
    """A misspelt one would be ignored in silence."""
    named = set(named_variables())
    assert len(named) > 10
    assert {(name, file) for name, file in named if name not in SETTINGS.keys() | NOT_OURS} == set()


def test_values_are_allowed(compose: Any) -> None:
    """What the files set can work, with secrets filled in, and with a desk or without one."""
    secrets = {"JWT_SECRET": "x" * 32, "POSTGRES_PASSWORD": "0123456789abcdef"}
    desk = {"GUESTS": "true", "WIDGET_ORIGINS": "https://shop.example", "WIDGET_SECRET": "x" * 32}
    for given in (secrets, secrets | desk):
        environment = {
            name: re.sub(
                r"\$\{(\w+):(\?[^}]*|-)\}",
                lambda found: given.get(found[1], "") if found[2] == "-" else given[found[1]],  # noqa: B023
                str(value),
            )
            for name, value in compose["services"]["payam"]["environment"].items()
        }
        settings = Settings.from_env(environment)
        assert (settings.web_concurrency, settings.guests) == (2, given != secrets)
    Settings.from_env(of_kubernetes("configmap.yaml")["data"])


def test_no_secret_is_in_a_file() -> None:
    """The example's are empty, and Compose takes them from the environment."""
    example = (DEPLOY / ".env.example").read_text()
    assert re.findall(r"^\w+=(.+)", example, re.MULTILINE) == []
    assert set(of_kubernetes("secret.example.yaml")["stringData"].values()) == {""}
    for line in (DEPLOY / "compose.yaml").read_text().splitlines():
        if re.match(r"\s*(JWT_SECRET|POSTGRES_PASSWORD|DATABASE_URL):", line):
            assert "${" in line


def test_comments_give_the_defaults() -> None:
    """Limits that nginx, Compose and Kubernetes repeat are those of the settings."""
    texts = [file.read_text() for file in DEPLOY.rglob("*") if file.is_file()]
    said = re.findall(r"\b([A-Z]+_[A-Z_]+) \((\d+) (s|MiB)\)", "\n".join(texts))
    assert {name for name, _, _ in said} >= {"GRACEFUL_TIMEOUT", "ATTACHMENT_MAX_SIZE"}
    units = {"s": 1, "MiB": 1024 * 1024}
    assert [(name, int(n) * units[unit]) for name, n, unit in said] == [
        (name, SETTINGS[name]) for name, _, _ in said
    ]


def test_time_to_stop_is_enough(compose: Any, deployment_file: Any) -> None:
    """Nothing is killed before the worker's own limit, and gunicorn's 5 s, are over."""
    least = SETTINGS["GRACEFUL_TIMEOUT"] + 5
    unit = re.search(r"^TimeoutStopSec=(\d+)", (DEPLOY / "payam.service").read_text(), re.MULTILINE)
    assert unit
    assert int(unit[1]) > least
    assert int(compose["services"]["payam"]["stop_grace_period"].removesuffix("s")) > least
    pause = int(container(deployment_file)["lifecycle"]["preStop"]["exec"]["command"][1])
    spec = deployment_file["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] >= pause + least


def test_nginx_waits_longer_than_pings_need(compose: Any) -> None:
    """An idle socket hears something within twice WS_PING_INTERVAL; so do the ingress's."""
    assert "./nginx.conf:/etc/nginx/nginx.conf:ro" in compose["services"]["nginx"]["volumes"]
    conf = (DEPLOY / "nginx.conf").read_text()
    websockets = conf[conf.index("location /ws/") :]
    shipped = re.search(r"proxy_read_timeout (\d+)s", websockets)
    assert shipped
    annotations = of_kubernetes("ingress.yaml")["metadata"]["annotations"]
    ingress = int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"])
    assert min(int(shipped[1]), ingress) > 2 * SETTINGS["WS_PING_INTERVAL"]


def probes(deployment: Mapping[str, Any]) -> list[str]:
    kinds = ("startupProbe", "livenessProbe", "readinessProbe")
    return [container(deployment)[kind]["httpGet"]["path"] for kind in kinds]


def test_kustomization_lists_what_is_there() -> None:
    """Every manifest, but for those that are applied by hand."""
    apart = {"kustomization.yaml", "secret.example.yaml", "migrate.yaml"}
    apart.add("prometheus-adapter-values.yaml")
    listed = of_kubernetes("kustomization.yaml")["resources"]
    assert {*listed, *apart} == {file.name for file in KUBERNETES.iterdir()}


def test_the_autoscaler_looks_at_a_metric_that_exists(image: PayamServer) -> None:
    """Under the name that the adapter hands on."""
    (pods,) = [
        m["pods"] for m in of_kubernetes("autoscaler.yaml")["spec"]["metrics"] if "pods" in m
    ]
    name = pods["metric"]["name"]
    (rule,) = of_kubernetes("prometheus-adapter-values.yaml")["rules"]["custom"]
    assert rule["seriesQuery"].startswith(name + "{")
    assert f"\n# TYPE {name} gauge\n" in get(image, "/metrics")[1]


class Image(PayamServer):
    """What the Dockerfile copies, and nothing else of the checkout, run as it says.

    But with the bytecode beside its source, without which none of it is used.
    """

    def __init__(self) -> None:
        super().__init__()
        self.root = self.directory / "app"
        for source, target in copied():
            destination = self.root / target
            if source.is_dir():
                shutil.copytree(source, destination)
            else:
                destination.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, destination)

    def command(self) -> Sequence[str]:
        command = super().command()[0]
        return [command, "-m", "gunicorn", "-c", "gunicorn.conf.py", "server:app"]

    def options(self) -> Mapping[str, Any]:
        return {"cwd": self.root}


def copied() -> list[tuple[Path, str]]:
    """What the last stage of the Dockerfile copies from the checkout, and to where."""
    stage = (DEPLOY / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    lines = [line.split()[1:] for line in stage.splitlines() if line.startswith("COPY ")]
    return [
        (CHECKOUT / source, target)
        for *sources, target in lines
        for source in sources
        if not sources[0].startswith("--from")
    ]


def get(server: PayamServer, path: str) -> tuple[int, str]:
    response = httpx.get(f"{server.url}{path}", trust_env=False)
    return response.status_code, response.text


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with Image() as server:
        yield server


def test_the_image_has_all_that_the_server_needs(image: Image) -> None:
    """It starts, and answers with the web client and the documents."""
    for path in ("/", "/web/client/index.js", "/docs/", "/docs/openapi.json"):
        assert get(image, path)[0] == 200, path


def test_the_image_migrates(image: Image, tmp_path: Path) -> None:
    """The step before the server finds its code as well."""
    done = subprocess.run(
        [sys.executable, "-m", "chat", "migrate"],
        cwd=image.root,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("applied m0001"), done.stderr


def test_the_probes_paths_are_there(image: Image, deployment_file: Any, compose: Any) -> None:
    """Kubernetes' and Compose's."""
    (check,) = compose["services"]["payam"]["healthcheck"]["test"][-1:]
    paths = [*probes(deployment_file), *re.findall(r"8000(/[\w/]+)", check)]
    assert len(paths) == 4
    assert [get(image, path)[0] for path in paths] == [200] * 4


def test_compose_s_healthcheck_works(image: Image, compose: Any) -> None:
    """It succeeds on a server that is ready, and fails where there is none."""
    _, _, *arguments = compose["services"]["payam"]["healthcheck"]["test"]

    def check(port: int) -> int:
        command = [sys.executable, *(part.replace("8000", str(port)) for part in arguments)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert check(image.port) == 0
    assert check(free_port()) != 0


def test_the_ignored_are_not_copied() -> None:
    """What the Dockerfile copies is let through, and nothing else is."""
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    let_through = {line.removeprefix("!") for line in lines if line.startswith("!")}
    sources = {str(source.relative_to(CHECKOUT)) for source, _ in copied()}
    assert let_through == {*sources, "requirements.txt"}
