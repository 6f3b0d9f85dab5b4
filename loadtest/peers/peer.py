"""What a server must offer so that it can be measured."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from loadtest.crowd import Crowd
from loadtest.measurement import Measurement
from loadtest.peers.backing import Backing


@dataclass(frozen=True)
class Running:
    """A server that answers at `url`. `pid` is its first process, which started the others."""

    url: str
    pid: int


@dataclass(frozen=True)
class Peer:
    """One server of a comparison.

    `title` is the head of its column; `target` is what `--server` calls its kind. `install` brings
    what the server needs, and is quick if that is there; it raises CannotInstall. `start` serves
    this crowd from an empty store until the `with` block ends.
    """

    name: str
    title: str
    target: str
    install: Callable[[], None]
    start: Callable[[Backing, Crowd], AbstractContextManager[Running]]
    stores: bool = True
    """Whether a message is stored before its sender has the answer."""
    measures: Callable[[str, str], Measurement] | None = None
    """Measures the server at a URL with the key of tokens, where no scenario of the loader can. It
    raises LoadFailed.
    """
