"""Asks the worker about files, and replaces it when it dies or takes too long.

The worker is started by the first file that needs it, and ends when it has had nothing to do for a
while. It takes one file at a time. Whatever a file does to it, the caller gets an answer within
`patience` seconds; where there is none, the answer is that nothing is known of the file.
"""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path

import msgspec

from chat.media.found import NOTHING, Answer, Question

log = logging.getLogger("payam.media")

PATIENCE = 10.0
"""Seconds for one file, with its turn in the queue: an upload waits no longer for it. A command
waits longer.
"""
WAITING_MOST = 32
"""Files that wait for their turn. More are not looked at."""
IDLE = 60.0
"""Seconds after which a worker without work ends."""
BASE_MEMORY = 384 * 1024 * 1024
PIXEL_MEMORY = 12
"""Bytes of address space for the worker: for the libraries, and for each pixel of the largest
picture. Decoded it has 4 bytes per pixel, its copy in other colours 4, and the decoder's own state
is the rest.
"""
ANSWER_MOST = 4096


class Inspector:
    def __init__(self, pixels: int, idle: float = IDLE) -> None:
        """`pixels` is the most pixels of a picture that is decoded."""
        self.pixels = pixels
        self.patience = PATIENCE
        self._idle = idle
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: Process | None = None
        self._resting: asyncio.TimerHandle | None = None

    async def inspect(
        self,
        path: Path,
        thumbnail: Path | None,
        *,
        has_length: bool = False,
        is_still: bool = False,
    ) -> Answer:
        """Ask the worker what the file is. It writes `thumbnail` if that is given."""
        if self._waiting >= WAITING_MOST:
            log.warning("a file is not looked at: %d others wait already", self._waiting)
            return NOTHING
        target = whole(thumbnail) if thumbnail else None
        question = Question(whole(path), target, has_length, is_still)
        self._waiting += 1
        try:
            async with asyncio.timeout(self.patience), self._turn:
                answer = await self._ask(question)
        except TimeoutError:
            log.warning("a file is not looked at: it took more than %g seconds", self.patience)
            answer = NOTHING
        finally:
            self._waiting -= 1
        if answer.trouble:
            log.info("a file could not be read: %s", answer.trouble)
        if thumbnail is not None and answer.thumbnail_size is None:
            discard(thumbnail)  # a worker that died may have left a part of it
        return answer

    async def _ask(self, question: Question) -> Answer:
        if self._resting is not None:
            self._resting.cancel()
        answer = b""
        try:
            process = await self._worker()
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(ConnectionError):  # it has died, and the answer is empty
                process.stdin.write(msgspec.json.encode(question) + b"\n")
                answer = await process.stdout.readline()
        finally:
            # Without a whole answer it is dead, or still at work on this file: on to a new one.
            if not answer.endswith(b"\n"):
                await self._end()
        if not answer:
            log.warning("a file ended the process that looked at it")
            return NOTHING
        self._resting = asyncio.get_running_loop().call_later(self._idle, self._rest)
        return msgspec.json.decode(answer, type=Answer)

    async def _worker(self) -> Process:
        if self._process is None:
            memory = BASE_MEMORY + PIXEL_MEMORY * self.pixels
            arguments = (self.pixels, memory, max(int(self.patience), 1))
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "chat.media.worker",
                *(str(argument) for argument in arguments),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,  # a traceback may hold words of the file
                env={"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
                limit=ANSWER_MOST,
            )
        return self._process

    def _rest(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()  # it ends when there is nothing more to read
            self._process = None

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def close(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
        await self._end()


def whole(path: Path) -> str:
    return str(path.absolute())


def discard(path: Path) -> None:
    path.unlink(missing_ok=True)
