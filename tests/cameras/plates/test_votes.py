"""Claims about several reads of one plate."""

from __future__ import annotations

from cameras.vision.plates.reading import Read
from cameras.vision.plates.votes import ENOUGH_ALONE, MOST_READS, Verdict, Votes


def read(reader: str, text: str, weight: float | tuple[float, ...] = 0.95, *, rows: int = 1) -> Read:
    weights = weight if isinstance(weight, tuple) else (weight,) * len(text)
    return Read(reader, text, weights, rows)


def of(*reads: Read) -> Verdict:
    votes = Votes()
    votes.add(reads)
    verdict = votes.verdict()
    assert verdict is not None
    return verdict


def test_what_both_readers_read_is_said() -> None:
    verdict = of(read("plates", "豫ERU586"), read("print", "豫E·RU586"))
    assert (verdict.text, verdict.kind, verdict.agreed) == ("豫ERU586", "civil", True)
    assert verdict.agree == {"plates": 1, "print": 1}


def test_one_reader_has_to_read_it_often() -> None:
    once = [read("plates", "豫ERU586")]
    assert not of(*once).agreed
    assert not of(*once * (ENOUGH_ALONE - 1)).agreed
    assert of(*once * ENOUGH_ALONE).agreed


def test_every_character_has_its_own_vote() -> None:
    verdict = of(
        read("plates", "豫ERU566", (0.9, 0.9, 0.9, 0.9, 0.9, 0.4, 0.9)),
        read("print", "豫ERU586"),
        read("plates", "豫FRU586", (0.9, 0.4, 0.9, 0.9, 0.9, 0.9, 0.9)),
    )
    assert verdict.text == "豫ERU586"
    assert verdict.agree == {"print": 1}
    assert not verdict.agreed


def test_one_sure_read_outweighs_two_guesses() -> None:
    guesses = [read("plates", "皖DU4356", (0.4, *(0.9,) * 6))] * 2
    assert of(*guesses, read("print", "辽DU4356", (0.95, *(0.9,) * 6))).text == "辽DU4356"


def test_a_province_that_a_reader_missed_is_taken_from_the_other_and_nothing_is_agreed() -> None:
    verdict = of(read("plates", "粤AD15989"), read("print", "QAD15989"), read("print", "AD15989"))
    assert verdict.text == "粤AD15989"
    assert verdict.agree == {"plates": 1}
    assert not verdict.agreed


def test_a_plate_without_its_province_is_never_said() -> None:
    verdict = of(*[read("print", "AD15989")] * 8, *[read("plates", "AD15989")] * 8)
    assert verdict.text == "?AD15989"
    assert not verdict.agreed


def test_what_is_no_plate_is_no_vote() -> None:
    votes = Votes()
    votes.add([read("plates", "TRAS"), read("print", "Trans")])
    assert votes.verdict() is None
    assert votes.count == 0


def test_reads_of_two_lengths_are_not_mixed() -> None:
    verdict = of(
        read("plates", "粤AD15989"), read("plates", "粤AD1598"), read("print", "粤AD15989"), read("print", "粤AD15989")
    )
    assert (verdict.text, verdict.reads) == ("粤AD15989", 4)


def test_only_the_newest_reads_count() -> None:
    votes = Votes()
    votes.add([read("plates", "豫ERU586")] * MOST_READS)
    votes.add([read("plates", "川A8H458")] * MOST_READS)
    verdict = votes.verdict()
    assert verdict is not None
    assert verdict.text == "川A8H458"
    assert votes.count == MOST_READS


def test_a_contested_character_makes_the_score_low() -> None:
    sure = of(read("plates", "豫ERU586", 0.99), read("print", "豫ERU586", 0.99))
    contested = of(read("plates", "豫ERU586", 0.9), read("print", "豫FRU586", 0.8))
    assert sure.score > 0.9
    assert contested.score < 0.7
