"""How clips are judged: spans, delays and false alerts, on made-up times; no video is looked at."""

import math
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.accuracy.counting import moments, people_at, vehicles, visits
from benchmarks.accuracy.judging import Judgement, Told, Watched, judge
from benchmarks.accuracy.labels import Clip, Span, counted, directions, read_clips
from benchmarks.accuracy.running import START, alerts_of, states_of
from benchmarks.accuracy.settings import Settings, View, read_settings
from benchmarks.accuracy.subjects import SUBJECTS
from hub.errors import ConfigurationError
from hub.events import Event, Phase

FIRE = next(each for each in SUBJECTS if each.name == "fire")
ALERT = "fire.camera_flame"


def clip(name: str = "a.mp4", **spans: list[tuple[float, float]]) -> Clip:
    return Clip(name, Path(name), {label: tuple(Span(*each) for each in some) for label, some in spans.items()})


def fires(*watched: Watched) -> Judgement:
    return judge(watched, FIRE, FIRE.alerts)


def told(*at_s: float) -> list[Told]:
    return [Told(ALERT, each) for each in at_s]


def event(
    kind: str, phase: Phase, at_s: float, subject: str = "1", *, confidence: float = 0.9, **fields: bool | str
) -> Event:
    at = START + timedelta(seconds=at_s)
    return Event(
        f"{kind}{subject}{at_s}{phase}", kind, at, at, "camera", "test", site="site", camera="camera",
        subject=subject, phase=phase, confidence=confidence, fields=fields,
    )  # fmt: skip


def test_a_delay_counts_from_the_beginning_of_its_span() -> None:
    found = fires(Watched(clip(fire=[(10, 40)]), 60, told(13.5, 30)))
    assert found.delays_s == (3.5,)
    assert found.clips == (1, 1)
    assert found.false == ()


def test_what_is_told_a_second_early_belongs_to_its_span_and_took_no_time() -> None:
    assert fires(Watched(clip(fire=[(10, 40)]), 60, told(9.2))).delays_s == (0.0,)


def test_what_is_told_elsewhere_is_false_and_counts_by_the_hour_that_is_clear() -> None:
    found = fires(Watched(clip(fire=[(0, 600)]), 2400, told(5, 1000)), Watched(clip("b.mp4"), 1800, told(3)))
    assert [(name, one.at_s) for name, one in found.false] == [("a.mp4", 1000), ("b.mp4", 3)]
    assert found.clear_s == 3600
    assert found.false_per_hour == pytest.approx(2.0)


def test_what_stood_when_the_span_began_found_it_at_once() -> None:
    stood = Watched(clip(fire=[(10, 20)]), 30, [Told(ALERT, 2.0, 15.0)])
    assert fires(stood).delays_s == (0.0,)
    over = Watched(clip(fire=[(10, 20)]), 30, [Told(ALERT, 2.0, 8.0)])
    assert fires(over).missed


def test_time_set_aside_is_neither_right_nor_wrong_nor_clear() -> None:
    found = fires(Watched(clip(smoke=[(0, 30)], controlled_flame=[(20, 40)]), 100, told(10, 35)))
    assert found.false == ()
    assert found.clear_s == 60


def test_a_miss_is_an_endless_delay_to_the_median_and_none_to_the_worst() -> None:
    seen = [Watched(clip(f"{n}.mp4", fire=[(0, 9)]), 9, told(*([1.0] if n == 0 else []))) for n in range(3)]
    found = fires(*seen)
    assert math.isinf(found.median_s)
    assert found.worst_s == 1.0
    assert found.clips == (1, 3)


def test_a_clip_is_found_when_all_of_its_spans_are() -> None:
    assert fires(Watched(clip(fire=[(0, 5), (50, 60)]), 60, [Told(ALERT, 1.0, 9.0)])).clips == (0, 1)


def test_states_last_from_their_beginning_to_their_end() -> None:
    told_of = states_of([
        event("camera.person", Phase.BEGAN, 1, "a"), event("camera.person", Phase.BEGAN, 2, "b"),
        event("camera.person", Phase.GOES_ON, 3, "a"), event("camera.person", Phase.ENDED, 5, "a"),
    ])  # fmt: skip
    assert [(one.at_s, one.until_s) for one in told_of] == [(1, 5), (2, None)]
    assert [people_at(told_of, at_s) for at_s in (0, 1, 4, 5, 9)] == [0, 1, 2, 1, 1]


