"""Changes two modules of a server under test.

It makes the hashes of passwords cheap. A hash takes some 20 ms of a core on purpose, and most tests
sign people up only to have somebody. What a hash is made of, and costs, is in `tests/auth`.

And the server waits longer for the process that looks at files, which is a nice one: beside many
tests it gets little of a processor.
"""

from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def make_cheap(passwords: Any) -> None:
    passwords.HASHER = type(passwords.HASHER)(time_cost=1, memory_cost=8, parallelism=1)


def make_patient(inspector: Any) -> None:
    inspector.PATIENCE = 60.0


CHANGES: dict[str, Callable[[Any], None]] = {
    "chat.auth.passwords": make_cheap,
    "chat.media.inspector": make_patient,
}


class Finder:
    """Python asks it for each module that is imported. It changes these, once they are loaded."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        change = CHANGES.get(name)
        spec = PathFinder.find_spec(name, path, target) if change else None
        if change is not None and spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_change(module: ModuleType) -> None:
                load(module)
                change(module)

            spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec
