"""The process that decodes files of strangers: `python -m chat.media.worker PIXELS MEMORY SECONDS`.

It reads questions from its standard input, and answers on its standard output, line by line. Its
limits are set before it reads anything, so a hostile file ends this process at most. It has no
connection to the database or to Redis, and no secret in its environment.
"""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from chat.media.found import Answer, Question

FILE_MOST = 64 * 1024 * 1024
"""Bytes of the largest file that it may write."""
FILES_MOST = 64
NICENESS = 10
"""The processes that serve come first."""


def main(pixels: int, memory: int, seconds: int) -> None:
    os.nice(NICENESS)
    # This comes first: what the libraries ask for while they are imported counts too.
    limit(memory)
    from chat.media import lengths, thumbnails  # noqa: PLC0415 - under the limits

    def answer(question: Question) -> Answer:
        path, small = Path(question.path), None
        trouble: list[str] = []

        def tried(step: Callable[[], int | None]) -> int | None:
            try:
                return step()
            except Exception as error:
                trouble.append(type(error).__name__)
                return None

        if question.thumbnail is not None:
            target = Path(question.thumbnail)
            small = tried(lambda: thumbnails.make(path, target, pixels, question.is_still))
            if small is None:
                target.unlink(missing_ok=True)
        length = tried(lambda: lengths.milliseconds(path)) if question.has_length else None
        return Answer(small, length, " ".join(trouble))

    decode = msgspec.json.Decoder(Question).decode
    for line in sys.stdin.buffer:
        allow(seconds)
        sys.stdout.buffer.write(msgspec.json.encode(answer(decode(line))) + b"\n")
        sys.stdout.buffer.flush()


def limit(memory: int) -> None:
    """Limits for the whole life of the process; `memory` is in bytes of address space."""
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, FILE_MOST),
        (resource.RLIMIT_NOFILE, FILES_MOST),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def allow(seconds: int) -> None:
    """Give this process so many seconds of a processor from now on. The kernel ends a process that
    takes more, also where the server that would end it is gone.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
