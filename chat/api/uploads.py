"""Files in multipart/form-data (RFC 7578), taken apart while they arrive.

Only the first part named `file` is used; others are skipped. No more than what one read
of the socket brings is in memory, however large the file.
"""

import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from sanic import Request

from chat import headers
from chat.errors import InvalidInput, TooLarge, UnsupportedMedia
from chat.services.attachments import Upload

FIELD = "file"
HEADERS_MAX_SIZE = 8 * 1024
"""Bytes of one part's headers."""
NAME_MAX_SIZE = 1024
TYPE_MAX_SIZE = 255
"""Bytes of what the client calls the file, and of its type."""
BOUNDARY_MAX_LENGTH = 70
"""RFC 2046 section 5.1.1."""
OVERHEAD = 1024 * 1024
"""Bytes that a form may have besides the file: boundaries, headers, other parts."""
# RFC 8187: browsers do not send it in forms, but libraries do.
EXTENDED_NAME = re.compile(rb"""filename\*\s*=\s*UTF-8'[^']*'([^\s;"]+)""", re.IGNORECASE)

# What is wrong with a client's form is for the client, not for the operator's log.
logging.getLogger("python_multipart").setLevel(logging.ERROR)


class FormFile:
    """The file of a form whose bytes are pushed in as they come; does no I/O itself."""

    def __init__(self, boundary: bytes) -> None:
        """Raises InvalidInput for a boundary that cannot be one."""
        self.name: str | None = None
        """As the client calls it; None until its part has begun."""
        self.content_type = ""
        self.is_complete = False
        """Whether the form has come to its end."""
        self._is_inside = False
        self._chunks: list[bytes] = []
        self._headers: dict[bytes, bytes] = {}
        self._header_name = b""
        self._header_value = b""
        self._headers_size = 0
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._add_to_name,
                    "on_header_value": self._add_to_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._add_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
                max_header_size=HEADERS_MAX_SIZE,
            )
        except FormParserError:
            raise malformed() from None

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Take the form's next bytes; returns those of the file that are among them.

        Raises InvalidInput for what is no form.
        """
        self._chunks = []
        try:
            self._parser.write(data)
        except FormParserError:
            raise malformed() from None
        return self._chunks

    def _begin_part(self) -> None:
        self._headers = {}
        self._headers_size = 0

    def _add_to_name(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header_name += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header_value += data[start:end]

    def _count_header(self, size: int) -> None:
        self._headers_size += size
        if self._headers_size > HEADERS_MAX_SIZE:
            raise InvalidInput(
                {FIELD: [f"The headers of a part may have {HEADERS_MAX_SIZE} bytes."]}
            )

    def _end_header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        if self.name is not None or options.get(b"name") != FIELD.encode():
            return
        extended = EXTENDED_NAME.search(disposition)
        name = unquote_to_bytes(extended[1]) if extended else options.get(b"filename", b"")
        if not name:
            raise InvalidInput({FIELD: ["Not a file: the part has no file name."]})
        content_type = self._headers.get(b"content-type", b"")
        if len(name) > NAME_MAX_SIZE:
            raise InvalidInput({FIELD: [f"The file's name may have {NAME_MAX_SIZE} bytes."]})
        if len(content_type) > TYPE_MAX_SIZE:
            raise InvalidInput({FIELD: [f"The file's type may have {TYPE_MAX_SIZE} bytes."]})
        self.name = name.decode(errors="replace")
        self.content_type = content_type.decode("latin-1")
        self._is_inside = True

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_inside:
            self._chunks.append(data[start:end])

    def _end_part(self) -> None:
        self._is_inside = False

    def _end(self) -> None:
        self.is_complete = True


async def receive(request: Request, most: int) -> Upload:
    """The file of the form that the request brings; it comes as its chunks are asked for.

    `most` is in bytes, of the file. Raises UnsupportedMedia for another kind of body,
    TooLarge, and InvalidInput for a malformed form or one without a file; the chunks
    raise the same.
    """
    form = FormFile(boundary_of(request))
    declared: str = request.headers.getone("content-length", "0")
    if declared.isdigit() and int(declared) > most + OVERHEAD:
        raise too_large(most)
    body = read(request, most)
    async for data in body:
        chunks = form.feed(data)
        if form.name is not None:
            return Upload(form.name, form.content_type, rest(form, chunks, body))
    raise (
        malformed()
        if not form.is_complete
        else InvalidInput({FIELD: [f"The form has no part named {FIELD}."]})
    )


async def rest(
    form: FormFile, first: Sequence[bytes], body: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    for chunk in first:
        yield chunk
    async for data in body:
        for chunk in form.feed(data):
            yield chunk
    if not form.is_complete:
        raise malformed()


async def read(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    size = 0
    stream: Any = request.stream
    async for data in stream:
        size += len(data)
        if size > most + OVERHEAD:
            raise too_large(most)
        yield data


def boundary_of(request: Request) -> bytes:
    kind, options = parse_options_header(headers.one(request, "Content-Type") or "")
    if kind != b"multipart/form-data":
        raise UnsupportedMedia("The body must be multipart/form-data.")
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise InvalidInput({FIELD: ["The Content-Type has no boundary."]})
    if len(boundary) > BOUNDARY_MAX_LENGTH:
        raise InvalidInput({FIELD: [f"Its boundary may have {BOUNDARY_MAX_LENGTH} characters."]})
    return boundary


def malformed() -> InvalidInput:
    return InvalidInput({FIELD: ["The form is malformed, or ends too early."]})


def too_large(most: int) -> TooLarge:
    return TooLarge(f"file: at most {most} bytes.")
