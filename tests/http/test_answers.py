"""The head of an answer has the bytes that Sanic would make of it, kept or new."""

import pytest
from sanic import HTTPResponse, empty, json, text
from sanic.headers import format_http1_response

from chat.http.answers import head_of


def with_headers(response: HTTPResponse, **headers: object) -> HTTPResponse:
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


ANSWERS = [
    json({"id": 1}),
    text("سلام", status=404),
    empty(),
    HTTPResponse(status=304, headers={"etag": 'W/"1"'}),
    with_headers(json([]), content_length=2, x_request_id="4bf92f3577b34da6"),
    with_headers(text("x"), content_disposition="inline; filename*=UTF-8''%D8%B3.txt"),
    with_headers(text("x"), x_note="two\r\nlines\x00", location="/سلام"),
    with_headers(text("x"), x_raw="\udcff"),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_head_is_that_of_sanic(answer: HTTPResponse) -> None:
    expected = format_http1_response(answer.status, answer.processed_headers)
    assert head_of(answer) == expected
    assert head_of(answer) == expected  # from what is kept


@pytest.mark.parametrize("status", [200, 201, 202, 204, 302, 304, 308])
def test_an_answer_of_no_type_names_none(status: int) -> None:
    """Such as that which begins an upload, or erases a user."""
    assert b"content-type" not in head_of(HTTPResponse(status=status)).lower()


def test_a_header_that_came_several_times_is_in_each_line() -> None:
    answer = json([])
    answer.headers.add("link", "</a>; rel=next")
    answer.headers.add("link", "</b>; rel=prev")
    assert head_of(answer).count(b"link: ") == 2
