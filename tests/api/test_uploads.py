"""The file of a form, found in bytes that come in any pieces."""

from contextlib import suppress
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.api.uploads import FormFile
from chat.errors import InvalidInput

BOUNDARY = b"----boundary"
PERSIAN = "گزارش می‌شود.txt"

# Pieces of the boundary, which a parser must not take for it.
contents = st.lists(
    st.one_of(
        st.binary(max_size=50),
        st.sampled_from([b"\r\n", b"\r", b"--", b"\r\n--", b"\r\n------bound", BOUNDARY[:-1]]),
    ),
    max_size=20,
).map(b"".join)


def encode(files: Any, data: Any = None) -> bytes:
    """The form as httpx sends it."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
    request = httpx.Request("POST", "http://x", files=files, data=data, headers=headers)
    return request.read()


def pieces_of(body: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    return [body[start:end] for start, end in pairwise(places)]


def push(form: FormFile, pieces: list[bytes]) -> bytes:
    return b"".join(form.feed(piece) for piece in pieces)


@given(contents, st.lists(st.integers(min_value=0, max_value=10_000)))
def test_a_file_is_the_same_in_any_pieces(content: bytes, cuts: list[int]) -> None:
    """Wherever the network cuts the form, between its boundaries too."""
    body = encode({"file": (PERSIAN, content, "text/plain")})
    form = FormFile(BOUNDARY)
    assert push(form, pieces_of(body, cuts)) == content
    assert (form.name, form.content_type, form.is_complete) == (PERSIAN, "text/plain", True)


@given(contents, st.integers(min_value=1, max_value=10_000))
def test_a_form_that_is_cut_off_is_not_complete(content: bytes, missing: int) -> None:
    """However little is missing of its end, and what came of the file is a part of it."""
    body = encode({"file": ("f", content)}).removesuffix(b"\r\n")
    form = FormFile(BOUNDARY)
    found = push(form, [body[: max(0, len(body) - missing)]])
    assert not form.is_complete
    assert content.startswith(found)


def test_a_form_of_tiny_parts_ends_with_the_second() -> None:
    """What comes before the file would otherwise take as much time as a whole file of it."""
    body = encode({"file": ("f", b"x")}, {f"field{n}": "x" for n in range(1000)})
    form = FormFile(BOUNDARY)
    with pytest.raises(InvalidInput) as refused:
        push(form, [body[at : at + 200] for at in range(0, len(body), 200)])
    assert list(refused.value.fields) == ["field0"]


def test_a_file_is_given_out_as_it_comes() -> None:
    """What has come of it is there at once, and is not kept."""
    body = encode({"file": ("f", b"x" * 100_000)})
    form = FormFile(BOUNDARY)
    sizes = [len(form.feed(body[at : at + 1000])) for at in range(0, len(body), 1000)]
    assert sum(sizes) == 100_000
    assert max(sizes) <= 1000 + len(BOUNDARY) + 6


def test_a_form_has_one_file_and_nothing_else() -> None:
    """What else there is gets named, as soon as its part begins."""
    file, other = ("file", ("one", b"1")), ("x", ("x", b"x"))
    for form in ([file, other], [other, file], [("x", (None, b"x")), file]):
        with pytest.raises(InvalidInput) as caught:
            push(FormFile(BOUNDARY), [encode(form)])
        assert set(caught.value.fields) == {"x"}
    with pytest.raises(InvalidInput) as caught:
        push(FormFile(BOUNDARY), [encode([("file", ("one", b"1")), ("file", ("two", b"2"))])])
    assert set(caught.value.fields) == {"file"}


def test_a_form_without_a_file_says_what_it_has() -> None:
    """It may be the file under another name."""
    form = FormFile(BOUNDARY)
    assert push(form, [encode({"document": ("f", b"x")})]) == b""
    with pytest.raises(InvalidInput) as caught:
        form.require_file()
    assert caught.value.fields == {"file": ["The form has no part named file, only document."]}


@given(st.lists(st.integers(min_value=0, max_value=20_000)))
def test_large_headers_are_refused_in_any_pieces(cuts: list[int]) -> None:
    """Many small ones as well as a large one."""
    for headers in (b"x: " + b"y" * 9000, b"\r\n".join([b"x" * 1200 + b": y"] * 7)):
        form = FormFile(BOUNDARY)
        with pytest.raises(InvalidInput) as caught:
            push(form, pieces_of(b"--" + BOUNDARY + b"\r\n" + headers + b"\r\n\r\n", cuts))
        assert set(caught.value.fields) == {"file"}


@given(st.binary(), st.booleans())
def test_any_bytes_are_taken_or_refused(noise: bytes, begins_well: bool) -> None:
    """Nothing but InvalidInput ever comes out."""
    form = FormFile(BOUNDARY)
    with suppress(InvalidInput):
        push(form, [b"--" + BOUNDARY + b"\r\n" if begins_well else b"", noise])
    assert not form.is_complete
