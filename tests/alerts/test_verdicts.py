"""Verdicts by rule and by device: counted by hand."""

from __future__ import annotations

from alerts.figures.signs import Deed, Member
from alerts.figures.verdicts import judged
from alerts.incidents.incident import Handling, Verdict
from tests.fakes.journals import DAY, START, deed

SMOKE = Member("fire.smoke_sensor", "hh-1-smoke")
FLAME = Member("fire.camera_flame", "cam-1")


def resolved(
    number: int, verdict: Verdict, *members: Member, cause: str = "", at_s: float = 100, move: str = "resolved"
) -> Deed:
    return deed(
        at_s,
        move,
        Handling.SEEN if move == "reopened" else Handling.RESOLVED,
        who="lin",
        incident=f"i{number}",
        verdict=verdict,
        cause=cause,
        members=members or (SMOKE,),
    )


def test_every_rule_and_device_of_an_incident_gets_its_verdict() -> None:
    found = judged(
        [
            resolved(1, Verdict.TRUE, SMOKE, FLAME),
            resolved(2, Verdict.NUISANCE, cause="cooking"),
            resolved(3, Verdict.FALSE, cause="low_battery"),
            resolved(4, Verdict.NUISANCE, cause="cooking"),
            resolved(5, Verdict.TEST),
            resolved(6, Verdict.DUPLICATE),
        ],
        since=START,
        until=START + DAY,
    )
    smoke, flame = found.rules["fire.smoke_sensor"], found.rules["fire.camera_flame"]
    assert smoke.judged == 4
    assert smoke.false_share == 0.75
    assert smoke.causes == {"cooking": 2, "low_battery": 1}
    assert (flame.judged, flame.false_share) == (1, 0.0)
    assert list(found.devices) == ["hh-1-smoke", "cam-1"]
    assert found.total.verdicts[Verdict.TEST] == 1


def test_a_verdict_that_was_taken_back_does_not_count_and_the_last_one_does() -> None:
    taken_back = resolved(1, Verdict.NONE, at_s=200, move="reopened")
    first = resolved(1, Verdict.FALSE, cause="other")
    assert judged([first, taken_back], since=START, until=START + DAY).total.judged == 0
    again = resolved(1, Verdict.TRUE, at_s=300)
    total = judged([first, taken_back, again], since=START, until=START + DAY).total
    assert dict(total.verdicts) == {Verdict.TRUE: 1}


def test_without_verdicts_there_is_no_share() -> None:
    total = judged([resolved(1, Verdict.TEST)], since=START, until=START + DAY).total
    assert total.false_share is None
