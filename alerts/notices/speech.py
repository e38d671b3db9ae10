"""Speech: a text as a loudspeaker should say it, with numbers, times and signs written out. Pure.

A village loudspeaker is heard once, from afar, by people who do not see the text: `14:02` becomes 十四点零二分, `-5°C`
零下五摄氏度, and a telephone number is said digit by digit.
"""

from __future__ import annotations

import re

_DIGITS = "零一二三四五六七八九"
_TELEPHONE = "零幺二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_LONGEST_QUANTITY = 8
"""Longer numbers are no quantities; they are said digit by digit."""
_CALLED = frozenset({"110", "119", "120", "122", "12345", "12350"})
"""Numbers that people dial."""

_TWO = 2
"""Of the clock it is 两."""

_TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?![\d:])")
_NUMBER = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?![\d.]*\d)")
_ZH_SIGNS = (
    (re.compile(r"-(?=\d+(?:\.\d+)?\s*(?:°C|℃))"), "零下"),
    (re.compile(r"(\d+(?:\.\d+)?)\s*%"), r"百分之\1"),
    (re.compile(r"\s*(?:°C|℃)"), "摄氏度"),
    (re.compile(r"(?<=\d)\s*km/h"), "公里每小时"),
    (re.compile(r"(?<=\d)\s*cm\b"), "厘米"),
    (re.compile(r"(?<=\d)\s*km\b"), "公里"),
    (re.compile(r"(?<=\d)\s*m\b"), "米"),
    (re.compile(r"≥\s*"), "不低于"),
    (re.compile(r"≤\s*"), "不超过"),
    (re.compile(r"(?<!\d)-(?=\d)"), "负"),
    (re.compile(r"[（(【\[]"), "，"),
    (re.compile(r"[)）】\]]"), "，"),
    (re.compile(r"[/|#*_]+"), "，"),
)
_EN_SIGNS = (
    (re.compile(r"(?<!\w)-(?=\d)"), "minus "),
    (re.compile(r"\s*%"), " percent"),
    (re.compile(r"\s*(?:°C|℃)"), " degrees"),
    (re.compile(r"(?<=\d)\s*km/h"), " kilometres an hour"),
    (re.compile(r"(?<=\d)\s*cm\b"), " centimetres"),
    (re.compile(r"(?<=\d)\s*km\b"), " kilometres"),
    (re.compile(r"(?<=\d)\s*m\b"), " metres"),
    (re.compile(r"≥\s*"), "at least "),
    (re.compile(r"≤\s*"), "at most "),
    (re.compile(r"[\[\](){}]"), ", "),
    (re.compile(r"[/|#*_]+"), ", "),
)


def spoken(text: str, language: str) -> str:
    """The text for a voice, in `zh` or `en`."""
    signs, time, number = (_ZH_SIGNS, _zh_time, _zh_number) if language == "zh" else (_EN_SIGNS, _en_time, _en_number)
    text = _TIME.sub(time, text)
    for pattern, words in signs:
        text = pattern.sub(words, text)
    text = _NUMBER.sub(number, text)
    text = re.sub(r"，(\s*[，。])+", lambda found: "。" if "。" in found[0] else "，", text)
    text = re.sub(r",(\s*[,.])+", lambda found: found[0].strip()[-1], text)
    return re.sub(r"\s+", " ", text).strip(" ，,")


def _zh_time(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    rest = "整" if minute == 0 else f"{'零' if minute < 10 else ''}{quantity(minute)}分"  # noqa: PLR2004 - two digits
    return f"{'两' if hour == _TWO else quantity(hour)}点{rest}"


def _en_time(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    half = "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"  # noqa: PLR2004
    clock = hour % 12 or 12
    if minute == 0:
        return f"{clock} o'clock {half}"
    return f"{clock} {'oh ' if minute < 10 else ''}{minute} {half}"  # noqa: PLR2004 - two digits


def _zh_number(found: re.Match[str]) -> str:
    whole, _, part = found[0].partition(".")
    if not part and (whole in _CALLED or len(whole) > _LONGEST_QUANTITY or (whole[0] == "0" and len(whole) > 1)):
        return "".join(_TELEPHONE[int(digit)] for digit in whole)
    words = quantity(int(whole))
    return f"{words}点{''.join(_DIGITS[int(digit)] for digit in part)}" if part else words


def _en_number(found: re.Match[str]) -> str:
    whole = found[0]
    if "." in whole:
        left, _, part = whole.partition(".")
        return f"{left} point {' '.join(part)}"
    if whole in _CALLED or len(whole) > _LONGEST_QUANTITY or (whole[0] == "0" and len(whole) > 1):
        return " ".join(whole)
    return whole


def quantity(number: int) -> str:
    """A number from 0 to 99,999,999 in Chinese."""
    if number >= 10_000:  # noqa: PLR2004 - 万
        high, low = divmod(number, 10_000)
        zero = "零" if 0 < low < 1_000 else ""  # noqa: PLR2004 - fewer digits than the place has
        return f"{quantity(high)}万{zero}{quantity(low) if low else ''}"
    if number == 0:
        return "零"
    words, gap = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit == 0:
            gap = bool(words)
            continue
        words += ("零" if gap else "") + _DIGITS[digit] + _UNITS[place]
        gap = False
    return words.removeprefix("一") if words.startswith("一十") else words
