"""Claims about the tracker: who is who from look to look."""

from __future__ import annotations

import math

import pytest

from cameras.vision.detection import Detection
from cameras.vision.following.tracking import MOST_TRACKS, Track, Tracker
from hub.geometry import Box

ASPECT = 9 / 16


def box(x: float, y: float = 0.5, w: float = 0.05, h: float = 0.2) -> Box:
    return Box(x, y, w, h)


def follow(tracker: Tracker, looks: list[list[Detection]], step_s: float = 0.125) -> list[tuple[Track, ...]]:
    return [tracker.update(look, number * step_s, aspect=ASPECT).seen for number, look in enumerate(looks)]


def person(x: float, score: float = 0.8, y: float = 0.5) -> Detection:
    return Detection("person", score, box(x, y))


def test_two_people_who_pass_each_other_keep_their_names() -> None:
    looks = [[person(0.1 + 0.02 * n), person(0.9 - 0.02 * n, y=0.53)] for n in range(40)]
    seen = follow(Tracker(prefix="t"), looks)
    first, last = seen[2], seen[-1]
    assert {one.id for one in first} == {one.id for one in last}
    left = next(one.id for one in first if one.box.x < 0.5)
    assert next(one for one in last if one.id == left).box.x > 0.5


def test_an_unsure_detection_carries_a_track_and_never_starts_one() -> None:
    carried = follow(Tracker(prefix="t"), [[person(0.1 + 0.01 * n, 0.8 if n < 4 else 0.35)] for n in range(30)])
    assert len({one.id for seen in carried for one in seen}) == 1
    assert carried[-1]
    assert not any(follow(Tracker(prefix="t"), [[person(0.1, 0.35)]] * 30))


@pytest.mark.parametrize("step_s", [0.05, 0.125, 0.2, 0.5])
def test_a_car_that_crosses_is_one_track_at_any_rate(step_s: float) -> None:
    """A car of an eighth of the picture crosses it within four seconds, whatever the number of looks."""
    tracker = Tracker(prefix="t")
    looks = [[Detection("car", 0.8, box(0.25 * n * step_s, w=0.12, h=0.12))] for n in range(int(3.4 / step_s))]
    assert {one.id for seen in follow(tracker, looks, step_s) for one in seen} == {"t1"}


def test_the_label_is_voted_and_the_group_never_changes() -> None:
    labels = ["car", "truck", "car", "car", "truck", "car"]
    looks = [[Detection(label, 0.8, box(0.1 + 0.01 * n))] for n, label in enumerate(labels)]
    tracker = Tracker(prefix="t", group=lambda label: "vehicle" if label != "person" else label)
    assert follow(tracker, looks)[-1][0].label == "car"
    assert follow(tracker, [[person(0.16)]])[-1] == ()


def test_a_crowd_is_bounded() -> None:
    tracker = Tracker(prefix="t")
    crowd = [Detection("person", 0.9, box(n / 400, w=0.001, h=0.001)) for n in range(MOST_TRACKS + 50)]
    tracker.update(crowd, 0.0, aspect=ASPECT)
    assert len(tracker.tracks) == MOST_TRACKS


def test_a_track_ends_after_two_seconds_in_which_it_was_looked_for() -> None:
    tracker = Tracker(prefix="t")
    follow(tracker, [[person(0.1)]] * 8)
    assert tracker.update([], 10.0, aspect=ASPECT).ended == ()  # one look in ten seconds proves little
    assert tracker.update([], 10.1, aspect=ASPECT).ended == ()  # nor do two of one moment
    assert len(tracker.update([], 11.1, aspect=ASPECT).ended) == 1


@pytest.mark.parametrize("hidden_s", [0.5, 1.0, 1.5])
def test_who_is_hidden_for_a_moment_keeps_his_name(hidden_s: float) -> None:
    """Somebody walks behind a lorry at three of his sizes in two seconds."""
    looks = [[] if 2.0 <= n / 8 < 2.0 + hidden_s else [person(0.1 + 0.014 * n)] for n in range(48)]
    seen = follow(Tracker(prefix="t"), looks)
    assert {one.id for look in seen for one in look} == {"t1"}


def test_a_vehicle_that_drives_out_of_the_picture_is_where_it_was_seen() -> None:
    """What the picture cuts off shrinks faster than a smoothed box follows, and has come as far all the same."""
    looks = [[Detection("car", 0.8, Box(0.3, 0.6 + 0.03 * n, 0.2, 0.4).clipped())] for n in range(12)]
    tracker = Tracker(prefix="t")
    seen = follow(tracker, looks)
    assert seen[-1][0].box.y == pytest.approx(looks[-1][0].box.y, abs=0.001)
    left = math.sqrt(looks[-1][0].box.area * ASPECT)
    assert seen[-1][0].travelled * left == pytest.approx(0.33 * ASPECT, rel=0.1)
