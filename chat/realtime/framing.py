"""The websocket wire format (RFC 6455), from the server's side: bytes in, bytes out, no I/O.

No extension is ever negotiated. The server sends frames unmasked and in one piece, so the bytes of
one frame are good for any number of clients.
"""

from codecs import getincrementaldecoder
from struct import Struct

try:
    from websockets.speedups import apply_mask
except ImportError:  # this platform has no compiled wheel
    from websockets.utils import apply_mask

CONTINUATION = 0
TEXT = 1
BINARY = 2
CLOSE = 8
PING = 9
PONG = 10

WHOLE_TEXT = 0x80 | TEXT
FIRST_BYTES = frozenset((0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A))
"""The allowed first bytes: the opcodes above, no reserved bit, no fragmented control frame."""
CONTROL_MAX_SIZE = 125  # bytes; section 5.5
NO_STATUS = 1005  # stands for a close frame without a body; it is never sent

SHORT_HEADER = Struct("!BB").pack
MEDIUM_HEADER = Struct("!BBH").pack
LONG_HEADER = Struct("!BBQ").pack


class ProtocolError(Exception):
    """The client broke the protocol; `code` and `reason` are for the close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


def text_frame(payload: bytes) -> bytes:
    """A whole text message; `payload` is UTF-8.

    There are several for each message that somebody sends. So it does without a further call.
    """
    length = len(payload)
    if length < 126:
        return SHORT_HEADER(WHOLE_TEXT, length) + payload
    if length < 0x10000:
        return MEDIUM_HEADER(WHOLE_TEXT, 126, length) + payload
    return frame(TEXT, payload)


def payload_of(text: bytes) -> bytes:
    """The payload of a frame that `text_frame` made."""
    length = text[1]
    return text[2 if length < 126 else 4 if length == 126 else 10 :]


def frame(opcode: int, payload: bytes) -> bytes:
    """One final, unmasked frame.

    Raises ValueError for a control frame of more than 125 bytes.
    """
    head = 0x80 | opcode
    length = len(payload)
    if length < 126:
        return SHORT_HEADER(head, length) + payload
    if opcode >= CLOSE:
        raise ValueError(f"a control frame holds {CONTROL_MAX_SIZE} bytes, not {length}")
    if length < 0x10000:
        return MEDIUM_HEADER(head, 126, length) + payload
    return LONG_HEADER(head, 127, length) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame. `reason` is cut to the 123 bytes of UTF-8 that fit beside the code.

    The code 1005 makes one without a body, so that the result of `parse_close` can be echoed.
    Raises ValueError for any other code that may not be sent.
    """
    if code == NO_STATUS:
        return frame(CLOSE, b"")
    if not may_be_sent(code):
        raise ValueError(f"{code} may not be in a close frame")
    body = reason.encode()
    if len(body) > CONTROL_MAX_SIZE - 2:
        body = body[: CONTROL_MAX_SIZE - 2].decode(errors="ignore").encode()
    return frame(CLOSE, code.to_bytes(2, "big") + body)


def parse_close(payload: bytes) -> tuple[int, str]:
    """The code and the reason in the payload of a close frame; (1005, "") if it is empty.

    Raises ProtocolError: 1002 for a body of one byte or a code that may not be sent, and 1007 for
    a reason that is not UTF-8.
    """
    if not payload:
        return NO_STATUS, ""
    if len(payload) == 1:
        raise ProtocolError(1002, "close code cut short")
    code = payload[0] << 8 | payload[1]
    if not may_be_sent(code):
        raise ProtocolError(1002, f"close code {code} is not allowed")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError:
        raise ProtocolError(1007, "close reason is not UTF-8") from None


