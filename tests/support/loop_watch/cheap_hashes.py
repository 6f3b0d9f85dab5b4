"""Makes the hashes of passwords cheap in a server under test.

A hash takes some 20 ms of a core on purpose, and most tests sign people up only to have somebody.
What a hash is made of, and costs, is in `tests/auth`.
"""

from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

MODULE = "chat.auth.passwords"


def make_cheap(module: Any) -> None:
    module.HASHER = type(module.HASHER)(time_cost=1, memory_cost=8, parallelism=1)


class Finder:
    """Python asks it for each module that is imported. It changes the one, once that is loaded."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == MODULE else None
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_change(module: ModuleType) -> None:
                load(module)
                make_cheap(module)

            spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec
