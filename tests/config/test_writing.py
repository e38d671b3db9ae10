"""What is written is read again as it was."""

from __future__ import annotations

import pytest

from config.reading import read_text
from config.writing import write_text


@pytest.mark.parametrize(
    "value",
    [
        "on",
        "no",
        "12:30",
        "22:00-06:00",
        "010",
        "1e3",
        "0x1f",
        "0o17",
        ">= 0.5",
        "not true",
        "{a}",
        "- a",
        "",
        "~",
    ],
)
def test_text_that_might_be_something_else_stays_text(value: str) -> None:
    assert read_text(write_text([{"key": value, value: 1}])) == [{"key": value, value: 1}]


@pytest.mark.parametrize("value", [True, False, None, 0, -7, 10, 0.1, 1e-9, 1e300, 2.5, [], {}, [[1], {"a": None}]])
def test_other_values_stay_what_they_are(value: object) -> None:
    assert read_text(write_text([value])) == [value]
