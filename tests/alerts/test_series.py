"""The series notation of rule tests."""

from __future__ import annotations

import pytest

from alerts.trials.series import Value, parse_series


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1", (1,)),
        ("1.8+0.1x3", (1.8, 1.9, 2, 2.1)),
        ("3-1x2 7", (3, 2, 1, 7)),
        ("-2x1", (-2, -2)),
        ("5+0x1", (5, 5)),
        ("1 _ 2", (1, None, 2)),
        ("_x2 4", (None, None, 4)),
        ("true falsex1", (True, False, False)),
        ("carx1 _", ("car", "car", None)),
        ("ERR", ("ERR",)),
    ],
)
def test_a_series_is_its_values(text: str, values: tuple[Value | None, ...]) -> None:
    found = parse_series(text)
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_numbers_are_added_in_decimal() -> None:
    assert parse_series("1.8+0.1x12")[-1] == 3
    assert parse_series("0.1+0.1x2")[-1] == 0.3


@pytest.mark.parametrize(("text", "message"), [("", "an empty series"), ("1x10000", "1x10000 makes more than 10000")])
def test_what_is_no_series_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_series(text)
