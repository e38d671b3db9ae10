"""Durations as people write them in rules: `90s`, `10m`, `1h30m`, `7d`.

A bare number is refused, because it does not say whether seconds or minutes are meant.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from config.says import says, write

LONGEST_S = 7 * 86_400.0
"""A window longer than a week would make the state of a rule grow without a reason anybody gave."""

_SECONDS_PER = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
UNITS = tuple(_SECONDS_PER)
"""As they are written."""
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse_duration(value: Any) -> float:
    """The seconds of a duration.

    Args:
        value: Text such as `90s` or `1h30m`; the units are ms, s, m, h and d.

    Raises:
        ValueError: It is no duration, or longer than a week; says how to write it.
    """
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic takes ValueErrors alone
            says(
                "write a duration with its unit, as 90s or 1h30m, not {value}",
                "时长要带单位，如 90s 或 1h30m，不是 {value}",
                value=repr(value),
            )
        )
    text = value.strip()
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(
            says(
                "write a duration as 90s, 10m or 1h30m, not {value}",
                "时长请写如 90s、10m 或 1h30m，不是 {value}",
                value=repr(value),
            )
        )
    seconds = sum(float(number) * _SECONDS_PER[unit] for number, unit in parts)
    if seconds > LONGEST_S:
        raise ValueError(
            says(
                "{text} is longer than 7d, the longest a rule may look back",
                "{text} 超过 7d，规则最多往回看这么久",
                text=text,
            )
        )
    return seconds


def duration_text(seconds: float) -> str:
    """The shortest way to write a number of seconds, for example `1h30m`."""
    rest_ms = round(seconds * 1000)
    text = ""
    for unit, size_ms in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest_ms = divmod(rest_ms, size_ms)
        if count:
            text += f"{count}{unit}"
    return text or "0s"


Seconds = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(json_schema_extra=write("a duration as 90s, 10m or 1h30m", "时长，如 90s、10m 或 1h30m")),
]
"""A duration in an options model; the value is in seconds."""
