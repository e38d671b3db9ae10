"""How many people are there: each once, whatever single looks say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cameras.vision.detection import Detection
from hub.events import Phase
from hub.geometry import Box
from tests.fakes.footage import HEIGHT_PX, WIDTH_PX, Image, ScriptedDetector, Watcher, film, nothing

Places = Callable[[float], Sequence[tuple[float, float]]]
"""Where people are by time: left and top in shares of the picture."""
W, H = 0.03, 0.16


def watch(
    places: Places, seconds: float, *, unnamed: Callable[[float, int], bool] = lambda _at_s, _who: False
) -> Watcher:
    def draw(image: Image, at_s: float) -> None:
        for x, y in places(at_s):
            left, top = round(x * WIDTH_PX), round(y * HEIGHT_PX)
            image[top : top + round(H * HEIGHT_PX), left : left + round(W * WIDTH_PX)] = 20

    def name(at_s: float) -> list[Detection]:
        return [
            Detection("person", 0.9, Box(x, y, W, H))
            for number, (x, y) in enumerate(places(at_s))
            if not unnamed(at_s, number)
        ]

    return Watcher(detectors={"objects": ScriptedDetector(name)}).show(film(draw, seconds))


def row(count: int, *, apart: float = 0.08, from_s: float = 2, until_s: float = 1e9) -> Places:
    return lambda at_s: [(0.05 + apart * n, 0.4) for n in range(count)] if from_s <= at_s < until_s else []


def test_people_are_counted_and_told_on_change() -> None:
    people = watch(row(4, until_s=12), 18).of("camera.people")
    assert (people[0].phase, people[0].fields["people"]) == (Phase.BEGAN, 4)
    assert (people[-1].phase, people[-1].fields["people"]) == (Phase.ENDED, 0)
    assert len(people) <= 4


def test_a_number_that_stands_is_said_again_every_ten_seconds() -> None:
    people = watch(row(3), 26).of("camera.people")
    assert [one.fields["people"] for one in people] == [3, 3, 3]
    assert people[-1].fields["standing"] == 3


def test_who_is_not_named_in_some_looks_counts_all_the_time() -> None:
    """Each of five is unnamed in every fourth second, in turn."""
    people = watch(row(5), 24, unnamed=lambda at_s, who: round(at_s) % 4 == who % 4).of("camera.people")
    assert {one.fields["people"] for one in people[1:]} == {5}


def test_who_left_does_not_count_for_as_long_as_their_track_is_kept() -> None:
    """Three leave at 8 s; the number is right within the two seconds that it is the middle of."""
    people = watch(lambda at_s: row(4)(at_s) if at_s < 8 else row(1)(at_s), 14).of("camera.people")
    (changed,) = [one for one in people if one.fields["people"] == 1][:1]
    assert 8 < changed.at.second + changed.at.microsecond / 1e6 < 9.5


def test_a_post_that_is_unsurely_taken_for_a_person_does_not_count() -> None:
    def name(at_s: float) -> list[Detection]:
        sure = [Detection("person", 0.9, Box(0.2 + 0.04 * at_s, 0.4, W, H))]
        return [*sure, Detection("person", 0.55 if at_s % 1 == 0 else 0.35, Box(0.8, 0.4, W, H))]

    watcher = Watcher(detectors={"objects": ScriptedDetector(name)}).show(film(nothing, 8))
    assert [one.fields["people"] for one in watcher.of("camera.people")][-1] == 1


def test_ten_are_a_crowd_until_they_are_fewer_than_seven() -> None:
    def places(at_s: float) -> list[tuple[float, float]]:
        return list(row(10 if at_s < 16 else 8 if at_s < 20 else 6)(at_s))

    crowd = watch(places, 26).of("camera.crowd")
    assert [one.phase for one in crowd] == [Phase.BEGAN, Phase.GOES_ON, Phase.ENDED]
    assert crowd[0].fields["people"] == 10
    assert 20 < (crowd[-1].at - crowd[0].at).total_seconds() + crowd[0].at.second < 23


def test_nine_are_none() -> None:
    assert watch(row(9), 8).of("camera.crowd") == []


def test_who_stands_within_reach_of_somebody_is_close() -> None:
    """A row of four at a hand's breadth, then at twice a person's height."""
    near = watch(row(4, apart=0.05), 6).of("camera.people")
    far = watch(row(4, apart=0.2), 6).of("camera.people")
    assert (near[0].fields["close_together"], far[0].fields["close_together"]) == (4, 0)


def test_more_than_are_followed_are_counted_as_the_model_names_them() -> None:
    """120 people in a square; no more than 100 are followed."""
    square = [(0.02 + 0.048 * (n % 20), 0.02 + 0.162 * (n // 20)) for n in range(120)]
    people = watch(lambda _at_s: square, 4).of("camera.people")
    assert people[-1].fields["people"] == 120