def test_alerts_are_those_of_the_shipped_rules() -> None:
    """A collision that is hardly believed rings nowhere; one that is does at once."""
    community = Settings().community(clip())
    doubtful = [event("camera.collision", Phase.BEGAN, 3, confidence=0.2)]
    sure = [event("camera.collision", Phase.BEGAN, 4, confidence=0.8)]
    assert alerts_of(doubtful, community, armed=False, until_s=20) == ()
    (crash,) = alerts_of(sure, community, armed=False, until_s=20)
    assert (crash.kind, crash.at_s, crash.level) == ("road.crash", 4, "orange")


def test_a_scene_change_is_judged_as_a_collapse_and_rings_by_no_rule() -> None:
    """The table has a row for its Events, and none for alerts that there cannot be."""
    collapse = next(one for one in SUBJECTS if one.name == "collapse")
    fell = states_of([event("camera.scene_changed", Phase.MOMENT, 10)])
    watched = Watched(clip(collapse=[(7, 9)]), 30, fell)
    assert judge([watched], collapse, collapse.events).clips == (1, 1)
    assert not collapse.alerts


def test_people_are_counted_at_labelled_moments() -> None:
    walked = Clip("a.mp4", Path("a.mp4"), {"person_count": (Span(5, 5, "2-3"), Span(9, 9, "6"))})
    states = [Told("camera.person", 0, 8), Told("camera.person", 1)]
    first, second = moments(walked, states)
    assert (first.counted, first.holds) == (2, True)
    assert (second.counted, second.holds) == (1, False)


def test_what_the_camera_counted_itself_comes_before_its_tracks() -> None:
    counting = Clip("a.mp4", Path("a.mp4"), {"person_count": (Span(5, 5, "4"),)})
    said = [event("camera.people", Phase.MOMENT, 3, people="3"), event("camera.people", Phase.MOMENT, 8, people="9")]
    (number,) = moments(counting, [], said)
    assert (number.counted, number.holds) == (3, True)


def test_a_visit_is_one_person_with_about_the_right_dwell() -> None:
    came = clip(person=[(10, 20), (30, 45)])
    broken = [Told("camera.person", 10.5, 20.4), Told("camera.person", 30.0, 34.0), Told("camera.person", 37.0, 45.0)]
    first, second = visits(came, broken, 60)
    assert first.dwells_s == (9.9,)
    assert first.holds
    assert second.dwells_s == (8.0, 4.0)
    assert not second.holds


def test_vehicles_are_counted_by_those_that_drove() -> None:
    road = Clip("a.mp4", Path("a.mp4"), {"count": (Span(0, 9, "vehicles=2: up(bottom->top)=1 [3], down(x->y)=1 [4]"),)})
    drove = [event("camera.vehicle", Phase.BEGAN, 1, name, stopped=name == "c") for name in "abc"]
    (number,) = vehicles(road, drove)
    assert (number.counted, number.holds) == (2, True)


def test_notes_tell_numbers_and_ways() -> None:
    assert counted("5-6") == (5, 6)
    assert counted("6") == (6, 6)
    assert counted("near lane vehicles leaving bottom right=3 (about 3.0, 8.3, 10.0 s)") == (3, 3)
    assert counted("looked at frames") is None
    assert directions("vehicles=4: up(bottom->top)=2 [4.7-8.5], down(top->bottom)=2 [1]") == {"up": 2, "down": 2}


def test_a_folder_is_read_by_its_labels(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    rows = (
        "file,start_s,end_s,label,how,notes\na.mp4,1,2,fire,,\na.mp4,0,9,none,,\ngone.mp4,0,1,fire,,\nb.jpg,,,fire,,\n"
    )
    (tmp_path / "labels.csv").write_text(rows, encoding="utf-8")
    (found,) = read_clips([tmp_path])
    assert found.spans == {"fire": (Span(1, 2),), "none": (Span(0, 9),)}


def test_settings_of_a_clip_count_instead_of_those_of_all(tmp_path: Path) -> None:
    file = tmp_path / "tried.yaml"
    file.write_text(
        "camera: {detectors: [view]}\nclips: {b.mp4: {camera: {detectors: [objects]}, armed: true}}\n", "utf-8"
    )
    tried = read_settings(file)
    for name, kind, armed in (("a.mp4", "view", False), ("b.mp4", "objects", True)):
        own = Clip(name, tmp_path / name, {})
        assert tried.community(own).cameras[0].detectors[0].kind == kind
        assert tried.armed(own) is armed


def test_settings_that_are_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        Settings(every=View(camera={"no_such_part": 1})).community(Clip("a.mp4", tmp_path / "a.mp4", {}))
