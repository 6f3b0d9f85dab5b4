"""Marks of reading."""

from functools import partial

from chat.realtime.answers import Handlers, answer_change
from chat.realtime.client_frames import MarkRead
from chat.realtime.subscribers import Subscriber
from chat.services.read_marks import ReadMarks


class ReadMarkFrames:
    def __init__(self, read_marks: ReadMarks) -> None:
        self._read_marks = read_marks
        self.handlers: Handlers = {MarkRead: self._mark_read}

    def _mark_read(self, connection: Subscriber, conversation_id: int, frame: MarkRead) -> None:
        self._read_marks.submit_move(
            connection.identity,
            conversation_id,
            frame.message_id,
            connection,
            partial(answer_change, connection, conversation_id, frame, frame.message_id),
        )
