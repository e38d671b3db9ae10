"""Claims about what a camera tells of its own view: tampering is told within 30 s, ordinary life is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.accuracy_synthetic.ordinary import ORDINARY
from benchmarks.accuracy_synthetic.pictures import FPS, Base, drawn, noisy
from benchmarks.accuracy_synthetic.tampering import TAMPERS
from benchmarks.accuracy_synthetic.trial import ordinary, tampered
from cameras.detectors.view import ViewDetector, ViewOptions
from cameras.scenes.view import Image
from cameras.vision.analysis import view_of
from cameras.vision.decoding import Frame
from cameras.vision.views.memory import ViewMemory
from cameras.vision.views.watching import ZONES_OUT_OF_PLACE
from config.community import ZoneUse
from hub.events import Phase
from tests.fakes.footage import START, Watcher, camera, zone

TOLD = ("covered: hand", "glare: torch")
NOT_TOLD = ("infra-red is switched on",)
"""A few of the set that `python -m benchmarks.accuracy_synthetic` is; its `--gate` holds the others in .ci/run."""


@pytest.fixture(scope="module")
def yard() -> Base:
    return drawn("yard")


@pytest.fixture(scope="module")
def elsewhere(yard: Base) -> Base:
    """Another scene, cheaply: the yard upside down."""
    return Base("elsewhere", [np.ascontiguousarray(yard.at(0.0)[::-1, ::-1])], clock=False)


@pytest.mark.parametrize("name", TOLD)
def test_tampering_is_told_within_30_s_and_is_over_afterwards(name: str, yard: Base, elsewhere: Base) -> None:
    tamper = next(one for one in TAMPERS if one.name == name)
    outcome = tampered(yard, elsewhere, tamper)
    assert outcome.told is not None
    assert outcome.told <= 30
    assert outcome.wrong == []
    assert outcome.ended


@pytest.mark.parametrize("name", NOT_TOLD)
def test_ordinary_life_is_not_told(name: str, yard: Base, elsewhere: Base) -> None:
    one = next(each for each in ORDINARY if each.name == name)
    assert ordinary(yard, elsewhere, one).wrong == []


def frames(base: Base, seconds: float, *, turned_s: tuple[float, float]) -> Iterator[Frame]:
    """The scene, turned by a fifth of the picture for a while, over 0.6 s."""
    random = np.random.default_rng(4)
    for number in range(round(seconds * FPS)):
        at_s = number / FPS
        image: Image = noisy(base.at(at_s), random, 2.0)
        if turned_s[0] <= at_s < turned_s[1]:
            way = round(min(1.0, (at_s - turned_s[0] + 0.2) / 0.6) * 0.2 * image.shape[1])
            image = np.asarray(cv2.copyMakeBorder(image[:, way:], 0, 0, 0, way, cv2.BORDER_REFLECT), np.uint8)
        yield Frame(image, START + timedelta(seconds=at_s), at_s, is_key=number % 10 == 0, number=number)


def test_zones_of_a_turned_camera_are_out_of_place_until_it_is_turned_back(yard: Base) -> None:
    lane = zone(ZoneUse.LANE)
    watcher = Watcher(lane, detectors={"view": ViewDetector(ViewOptions())})
    watcher.show(frames(yard, 100, turned_s=(30, 70)))
    assert [one.phase for one in watcher.of(ZONES_OUT_OF_PLACE)][::4] == [Phase.BEGAN, Phase.ENDED]
    assert {one.fields["zones"] for one in watcher.of(ZONES_OUT_OF_PLACE)} == {1}
    moved = watcher.of("camera.view_moved", Phase.BEGAN)[0]
    assert float(moved.fields["turned_across"]) == pytest.approx(-0.2, abs=0.03)


def test_a_stream_that_breaks_turns_no_camera_back(yard: Base) -> None:
    watcher = Watcher(zone(ZoneUse.LANE), detectors={"view": ViewDetector(ViewOptions())})
    watcher.show(frames(yard, 60, turned_s=(30, 99)))
    ended = watcher.analysis.reset(START + timedelta(seconds=60))
    assert {(one.kind, one.phase) for one in ended} == {
        ("camera.view_moved", Phase.ENDED),
        (ZONES_OUT_OF_PLACE, Phase.ENDED),
    }
    watcher.events.clear()
    watcher.show(frames(yard, 3, turned_s=(-9, 99)))
    assert len(watcher.of(ZONES_OUT_OF_PLACE, Phase.BEGAN)) == 1


def test_a_camera_that_is_steered_tells_no_turning(yard: Base) -> None:
    watcher = Watcher(detectors={"view": ViewDetector(ViewOptions(moved=False))})
    assert watcher.show(frames(yard, 70, turned_s=(30, 99))).events == []


def started(base: Base, folder: Path, *, view: str = "1", away: float = 0.0, seconds: float, begun_s: float) -> Watcher:
    """A worker's watcher that starts with what the folder holds and is shown the scene, turned by a share of it."""
    memory = ViewMemory(folder, "gate", view)
    watcher = Watcher(zone(ZoneUse.LANE), detectors={"view": ViewDetector(ViewOptions(), memory)})
    random = np.random.default_rng(int(begun_s))
    way = round(away * base.at(0.0).shape[1])

    def pictures() -> Iterator[Frame]:
        for number in range(round(seconds * FPS)):
            at_s = begun_s + number / FPS
            image = noisy(base.at(at_s), random, 2.0)
            image = np.asarray(cv2.copyMakeBorder(image[:, way:], 0, 0, 0, way, cv2.BORDER_REFLECT), np.uint8)
            yield Frame(image, START + timedelta(seconds=at_s), number / FPS, is_key=number % 10 == 0, number=number)

    return watcher.show(pictures())


def test_a_camera_turned_during_a_restart_is_told(yard: Base, tmp_path: Path) -> None:
    assert started(yard, tmp_path, seconds=24, begun_s=0).of("camera.view_moved") == []
    assert started(yard, tmp_path, seconds=20, begun_s=30).of("camera.view_moved") == []
    turned = started(yard, tmp_path, away=0.2, seconds=24, begun_s=60)
    assert len(turned.of("camera.view_moved", Phase.BEGAN)) == 1
    assert turned.of(ZONES_OUT_OF_PLACE)


def test_a_confirmed_view_is_learned_anew(yard: Base, tmp_path: Path) -> None:
    started(yard, tmp_path, seconds=24, begun_s=0)
    assert started(yard, tmp_path, view="2", away=0.2, seconds=24, begun_s=30).of("camera.view_moved") == []
    assert started(yard, tmp_path, view="2", away=0.2, seconds=24, begun_s=60).of("camera.view_moved") == []


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", None])
def test_a_damaged_memory_is_none(damage: bytes | None, yard: Base, tmp_path: Path) -> None:
    started(yard, tmp_path, seconds=24, begun_s=0)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    assert len(whole) < 1_000_000
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert started(yard, tmp_path, away=0.2, seconds=20, begun_s=30).events == []


def test_another_line_of_the_settings_makes_another_view() -> None:
    plain, confirmed, laned = camera(), camera(view=1), camera(zone(ZoneUse.LANE))
    assert len({view_of(each) for each in (plain, confirmed, laned)}) == 3
    assert view_of(plain) == view_of(camera(record=False))
