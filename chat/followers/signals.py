"""What goes through the pipe from a serving process to the followers' process.

First comes what is `Given`, with its length before it. Then comes, each time that something was
stored, the number of all changes that the serving process has stored. Its end says that the
serving process has ended.
"""

from struct import Struct
from typing import NamedTuple

from config.settings import Settings

GIVEN_LENGTH = Struct(">I")
STORED = Struct(">Q")


class Given(NamedTuple):
    """`owner` is the serving process. `dead` are those whose followers have ended, its own before
    these among them: what they were at work on is free.
    """

    settings: Settings
    owner: str
    dead: frozenset[str]
