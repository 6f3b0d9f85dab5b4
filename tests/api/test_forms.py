"""The name of a file in a form, in the ways in which clients write it."""

import pytest

from chat.api.forms import extended_name


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("filename*=UTF-8''%D8%B3.txt", "س.txt"),
        ("filename=\"x\"; filename*=utf-8'fa'%D8%B3.txt", "س.txt"),
        ("filename*=UTF-8''a%20b; filename=\"x\"", "a b"),
        ("filename*=\"UTF-8''a%20b\"", "a b"),
        ("FileName* = UTF-8''a", "a"),
        ("filename*=ISO-8859-1''%E9.txt", "é.txt"),
        ("filename=\"a; filename*=UTF-8''evil.txt\"", None),
        ('filename="a\\"; filename*=UTF-8\'\'evil.txt"', None),
        ("filename*=UTF-16''a", None),
        ("filename*=a", None),
        ('filename="x"', None),
    ],
)
def test_the_extended_name_is_read(parameters: str, name: str | None) -> None:
    """Where there is one, and not where a quoted name only looks like it."""
    found = extended_name(f'form-data; name="file"; {parameters}'.encode())
    assert (found.decode() if found is not None else None) == name