def may_be_sent(code: int) -> bool:
    """Whether a code may be sent: section 7.4 and the IANA registry. 3000 to 4999 are free."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


class TextCheck:
    """Finds bytes that are not UTF-8 in a text message as they arrive, before its end.

    `body` is where the payload begins in the frame that waits for more, or 0 where none waits, and
    `seen` is how much of it was looked at.
    """

    __slots__ = ("_decode", "body", "seen")

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")().decode
        self.body = 0
        self.seen = 0

    def wait(self, frame: bytes | bytearray, body: int) -> None:
        """This much of a frame has come. Raises ProtocolError."""
        self.body = body
        new = frame[body + self.seen :]
        if not new:
            return
        turn = self.seen % 4
        key = frame[body - 4 : body]
        self._take(apply_mask(bytes(new), bytes(key[turn:] + key[:turn])))
        self.seen += len(new)

    def end(self, payload: bytes) -> None:
        """The frame is whole. Raises ProtocolError."""
        self._take(payload[self.seen :])
        self.body = self.seen = 0

    def _take(self, text: bytes) -> None:
        try:
            self._decode(text)
        except UnicodeDecodeError:
            raise ProtocolError(1007, "text must be UTF-8") from None


class FrameParser:
    """Turns client frames, cut anywhere, into messages.

    The caller checks whether a TEXT message is UTF-8, whether BINARY is allowed, and that nothing
    counts after CLOSE. Of a TEXT message that is not whole yet, the parser itself finds bytes that
    are not UTF-8, as soon as they come. `error` is None until the client breaks the protocol.

    Between messages the parser keeps nothing. Within a message it keeps what has come of it: at
    most `max_size` bytes of earlier fragments, and one frame that was cut short.
    """

    __slots__ = ("_buffer", "_joined", "_max_size", "_needed", "_opcode", "_text", "error")

    def __init__(self, max_size: int) -> None:
        """`max_size` is the most payload bytes of one message, with all its fragments."""
        self._max_size = max_size
        self.error: ProtocolError | None = None
        # A frame that was cut short, and how many bytes it needs before it is looked at again.
        self._buffer: bytes | bytearray = b""
        self._needed = 0
        # A message whose last fragment has not come: its opcode, and its payload so far.
        # It is no list of fragments, because empty ones would make it grow without end.
        self._opcode = 0
        self._joined: bytearray | None = None
        # Of a text message that is not whole yet.
        self._text: TextCheck | None = None

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The messages that `data` completes, in order, as pairs (opcode, unmasked payload).

        Fragments come joined. CLOSE, PING and PONG come as they are, also from between fragments.
        This never raises: look at `error` after handling the messages. After an error it returns
        [] for ever.
        """
        messages: list[tuple[int, bytes]] = []
        if self._needed:
            try:
                data = self._resume(data)
            except ProtocolError as error:
                self._fail(error)
                return messages
        position = 0
        end = len(data)
        while position < end:
            # Nearly every frame is a whole text of less than 64 KiB, so this case comes first. It
            # takes a third of the time of `_take`. Without the mask bit, `length` is below zero.
            body = position + 6
            if body <= end and data[position] == WHOLE_TEXT and self._joined is None:
                length = data[position + 1] - 128
                if length == 126:
                    body += 2
                    length = data[position + 2] << 8 | data[position + 3]
                    minimal = length > 125
                else:
                    minimal = 0 <= length < 126
                stop = body + length
                if minimal and stop <= end and length <= self._max_size:
                    messages.append((TEXT, apply_mask(data[body:stop], data[body - 4 : body])))
                    position = stop
                    continue
            try:
                stop = self._take(data, position, messages)
            except ProtocolError as error:
                self._fail(error)
                break
            if self._needed:
                self._buffer = data[position:]
                break
            position = stop
        return messages

    def _fail(self, error: ProtocolError) -> None:
        # A traceback would hold this call, and so the parser, which would be a cycle.
        self.error = error.with_traceback(None)
        self._joined = self._text = None
        self._buffer = b""
        self._needed = 1  # what comes next goes through `_resume`, which drops it

    def _resume(self, data: bytes) -> bytes:
        """The waiting bytes and `data` together, if they are enough now; otherwise b""."""
        if self.error is not None:
            return b""
        buffer = self._buffer
        if len(buffer) + len(data) < self._needed:
            if isinstance(buffer, bytes):
                self._buffer = buffer = bytearray(buffer)
            buffer += data  # it grows in place, so a frame in many pieces is not copied for each
            if self._text is not None and self._text.body:
                self._text.wait(buffer, self._text.body)
            return b""
        self._buffer = b""
        self._needed = 0
        if self._joined is None and buffer[0] == WHOLE_TEXT:
            self._text = None  # its receiver decodes it as a whole
        return b"".join((buffer, data))

    def _take(self, data: bytes, position: int, messages: list[tuple[int, bytes]]) -> int:
        """Take the frame at `position`, and return where it ends.

        If the frame is cut short, it stays, and `_needed` is set. Raises ProtocolError as soon as
        enough of the header is there.
        """
        if len(data) < position + 2:
            self._needed = 2
            return position
        head = data[position]
        length = data[position + 1]
        opcode = head & 0x0F
        self._check(head, length)
        length &= 0x7F
        key = position + 2
        if length >= 126:
            key += 2 if length == 126 else 8
            if len(data) < key:
                self._needed = key - position
                return position
            length = long_length(data[position + 2 : key])
        if opcode < CLOSE:
            before = 0 if self._joined is None else len(self._joined)
            if before + length > self._max_size:
                raise ProtocolError(1009, f"a message holds {self._max_size} bytes at most")
        body = key + 4
        stop = body + length
        if len(data) < stop:
            self._wait(data[position:], opcode, body - position, stop - position)
            return position
        payload = apply_mask(data[body:stop], data[key:body])
        if opcode >= CLOSE:
            messages.append((opcode, payload))
        elif head >= 0x80 and opcode:
            messages.append((opcode, payload))
            self._text = None
        else:
            self._join(head, payload, messages)
        return stop

    def _wait(self, part: bytes, opcode: int, body: int, stop: int) -> None:
        """Only this part of a frame is there, whose payload is from `body` to `stop`."""
        is_text = opcode == TEXT or (opcode == CONTINUATION and self._opcode == TEXT)
        if is_text and len(part) < body:
            self._needed = body
            return
        self._needed = stop
        if is_text:
            self._text = self._text or TextCheck()
            self._text.wait(part, body)

    def _check(self, head: int, second: int) -> None:
        """Raise ProtocolError for a frame that may not begin with these two bytes here."""
        if head not in FIRST_BYTES:
            raise ProtocolError(1002, "reserved bit, unknown opcode or fragmented control frame")
        if second < 0x80:
            raise ProtocolError(1002, "frame is not masked")
        opcode = head & 0x0F
        if opcode >= CLOSE:
            if second & 0x7F > CONTROL_MAX_SIZE:
                raise ProtocolError(1002, f"control frame of more than {CONTROL_MAX_SIZE} bytes")
        elif opcode == CONTINUATION:
            if self._joined is None:
                raise ProtocolError(1002, "continuation of nothing")
        elif self._joined is not None:
            raise ProtocolError(1002, "new message inside a fragmented one")

    def _join(self, head: int, payload: bytes, messages: list[tuple[int, bytes]]) -> None:
        """Add a fragment to its message, and the message to `messages` after the last one."""
        if self._joined is None:
            self._opcode = head
            self._joined = bytearray(payload)
        else:
            self._joined += payload
        if self._opcode == TEXT:
            self._text = self._text or TextCheck()
            self._text.end(payload)
        if head >= 0x80:
            messages.append((self._opcode, bytes(self._joined)))
            self._joined = self._text = None


def long_length(field: bytes) -> int:
    """A length of two or eight bytes. Raises ProtocolError if a shorter form was possible."""
    length = int.from_bytes(field, "big")
    if length < (126 if len(field) == 2 else 0x10000):
        raise ProtocolError(1002, "length is not in its shortest form")
    if length >= 1 << 63:
        raise ProtocolError(1002, "length has its top bit set")
    return length
