"""What consists of parts that go together."""

from contextlib import ExitStack
from typing import Self


class Assembled:
    """A `with` block makes all of it, and leaves nothing behind, also where the making fails.

    A subclass makes its parts in `assemble`, and says in `_stack` how each goes.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()

    def assemble(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self.assemble()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
