"""Parses multipart/form-data (RFC 7578) while it arrives."""

import logging
import re
from abc import ABC, abstractmethod
from urllib.parse import unquote_to_bytes

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from sanic import Request

from chat import headers
from chat.errors import InvalidInput
from chat.services.malformed import shown

WHOLE = "body"
"""The name that errors give to a body that is wrong as a whole."""
HEADERS_MAX_SIZE = 8 * 1024
"""Most bytes of one part's headers."""
BOUNDARY_MAX_LENGTH = 70
"""RFC 2046 section 5.1.1."""
# One parameter after the other, so that what stands inside a quoted name is no parameter.
PARAMETER = re.compile(rb';\s*([^\s=;]+)\s*=\s*("(?:\\.|[^"\\])*"|[^\s;]*)', re.DOTALL)
EXTENDED = re.compile(rb"(UTF-8|ISO-8859-1)'[^']*'(.+)", re.IGNORECASE)
"""A value of RFC 8187. Browsers do not send it in forms, but libraries do, and python-multipart
leaves it out in silence.
"""

# A mistake in a form is reported to the client, so it does not belong in the operator's log.
logging.getLogger("python_multipart").setLevel(logging.ERROR)


class Form(ABC):
    """A form whose bytes are pushed in as they come. It does no I/O itself.

    `field` is the name that errors give to the form as a whole.
    """

    def __init__(self, boundary: bytes, field: str) -> None:
        """Raises InvalidInput for a text that cannot be a boundary."""
        self.is_complete = False
        """Whether the form has come to its end."""
        self._field = field
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
                    "on_end": self._end,
                },
                max_header_size=HEADERS_MAX_SIZE,
            )
        except FormParserError:
            raise malformed(field) from None

    @abstractmethod
    def begin(self, name: str, file_name: bytes, content_type: bytes) -> None:
        """A part begins; `file_name` is empty where the part is no file."""

    @abstractmethod
    def add(self, data: bytes) -> None:
        """More bytes of the part's content."""

    def push(self, data: bytes) -> None:
        """Take the form's next bytes. Raises InvalidInput for a malformed form."""
        try:
            self._parser.write(data)
        except FormParserError:
            raise malformed(self._field) from None

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
                {self._field: [f"The headers of a part may have {HEADERS_MAX_SIZE} bytes."]}
            )

    def _end_header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        file_name = extended_name(disposition) or plain_name(options.get(b"filename", b""))
        self.begin(
            options.get(b"name", b"").decode(errors="replace"),
            file_name,
            self._headers.get(b"content-type", b""),
        )

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self.add(data[start:end])

    def _end(self) -> None:
        self.is_complete = True


class Fields(Form):
    """A form without files: the texts of each field, in order."""

    def __init__(self, boundary: bytes, most: int) -> None:
        """`most` is the most fields that the form may have."""
        super().__init__(boundary, WHOLE)
        self._most = most
        self._texts: list[tuple[str, list[bytes]]] = []

    def begin(self, name: str, file_name: bytes, content_type: bytes) -> None:
        if file_name:
            raise InvalidInput({shown(name) or WHOLE: ["A text is expected here, not a file."]})
        if len(self._texts) >= self._most:
            raise InvalidInput({WHOLE: [f"At most {self._most} fields."]})
        self._texts.append((name, []))

    def add(self, data: bytes) -> None:
        self._texts[-1][1].append(data)

    def read(self, body: bytes) -> list[tuple[str, str]]:
        """The fields of a whole body. Raises InvalidInput, and UnicodeDecodeError."""
        self.push(body)
        if not self.is_complete:
            raise malformed(WHOLE)
        return [(name, b"".join(pieces).decode()) for name, pieces in self._texts]


def plain_name(name: bytes) -> bytes:
    """A name as browsers write it: these three characters are escaped, and the percent sign is not
    (HTML, section 4.10.22.8).
    """
    for escaped, character in ((b"%22", b'"'), (b"%0D", b"\r"), (b"%0A", b"\n")):
        name = name.replace(escaped, character)
    return name


def extended_name(disposition: bytes) -> bytes | None:
    """The parameter `filename*` in UTF-8; None if there is none."""
    for name, value in PARAMETER.findall(disposition):
        extended = EXTENDED.fullmatch(value.strip(b'"'))
        if name.lower() == b"filename*" and extended:
            text = unquote_to_bytes(extended[2])
            return text if extended[1].upper() == b"UTF-8" else text.decode("latin-1").encode()
    return None


def boundary_of(request: Request, field: str) -> bytes:
    _, options = parse_options_header(headers.one(request, "Content-Type") or "")
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise InvalidInput({field: ["The Content-Type has no boundary."]})
    if len(boundary) > BOUNDARY_MAX_LENGTH:
        raise InvalidInput({field: [f"Its boundary may have {BOUNDARY_MAX_LENGTH} characters."]})
    return boundary


def malformed(field: str) -> InvalidInput:
    return InvalidInput({field: ["The form is malformed, or ends too early."]})
