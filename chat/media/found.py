"""The questions to the worker and its answers: one line of JSON each."""

from msgspec import Struct


class Question(Struct, frozen=True):
    """`path` is the file. `thumbnail` is where its thumbnail goes; with None none is wanted.

    `has_length` asks for the length of sound or of a film. `is_still` asks for a thumbnail of the
    first frame alone, however small the picture is.
    """

    path: str
    thumbnail: str | None
    has_length: bool
    is_still: bool = False


class Answer(Struct, frozen=True):
    """`thumbnail_size` is in bytes, and `duration` in milliseconds. None is: there is none."""

    thumbnail_size: int | None = None
    duration: int | None = None
    trouble: str = ""
    """The kind of error that the file caused, for the log. The file is kept as it is."""


NOTHING = Answer()
