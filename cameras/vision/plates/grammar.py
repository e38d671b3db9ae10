"""Grammar: what may stand on a Chinese number plate, and what a reader's characters become under it.

A reader that is unsure takes a zero for a D and a frame for a character. Each form of plate says what may stand where;
a character is changed only where its form allows none that was read, only to what looks like it, and every change is
counted. What fits no form is no plate: a shop's sign, a part of one, the writing on a lorry.

**Source** of the forms: GA 36-2018 (civil vehicles), and what is seen on farm, embassy, military and armed police
vehicles. Plates never carry the letters I and O.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
"""One character for each of the 31 on the mainland."""
DIGITS: Final = "0123456789"
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
UNKNOWN: Final = "?"
"""Stands for a province that no reader could tell; everything else has to be read."""

_ANY: Final = DIGITS + LETTERS
_ENERGY: Final = "ABCDEFGHJK"

_TO_DIGIT: Final = {"O": "0", "Q": "0", "D": "0", "U": "0", "I": "1", "L": "1", "|": "1", "Z": "2", "A": "4"}
_TO_DIGIT_MORE: Final = {"S": "5", "G": "6", "T": "7", "B": "8", "之": "2"}
_TO_LETTER: Final = {"0": "D", "2": "Z", "4": "A", "5": "S", "6": "G", "7": "T", "8": "B", "之": "Z"}
_NEVER: Final = {"O": "0", "I": "1", "|": "1"}
"""What no plate carries, wherever letters and digits may stand."""
_PICTURES: Final = {"院": "皖", "统": "皖", "鸟": "粤", "奥": "粤", "溃": "渝", "泸": "沪", "户": "沪", "赖": "赣"}
_PICTURES_MORE: Final = {"苑": "皖", "间": "闽", "阅": "闽", "闻": "闽", "曾": "鲁", "备": "鲁", "籍": "藏", "穷": "琼"}
_LIKE_PROVINCE: Final = _PICTURES | _PICTURES_MORE
"""Characters of the general reader's six thousand that look like a province's and stand on no plate."""

_SEPARATORS: Final = re.compile(r"[^0-9A-Za-z|\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Form:
    """One form of plate.

    Attributes:
        kind: What it is called in Events: `civil`, `new_energy`, `police` and so on.
        places: The characters that may stand at each place.
        rows: How many rows it may have.
        rank: The lower is taken where characters fit several; the ordinary ones come first.
    """

    kind: str
    places: tuple[str, ...]
    rows: tuple[int, ...] = (1, 2)
    rank: int = 1


def _form(kind: str, *places: str, rows: tuple[int, ...] = (1, 2), rank: int = 1) -> Form:
    return Form(kind, places, rows, rank)


FORMS: Final = (
    _form("civil", PROVINCES, LETTERS, *(_ANY,) * 5, rank=0),
    _form("new_energy", PROVINCES, LETTERS, _ENERGY, _ANY, *(DIGITS,) * 4, rows=(1,), rank=0),
    _form("new_energy", PROVINCES, LETTERS, *(DIGITS,) * 5, _ENERGY, rows=(1,), rank=0),
    _form("police", PROVINCES, LETTERS, *(_ANY,) * 4, "警"),
    _form("learner", PROVINCES, LETTERS, *(_ANY,) * 4, "学"),
    _form("trailer", PROVINCES, LETTERS, *(_ANY,) * 4, "挂"),
    _form("hong_kong", "粤", "Z", *(_ANY,) * 4, "港"),
    _form("macau", "粤", "Z", *(_ANY,) * 4, "澳"),
    _form("consulate", PROVINCES, LETTERS, *(DIGITS,) * 4, "领"),
    _form("consulate", "领", *(DIGITS,) * 6),
    _form("embassy", "使", *(DIGITS,) * 6),
    _form("embassy", *(DIGITS,) * 6, "使"),
    _form("emergency", PROVINCES, "XS", *(_ANY,) * 4, "应", "急"),
    _form("aviation", "民", "航", LETTERS, *(DIGITS,) * 4),
    _form("armed_police", "W", "J", PROVINCES, *(DIGITS,) * 4, _ANY),
    _form("armed_police", "W", "J", *(DIGITS,) * 4, _ANY, rank=2),
    _form("military", "BCEGHJKLNSVYZ", LETTERS, *(DIGITS,) * 5, rank=2),
    _form("farm", PROVINCES, *(DIGITS,) * 7, rows=(2,), rank=2),
)
"""All of them."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A reading that has the form of a plate.

    Attributes:
        text: Its characters, without separators; UNKNOWN in place of a province that could not be read.
        kind: Its form.
        weights: How sure each character is, 0..1; what was changed is half as sure as what was read.
        changed: How many characters the form demanded to be changed.
        guessed: Whether the province was lost; then the others may not lie where they are taken to, and count half.
    """

    text: str
    kind: str
    weights: tuple[float, ...]
    changed: int = 0
    guessed: bool = False


def plain(text: str) -> str:
    """As plates are compared: upper case, without blanks, points and dashes."""
    return _SEPARATORS.sub("", text).upper()


def kind_of(text: str) -> str | None:
    """Which form exactly these characters have; None when they have none."""
    for form in sorted(FORMS, key=lambda one: one.rank):
        pairs = zip(text, form.places, strict=False)
        if len(text) == len(form.places) and all(one in place for one, place in pairs):
            return form.kind
    return None


def fit(text: str, weights: Sequence[float], *, rows: int = 1) -> Fitted | None:
    """Give what a reader saw the form of a plate.

    Args:
        text: Its characters.
        weights: How sure it is of each, 0..1.
        rows: How many rows the plate has.

    Returns:
        The form that needs the fewest changes; None when it has none, whatever is changed.
    """
    read = [(one.upper(), weight) for one, weight in zip(text, weights, strict=True) if not _SEPARATORS.match(one)]
    best: tuple[tuple[int, int, float], Fitted] | None = None
    for form in FORMS:
        if rows not in form.rows:
            continue
        for guessed, candidate in _ways(form, read):
            fitted = _forced(form, candidate, guessed=guessed)
            if fitted is None:
                continue
            cost = (fitted.changed + guessed, form.rank, -sum(fitted.weights))
            if best is None or cost < best[0]:
                best = (cost, fitted)
    return None if best is None else best[1]


def _ways(form: Form, read: list[tuple[str, float]]) -> list[tuple[int, list[tuple[str, float]]]]:
    """How the characters may lie on the places: as they are, or with the province lost or taken for a letter."""
    ways = [(0, read)] if len(read) == len(form.places) else []
    if form.places[0] is PROVINCES:
        unread = (UNKNOWN, 0.0)
        if len(read) == len(form.places) and read[0][0] not in PROVINCES:
            ways.append((1, [unread, *read[1:]]))
        if len(read) == len(form.places) - 1:
            ways.append((1, [unread, *read]))
    return ways


def _forced(form: Form, read: list[tuple[str, float]], *, guessed: int) -> Fitted | None:
    out: list[str] = []
    weights: list[float] = []
    changed = 0
    for number, ((one, weight), place) in enumerate(zip(read, form.places, strict=True)):
        if one in place or (guessed and number == 0):
            out.append(one)
            weights.append(weight)
            continue
        other = _alike(one, place)
        if other is None:
            return None
        out.append(other)
        weights.append(weight / 2)
        changed += 1
    if guessed:
        weights = [weight / 2 for weight in weights]
    return Fitted("".join(out), form.kind, tuple(weights), changed, bool(guessed))


def _alike(one: str, place: str) -> str | None:
    """What looks like `one` and may stand there."""
    if place is PROVINCES:
        return _LIKE_PROVINCE.get(one)
    for table in (_NEVER, _TO_DIGIT | _TO_DIGIT_MORE, _TO_LETTER):
        other = table.get(one)
        if other is not None and other in place:
            return other
    return None


def shortened(text: str) -> str:
    """A plate as it may be shown of a vehicle that nobody looks for: where it is registered, and its last character."""
    return text[:2] + "·" * max(0, len(text) - 3) + text[-1:]
