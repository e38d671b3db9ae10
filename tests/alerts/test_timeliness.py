"""How long people took, who did how much and what was open: counted by hand."""

from __future__ import annotations

import pytest

from alerts.figures.followed import follow
from alerts.figures.signs import Deed
from alerts.figures.timeliness import Step, Timing, Work
from alerts.incidents.incident import Display, Handling
from config.community import Level
from config.handling import STARTING
from tests.fakes.journals import DAY, START, at, deed

NEW, SEEN, DISPATCHED, ON_SCENE = Handling.NEW, Handling.SEEN, Handling.DISPATCHED, Handling.ON_SCENE
RESOLVED, CLOSED = Handling.RESOLVED, Handling.CLOSED


def of(*deeds: Deed, since_s: float = 0, until_s: float = 86_400) -> Work:
    deeds = tuple(sorted(deeds, key=lambda each: each.at))
    return follow(deeds, since=at(since_s), until=at(until_s), deadlines=STARTING)


def whole(incident: str = "i1", begins_s: float = 0) -> list[Deed]:
    """Orange: lin sees it after 60 s and sends zhao 30 s later; he accepts after 100 s and is there 400 s after."""
    return [
        deed(begins_s, "opened", NEW, incident=incident),
        deed(begins_s + 60, "acknowledged", SEEN, who="lin", incident=incident),
        deed(begins_s + 90, "dispatched", DISPATCHED, who="lin", unit="zhao", incident=incident),
        deed(begins_s + 190, "accepted", DISPATCHED, who="zhao", incident=incident),
        deed(begins_s + 590, "arrived", ON_SCENE, who="zhao", incident=incident),
        deed(begins_s + 1000, "resolved", RESOLVED, who="chen", incident=incident),
        deed(begins_s + 1000, "closed", CLOSED, incident=incident),
    ]


def test_each_step_is_measured_from_what_asked_for_it() -> None:
    work = of(*whole())
    took = {step: work.timing(step).median_s for step in Step}
    assert took == {
        Step.SEEN: 60,
        Step.DISPATCHED: 30,
        Step.ACCEPTED: 100,
        Step.ON_SCENE: 500,
        Step.RESOLVED: 1000,
    }
    within = {step: work.timing(step).within for step in Step}
    assert within == {Step.SEEN: 1, Step.DISPATCHED: 1, Step.ACCEPTED: 1, Step.ON_SCENE: None, Step.RESOLVED: None}


def test_each_step_belongs_to_who_did_it() -> None:
    work = of(*whole())
    assert {each.step: each.who for each in work.spans} == {
        Step.SEEN: "lin",
        Step.DISPATCHED: "lin",
        Step.ACCEPTED: "zhao",
        Step.ON_SCENE: "zhao",
        Step.RESOLVED: "chen",
    }
    assert work.deeds == {
        "chen": {"resolved": 1},
        "lin": {"acknowledged": 1, "dispatched": 1},
        "zhao": {"accepted": 1, "arrived": 1},
    }
    assert work.people == ("chen", "lin", "zhao")
    assert work.answered == {"lin": 1}


def test_the_median_and_the_nearest_rank_of_ninety_per_cent() -> None:
    deeds = [
        each
        for number in range(10)
        for each in (
            deed(1000 * number, "opened", NEW, incident=f"i{number}"),
            deed(1000 * number + 30 * (number + 1), "acknowledged", SEEN, who="lin", incident=f"i{number}"),
        )
    ]
    # 30, 60 ... 300 s; orange has to be seen within 180 s, so six of ten were; each lies there seen to the end
    assert of(*deeds).timing(Step.SEEN) == Timing(count=10, median_s=165, p90_s=270, missed=0, within=0.6)


def test_what_nobody_has_seen_counts_as_late_once_its_time_is_over() -> None:
    opened = deed(0, "opened", NEW)
    assert of(opened, until_s=180).timing(Step.SEEN) == Timing(0, None, None, 0, None)
    assert of(opened, until_s=181).timing(Step.SEEN) == Timing(0, None, None, 1, 0.0)


