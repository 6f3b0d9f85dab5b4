"""A real Django project, on each database."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.support.postgres_server import PostgresServer

PROJECT = Path(__file__).parent / "project"


class Django(NamedTuple):
    """`url` is what the import is given."""

    url: str
    media: Path


def make(folder: Path, url: str, *arguments: str) -> Django:
    """Make the tables of the project in this database, and fill them."""
    shutil.copytree(PROJECT, folder / "project")
    media = folder / "media"
    media.mkdir()
    (folder / "secret.txt").write_text("outside of the media")
    database: dict[str, Any]
    if url.startswith("sqlite:///"):
        engine, database = "sqlite3", {"NAME": url.removeprefix("sqlite:///")}
    else:
        engine, parts = "postgresql", conninfo_to_dict(url)
        names = {"NAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user"}
        options = parts.get("options")
        database = {one: str(parts[name]) for one, name in names.items() if name in parts}
        database["PASSWORD"] = str(parts.get("password", ""))
        if options:
            database["OPTIONS"] = {"options": options}
    settings = {"ENGINE": f"django.db.backends.{engine}", **database}
    done = subprocess.run(
        [sys.executable, "fill.py", *arguments],
        cwd=folder / "project",
        env={"PATH": "/usr/bin:/bin", **environment(settings, media)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Django(url, media)


def environment(database: Mapping[str, Any], media: Path) -> dict[str, str]:
    return {"DJANGO_DATABASE": json.dumps(database), "DJANGO_MEDIA": str(media)}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Both sides of an import are of the same kind of database."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def source(
    dialect: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Django:
    """The project's database: read, and never written to."""
    folder = tmp_path_factory.mktemp("django")
    if dialect == "sqlite":
        return make(folder, f"sqlite:///{folder}/django.sqlite3")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return make(folder, server.create_database())


@pytest.fixture
def settings(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Settings of an empty Payam."""
    chosen = {"DATA_DIR": str(tmp_path / "data"), "JWT_SECRET": "s" * 40, "RATE_LIMITS": "off"}
    if dialect == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        template: str = request.getfixturevalue("migrated_template")
        chosen["DATABASE_URL"] = server.create_database(template=template)
    return chosen


@pytest.fixture
def fill() -> Callable[..., Django]:
    return make
