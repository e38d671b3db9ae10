"""Claims about what may stand on a plate."""

from __future__ import annotations

import pytest

from cameras.vision.plates.grammar import UNKNOWN, fit, kind_of, plain, shortened


def fitted(text: str, *, rows: int = 1, weight: float = 0.9) -> tuple[str, str, int] | None:
    found = fit(text, (weight,) * len(text), rows=rows)
    return None if found is None else (found.text, found.kind, found.changed)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("京A12345", "civil"),
        ("豫ERU586", "civil"),
        ("粤AD15989", "new_energy"),
        ("京A12345D", "new_energy"),
        ("沪A1234警", "police"),
        ("川B567A学", "learner"),
        ("辽D8K34挂", "trailer"),
        ("粤ZBD60港", "hong_kong"),
        ("粤Z1234澳", "macau"),
        ("沪A0023领", "consulate"),
        ("使198476", "embassy"),
        ("224578使", "embassy"),
        ("京X0012应急", "emergency"),
        ("WJ沪12345", "armed_police"),
        ("VA30093", "military"),
        ("皖1946673", "farm"),
    ],
)
def test_every_form_of_plate_is_known_as_it_is(text: str, kind: str) -> None:
    assert kind_of(text) == kind
    assert fitted(text, rows=2 if kind == "farm" else 1) == (text, kind, 0)


@pytest.mark.parametrize(
    ("read", "becomes"),
    [
        ("豫E·RU586", "豫ERU586"),  # the point between is no character
        ("鲁QFO2599", "鲁QF02599"),  # a plate carries no O
        ("京AI2345", "京A12345"),  # and no I
        ("粤ZBD6O港", "粤ZBD60港"),
        ("使1984Z6", "使198426"),  # digits alone behind 使
        ("京812345", "京B12345"),  # a letter stands behind the province
        ("院A12345", "皖A12345"),  # looks like it, and is no province
        ("粤之BD60港", "粤ZBD60港"),
    ],
)
def test_a_character_is_changed_only_as_the_form_demands(read: str, becomes: str) -> None:
    assert fitted(read) is not None
    assert fitted(read)[0] == becomes  # type: ignore[index]


def test_what_fits_is_never_changed() -> None:
    """A B that may be a B stays one, though it looks like an 8."""
    assert fitted("京AB8B8S") == ("京AB8B8S", "civil", 0)


def test_a_changed_character_counts_half() -> None:
    found = fit("京AO2345", (0.8,) * 7)
    assert found is not None
    assert (found.weights[2], found.changed) == (0.4, 1)


@pytest.mark.parametrize("read", ["QAD15989", "AD15989", "LDU4356", "DU4356"])
def test_a_province_that_was_not_read_stays_unknown(read: str) -> None:
    found = fit(read, (0.9,) * len(read))
    assert found is not None
    assert found.text[0] == UNKNOWN
    assert found.guessed
    assert max(found.weights) <= 0.45


@pytest.mark.parametrize("text", ["Trans", "TRANS", "龍川", "東興", "8170", "", "京A1234567", "FUSO", "12345"])
def test_what_has_no_form_is_no_plate(text: str) -> None:
    assert fitted(text) is None


def test_seven_digits_are_a_farm_plate_only_in_two_rows() -> None:
    assert fitted("皖1946673", rows=2) == ("皖1946673", "farm", 0)
    assert fitted("皖1946673") is None


def test_plates_are_compared_without_what_stands_between() -> None:
    assert plain(" 豫e·ru586 ") == plain("豫E-RU586") == "豫ERU586"


def test_a_shortened_plate_keeps_where_it_is_from_and_its_last_character() -> None:
    assert shortened("豫ERU586") == "豫E····6"
