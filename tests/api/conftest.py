"""Payam on SQLite in this process, and two people who talk."""

from collections.abc import Iterator

import pytest

from config.settings import Settings
from tests.api.client import Api, Person

ATTACHMENT_MAX_SIZE = 1024 * 1024


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Without limits on rates; files may have a mebibyte."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("api"),
        rate_limits=False,
        attachment_max_size=ATTACHMENT_MAX_SIZE,
    )
    with Api(settings) as served:
        yield served


@pytest.fixture
def ali(api: Api) -> Person:
    return api.person("ali")


@pytest.fixture
def sara(api: Api) -> Person:
    return api.person("sara")


@pytest.fixture
def stranger(api: Api) -> Person:
    """In none of the conversations."""
    return api.person("stranger")


@pytest.fixture
def staff(api: Api) -> Person:
    return api.person("staff", is_staff=True)


@pytest.fixture
def conversation(ali: Person, sara: Person) -> str:
    """The path of a conversation that Ali began with Sara."""
    return ali.begin(sara)
