"""Waits until every other node has read what this node has announced.

A relay keeps the order of what one node announces. So a node that answers a question has read all
that was announced before the question:

1. Node A announces that a sign-in has ended. Node B has sockets and requests of it.
2. A asks the board which nodes live: A and B. A announces a question.
3. B reads the end, and closes the sockets. Then it reads the question, and answers.
4. A reads the answer of B. From now on nothing is done with the sign-in anywhere.

A node that has just died is on the board for some seconds, and one of an older version does not
answer. So whoever waits must limit the time.
"""

import asyncio
from collections.abc import Callable
from itertools import count

import msgspec

from chat.realtime import news
from chat.realtime.presence.board import Board

_pack = msgspec.msgpack.Encoder().encode
_unpack_question = msgspec.msgpack.Decoder(tuple[str, int]).decode
_unpack_answer = msgspec.msgpack.Decoder(tuple[str, int, str]).decode


class Question:
    """`missing` are the nodes that have not answered yet."""

    def __init__(self, missing: set[str]) -> None:
        self.missing = missing
        self.is_answered = asyncio.Event()


class RollCall:
    """`announce` announces a kind of news and its body to all nodes. Call `asked` and `answered`
    with the bodies that come.
    """

    def __init__(self, board: Board, announce: Callable[[bytes, bytes], None]) -> None:
        self._board = board
        self._announce = announce
        self._numbers = count()
        self._questions: dict[int, Question] = {}

    async def complete(self) -> None:
        """Wait for all other nodes. Raises Unavailable where it is not known which ones live."""
        if not (others := await self._board.others()):
            return
        number = next(self._numbers)
        question = self._questions[number] = Question(others)
        try:
            self._announce(news.ASKED, _pack((self._board.node, number)))
            await question.is_answered.wait()
        finally:
            del self._questions[number]

    def asked(self, body: bytes) -> None:
        """Another node asks. Raises DecodeError for what a node of another version asks."""
        self._announce(news.ANSWERED, _pack((*_unpack_question(body), self._board.node)))

    def answered(self, body: bytes) -> None:
        """Another node answers somebody's question. Raises DecodeError."""
        asker, number, node = _unpack_answer(body)
        if asker != self._board.node or (question := self._questions.get(number)) is None:
            return
        question.missing.discard(node)
        if not question.missing:
            question.is_answered.set()
