"""The scenes of the demo: the same on every run, of a camera's size, and with what they promise in them."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest

from cameras.scenes.encoding import GROUP_S, SCENES, build_scenes, encode
from cameras.scenes.flames import Fire
from cameras.scenes.road import CRASH_S, LANE, VIEW
from cameras.scenes.view import FPS, HEIGHT_PX, WIDTH_PX


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_the_same_on_every_run(name: str) -> None:
    first, second = (list(itertools.islice(SCENES[name](np.random.default_rng(3)).frames(1.0), 3)) for _ in range(2))
    assert [picture.shape for picture in first] == [(HEIGHT_PX, WIDTH_PX, 3)] * 3
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert not np.array_equal(first[0], first[1]), "a real sensor never sends the same picture twice"


def test_a_scene_becomes_a_file_that_a_camera_could_send(tmp_path: Path) -> None:
    path = tmp_path / "house.mp4"
    seconds = 2 * GROUP_S
    encode(path, SCENES["house"](np.random.default_rng(3)).frames(seconds))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        keys = [packet.is_keyframe for packet in container.demux(stream) if packet.size]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", WIDTH_PX, HEIGHT_PX)
    assert len(keys) == seconds * FPS
    assert [number for number, is_key in enumerate(keys) if is_key] == [0, GROUP_S * FPS]


def test_scenes_are_drawn_once(tmp_path: Path) -> None:
    first = build_scenes(tmp_path, seconds=0.2)
    written = {path: path.stat().st_mtime_ns for path in first.values()}
    again = build_scenes(tmp_path, seconds=0.2)
    assert again == first
    assert {path: path.stat().st_mtime_ns for path in again.values()} == written
    assert sorted(tmp_path.iterdir()) == sorted(first.values()), "nothing half-written stays behind"


def test_the_lane_lies_in_the_picture_and_holds_the_crash() -> None:
    assert all(0.0 <= share <= 1.0 for point in LANE for share in point)
    x, y = VIEW.share(1.0, -1.2)
    left, right = min(point[0] for point in LANE), max(point[0] for point in LANE)
    top, bottom = min(point[1] for point in LANE), max(point[1] for point in LANE)
    assert left < x < right
    assert top < y < bottom


def test_the_crashed_cars_stand_still() -> None:
    """After the crash nothing big moves: the two cars keep their places."""
    scene = SCENES["road"](np.random.default_rng(3))
    pictures = list(scene.frames(CRASH_S + 3.0))
    early, before, after = (pictures[int(at_s * FPS)].astype(int) for at_s in (CRASH_S - 1, CRASH_S - 0.5, CRASH_S + 2))
    moving = np.abs(before - early).max(axis=2) > 60
    standing = np.abs(pictures[-1].astype(int) - after).max(axis=2) > 60
    assert moving[150:].mean() > 10 * standing[150:].mean()


def test_a_fire_flickers_within_seconds_and_grows() -> None:
    fire = Fire(np.random.default_rng(3))
    areas = np.array([(fire.heat(number / FPS, strength=0.6) > 0.3).mean() for number in range(5 * FPS)])
    turns = np.count_nonzero(np.diff(np.sign(np.diff(areas))))
    assert 1.0 <= turns / 2 / 5 <= FPS / 2
    assert (fire.heat(1.0, strength=1.0) > 0.3).mean() > 1.5 * (fire.heat(1.0, strength=0.2) > 0.3).mean()
