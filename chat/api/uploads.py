"""The file of a form, which is stored while it arrives.

However large the file is, only what one read of the socket brings is in memory.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, TypeVar

from msgspec import Struct
from sanic import Request

from chat.api import bodies, forms
from chat.errors import InvalidInput, TooLarge, UnsupportedMedia
from chat.services.attachments import Upload
from chat.services.malformed import shown, unknown

T = TypeVar("T", bound=Struct)

FIELD = "file"
NAME_MAX_SIZE = 1024
TYPE_MAX_SIZE = 255
"""Most bytes of the name of the file, and of its type."""
JSON_MAX_SIZE = 64 * 1024
OVERHEAD = 1024 * 1024
"""Most bytes of a form besides the file: boundaries and headers."""


class FormFile(forms.Form):
    """The one part of the form, which is a file."""

    def __init__(self, boundary: bytes) -> None:
        """Raises InvalidInput for a text that cannot be a boundary."""
        super().__init__(boundary, FIELD)
        self.name: str | None = None
        """The client's name for the file; None until its part has begun."""
        self.content_type = ""
        self._chunks: list[bytes] = []
        self._stranger: str | None = None
        """The name of a part before the file, which should not be there."""

    def feed(self, data: bytes) -> bytes:
        """Take the form's next bytes, and return the bytes of the file among them.

        Raises InvalidInput for a malformed form, and for anything in it but one file.
        """
        self._chunks = []
        self.push(data)
        # A file of line ends comes in very many pieces, and each would be written by itself.
        return b"".join(self._chunks)

    def begin(self, name: str, file_name: bytes, content_type: bytes) -> None:
        if name != FIELD and self.name is None and self._stranger is None:
            self._stranger = name  # the error comes below if a part follows, or in `require_file`
            return
        if name != FIELD or self._stranger is not None:
            wrong = name if self._stranger is None else self._stranger
            raise InvalidInput(unknown(wrong, (FIELD,)))
        if self.name is not None:
            raise InvalidInput({FIELD: ["One file at a time: this form has another."]})
        if not file_name:
            raise InvalidInput({FIELD: ["Not a file: the part has no file name."]})
        if len(file_name) > NAME_MAX_SIZE:
            raise InvalidInput({FIELD: [f"The file's name may have {NAME_MAX_SIZE} bytes."]})
        if len(content_type) > TYPE_MAX_SIZE:
            raise InvalidInput({FIELD: [f"The file's type may have {TYPE_MAX_SIZE} bytes."]})
        self.name = file_name.decode(errors="replace")
        self.content_type = content_type.decode("latin-1")

    def add(self, data: bytes) -> None:
        if self.name is not None:
            self._chunks.append(data)

    def require_file(self) -> None:
        """Call this at the end of the form. Raises InvalidInput if there was no file."""
        if not self.is_complete:
            raise forms.malformed(FIELD)
        if self.name is None:
            instead = f", only {shown(self._stranger)}" if self._stranger else ""
            raise InvalidInput({FIELD: [f"The form has no part named {FIELD}{instead}."]})


async def receive(request: Request, most: int) -> Upload:
    """Receive the file of the request's form. It arrives while its chunks are asked for.

    `most` is the most bytes of the file. Raises UnsupportedMedia for another kind of body,
    TooLarge, and InvalidInput for a malformed form or a form without a file. Asking for
    chunks raises the same errors.
    """
    if bodies.media_type_of(request) != bodies.MULTIPART:
        raise UnsupportedMedia(f"The body must be {bodies.MULTIPART}.")
    form = FormFile(forms.boundary_of(request, FIELD))
    declared: str = request.headers.getone("content-length", "0")
    if declared.isdigit() and int(declared) > most + OVERHEAD:
        raise too_large(most)
    body = read(request, most)
    async for data in body:
        first = form.feed(data)
        if form.name is not None:
            return Upload(form.name, form.content_type, rest(form, first, body))
    form.require_file()
    raise AssertionError("a form with a file was handed on")


async def read_json(request: Request, schema: type[T]) -> T:
    """The body as JSON, on a route that receives files too. Raises InvalidInput and TooLarge."""
    body = b""
    stream: Any = request.stream
    async for data in stream:
        body += data
        if len(body) > JSON_MAX_SIZE:
            raise TooLarge(f"body: at most {JSON_MAX_SIZE} bytes.")
    request.body = body
    return bodies.decode(request, schema)


async def rest(
    form: FormFile, first: bytes, body: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    if first:
        yield first
    async for data in body:
        if chunk := form.feed(data):
            yield chunk
    form.require_file()


async def read(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    size = 0
    stream: Any = request.stream
    async for data in stream:
        size += len(data)
        if size > most + OVERHEAD:
            raise too_large(most)
        yield data


def too_large(most: int) -> TooLarge:
    return TooLarge(f"file: at most {most} bytes.")