def test_who_saw_it_and_did_nothing_was_late_and_it_asks_anew() -> None:
    work = of(
        deed(0, "opened", NEW),
        deed(60, "acknowledged", SEEN, who="lin"),
        deed(660, "lapsed", NEW),
        deed(700, "acknowledged", SEEN, who="wang"),
        deed(720, "dispatched", DISPATCHED, who="wang", unit="zhao"),
        deed(730, "accepted", DISPATCHED, who="zhao"),
        until_s=800,
    )
    assert work.timing(Step.SEEN) == Timing(2, 50, 60, 0, 1.0)
    assert work.timing(Step.DISPATCHED, who="lin") == Timing(0, None, None, 1, 0.0)
    assert work.timing(Step.DISPATCHED, who="wang") == Timing(1, 20, 20, 0, 1.0)


def test_who_did_not_answer_an_order_in_time_is_named() -> None:
    work = of(
        deed(0, "opened", NEW),
        deed(5, "ordered", NEW, unit="zhao"),
        deed(305, "fell_out", NEW, unit="zhao"),
        deed(305, "ordered", NEW, unit="qian"),
        deed(320, "accepted", NEW, who="qian"),
        until_s=330,
    )
    assert work.timing(Step.ACCEPTED, who="zhao") == Timing(0, None, None, 1, 0.0)
    assert work.timing(Step.ACCEPTED, who="qian") == Timing(1, 15, 15, 0, 1.0)
    assert work.timing(Step.DISPATCHED).count == 1  # the second order hands the first one on


def test_what_is_put_aside_waits_for_nobody() -> None:
    work = of(
        deed(0, "opened", NEW),
        deed(100, "shelved", NEW, who="chen", display=Display.SHELVED),
        deed(4000, "unshelved", NEW),
        deed(4040, "acknowledged", SEEN, who="lin"),
        until_s=4100,
    )
    assert work.timing(Step.SEEN) == Timing(1, 40, 40, 0, 1.0)


def test_to_give_a_verdict_at_once_is_to_see() -> None:
    work = of(deed(0, "opened", NEW), deed(50, "resolved", RESOLVED, who="lin"), deed(50, "closed", CLOSED))
    assert work.timing(Step.SEEN) == Timing(1, 50, 50, 0, 1.0)
    assert work.timing(Step.RESOLVED).median_s == 50


def test_what_was_merged_away_was_seen_by_nobody() -> None:
    work = of(deed(0, "opened", NEW), deed(500, "merged", CLOSED, who="lin"))
    assert work.timing(Step.SEEN) == Timing(0, None, None, 0, None)


def test_what_is_opened_again_is_resolved_from_then() -> None:
    work = of(*whole(), deed(5000, "reopened", SEEN, who="li"), deed(5600, "resolved", RESOLVED, who="lin"))
    assert [
        (each.ended - each.began).total_seconds() for each in work.spans if each.step is Step.RESOLVED and each.ended
    ] == [1000, 600]


@pytest.mark.parametrize(
    ("until_s", "steps"), [(60, []), (61, [Step.SEEN]), (200, [Step.SEEN, Step.DISPATCHED, Step.ACCEPTED])]
)
def test_two_shifts_count_everything_once(until_s: float, steps: list[Step]) -> None:
    first, second = of(*whole(), until_s=until_s), of(*whole(), since_s=until_s)
    assert [each.step for each in first.spans] == steps
    assert [each.step for each in (*first.spans, *second.spans)] == list(Step)


def test_what_is_open_at_the_beginning_and_at_the_end_is_named() -> None:
    work = of(
        *whole(),
        *whole("i2", 100),
        deed(300, "opened", NEW, incident="i3", level=Level.CRITICAL),
        since_s=250,
        until_s=1050,
    )
    assert [(each.number, each.handling) for each in work.open_before] == [(1, DISPATCHED), (2, DISPATCHED)]
    assert [(each.number, each.handling) for each in work.open_after] == [(3, NEW), (2, ON_SCENE)]
    assert work.opened == 1


def test_nothing_happened() -> None:
    work = follow([], since=START, until=START + DAY, deadlines=STARTING)
    assert work == Work()
    assert work.timings()["seen"] == {
        "count": 0,
        "median_s": None,
        "p90_s": None,
        "missed": 0,
        "within": None,
        "levels": {},
    }
