"""Series: many values in few characters, for rule tests, as promtool writes them.

    1.8+0.1x12 2.95x3 _ 2.45-0.2x6      true falsex2

`a+bxn` is a and n more, each by b higher; `axn` is a and n more of it; `_` is a value that is not sent, `_xn` are n.
Numbers are added in decimal, so 1.8+0.1x12 ends with 3.0 and not with a little more.
"""

from __future__ import annotations

import re
from decimal import Decimal

from config.says import says

Value = bool | int | float | str

MOST_VALUES = 10_000
"""A day of ten-second readings is 8,640."""

_NUMBER = r"-?\d+(?:\.\d+)?"
_RAMP = re.compile(rf"({_NUMBER})([+-]\d+(?:\.\d+)?)x(\d{{1,6}})")
_REPEAT = re.compile(rf"({_NUMBER}|_|[A-Za-z][A-Za-z_.-]*?)x(\d{{1,6}})")
_PLAIN = re.compile(_NUMBER)


def parse_series(text: str) -> tuple[Value | None, ...]:
    """The values of a series; None for one that is not sent.

    Raises:
        ValueError: It is no series, or too long; says how to write it.
    """
    found: list[Value | None] = []
    for word in text.split():
        ramp, repeat = _RAMP.fullmatch(word), _REPEAT.fullmatch(word)
        count = int(ramp[3]) if ramp else int(repeat[2]) if repeat else 0
        if len(found) + count >= MOST_VALUES:
            raise ValueError(
                says("{word} makes more than {most} values", "{word} 超过 {most} 个值", word=word, most=MOST_VALUES)
            )
        if ramp:
            begin, step = Decimal(ramp[1]), Decimal(ramp[2])
            found += [_number(begin + step * index) for index in range(count + 1)]
        elif repeat and repeat[1] == "_":
            found += [None] * count
        elif repeat:
            found += [_value(repeat[1])] * (count + 1)
        else:
            found.append(None if word == "_" else _value(word))
    if not found:
        raise ValueError(
            says(
                "an empty series says nothing; write values, as 1.8+0.1x12 2.95x3 _",
                "序列是空的；请写值，如 1.8+0.1x12 2.95x3 _",
            )
        )
    return tuple(found)


def _value(word: str) -> Value:
    if word in ("true", "false"):
        return word == "true"
    return _number(Decimal(word)) if _PLAIN.fullmatch(word) else word


def _number(exact: Decimal) -> int | float:
    return int(exact) if exact == exact.to_integral_value() else float(exact)
