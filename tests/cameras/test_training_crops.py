"""What the fire verifier learns from: crops show what their labels say, and nothing of what is held back."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.training import drawing, pictures
from cameras.training.crops import SIDE_PX, Cutter, cut_around, cut_negative, labels, square, worn
from cameras.training.pictures import Example, Pool, origin_of, read_examples
from hub.geometry import Box

FLAME = (40, 140, 250)


def _picture(seed: int = 1) -> np.ndarray:
    """A grey room with some texture, (240, 320, 3)."""
    rng = np.random.default_rng(seed)
    return rng.integers(80, 130, (240, 320, 3)).astype(np.uint8)


def _burning(box: Box, *, smoke_known: bool = True) -> Example:
    image = _picture()
    left, top = int(box.x * 320), int(box.y * 240)
    image[top : int((box.y + box.h) * 240), left : int((box.x + box.w) * 320)] = FLAME
    return Example(image, (box,), (), smoke_known, smoky=False, origin="a")


def _plain(origin: str = "b") -> Example:
    return Example(_picture(2), (), (), smoke_known=True, smoky=False, origin=origin)


def test_a_crop_around_a_fire_shows_it() -> None:
    example = _burning(Box(0.6, 0.5, 0.1, 0.2))
    rng = np.random.default_rng(3)
    for _ in range(50):
        crop = cut_around(example, example.fires, rng)
        assert crop.image.shape == (SIDE_PX, SIDE_PX, 3)
        assert crop.fire == 1
        assert (np.abs(crop.image.astype(int) - FLAME).sum(axis=2) < 30).mean() > 0.01


def test_a_negative_holds_nothing_of_the_fire() -> None:
    example = _burning(Box(0.4, 0.4, 0.2, 0.2))
    rng = np.random.default_rng(4)
    found = [crop for crop in (cut_negative(example, rng) for _ in range(60)) if crop is not None]
    assert found
    for crop in found:
        assert crop.fire == 0
        assert (np.abs(crop.image.astype(int) - FLAME).sum(axis=2) < 30).mean() < 0.001


@pytest.mark.parametrize(
    ("seen", "fire"),
    [
        (Box(0.0, 0.0, 1.0, 1.0), 1),
        (Box(0.55, 0.55, 0.1, 0.1), 1),  # wholly inside the fire
        (Box(0.0, 0.0, 0.3, 0.3), 0),
        (Box(0.0, 0.0, 0.51, 0.51), None),  # its edge only
    ],
)
def test_a_label_is_known_only_where_the_fire_is_seen_well_or_not_at_all(seen: Box, fire: int | None) -> None:
    assert labels(_burning(Box(0.5, 0.5, 0.3, 0.3)), seen)[0] == fire


def test_smoke_is_unknown_where_nobody_drew_it() -> None:
    whole = Box(0.0, 0.0, 1.0, 1.0)
    assert labels(_burning(Box(0.5, 0.5, 0.3, 0.3), smoke_known=False), whole) == (1, None)
    assert labels(_plain(), whole) == (0, 0)


def test_a_fire_too_small_for_the_crop_is_unknown() -> None:
    assert labels(_burning(Box(0.5, 0.5, 0.05, 0.05)), Box(0.0, 0.0, 1.0, 1.0))[0] is None


def test_a_square_at_the_edge_is_moved_into_the_picture() -> None:
    image, seen = square(_picture(), (2.0, 2.0), 100.0)
    assert image.shape == (SIDE_PX, SIDE_PX, 3)
    assert (seen.x, seen.y) == (0.0, 0.0)
    assert seen.w == pytest.approx(100 / 320)


def test_a_cutter_gives_all_kinds_and_the_same_ones_again() -> None:
    examples = [_burning(Box(0.4, 0.4, 0.2, 0.3)), _plain()]
    smoke = Example(_picture(5), (), (Box(0.1, 0.1, 0.5, 0.5),), smoke_known=True, smoky=True, origin="c")
    crops = [Cutter([*examples, smoke], np.random.default_rng(6)).crop() for _ in range(1)]
    again = Cutter([*examples, smoke], np.random.default_rng(6)).crop()
    assert np.array_equal(crops[0].image, again.image)
    cutter = Cutter([*examples, smoke], np.random.default_rng(7))
    kinds = Counter((crop.fire, crop.smoke) for crop in (cutter.crop() for _ in range(150)))
    assert kinds[1, 0] > 10
    assert kinds[0, 1] > 10
    assert kinds[0, 0] > 30


def test_wear_keeps_form_and_type() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        image = worn(np.full((SIDE_PX, SIDE_PX, 3), 127, np.uint8), rng)
        assert image.shape == (SIDE_PX, SIDE_PX, 3)
        assert image.dtype == np.uint8
        assert 20 < image.mean() < 220


@pytest.mark.parametrize(
    "draw",
    [
        drawing.with_lamps,
        drawing.with_glints,
        drawing.with_clothes,
        drawing.with_cones,
        drawing.with_planks,
        drawing.with_words,
        drawing.with_shadow,
        drawing.with_veil,
        drawing.with_grey,
    ],
)
def test_what_is_drawn_changes_the_picture_and_not_its_form(draw: object) -> None:
    image = cv2.resize(_picture(), (SIDE_PX, SIDE_PX))
    assert callable(draw)
    rng = np.random.default_rng(9)
    drawn = [draw(image, rng) for _ in range(5)]
    assert all(each.shape == image.shape and each.dtype == np.uint8 for each in drawn)
    assert any(not np.array_equal(each, image) for each in drawn)


def test_drawn_smoke_says_how_much_it_covers() -> None:
    image = cv2.resize(_picture(), (SIDE_PX, SIDE_PX))
    rng = np.random.default_rng(10)
    found = [drawing.with_smoke(image, rng) for _ in range(20)]
    assert all(0.0 <= share <= 1.0 for _, share in found)
    thick = max(found, key=lambda each: each[1])
    assert thick[1] > 0.3
    assert np.abs(thick[0].astype(int) - image).mean() > 10


def test_a_flame_is_cut_out_by_its_colour_and_put_elsewhere() -> None:
    part = np.full((40, 40, 3), 60, np.uint8)
    cv2.ellipse(part, (20, 20), (8, 15), 0, 0, 360, FLAME, -1)
    alpha = drawing.flame_of(part)
    assert alpha is not None
    assert alpha[20, 20] > 0.9
    assert alpha[2, 2] == 0.0
    image, share = drawing.with_flame(np.zeros((160, 160, 3), np.uint8), part, alpha, np.random.default_rng(11))
    assert share > 0.0
    assert image[..., 2].max() > 200
    assert drawing.flame_of(np.full((40, 40, 3), 60, np.uint8)) is None


def test_a_long_video_counts_for_less_than_its_frames() -> None:
    pool = Pool([*[_plain("video")] * 100, _plain("alone")])
    rng = np.random.default_rng(12)
    alone = sum(pool.draw(rng).origin == "alone" for _ in range(2000))
    assert 100 < alone < 300


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        ("set: train/images/FireVid29_mp4-12_jpg.rf.0123456789abcdef.jpg", "set: train/images/firevid29_mp4"),
        ("set: train/images/img (85).jpg", "set: train/images/img/2"),
        ("set: train/images/img (79).jpg", "set: train/images/img/1"),
        ("some/repository", "some/repository"),
    ],
)
def test_frames_of_one_video_have_one_origin(source: str, origin: str) -> None:
    assert origin_of(source) == origin


def _write(folder: Path, name: str, rows: list[list[str]]) -> None:
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def test_only_what_the_licences_allow_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen.csv"
    seen.write_text("collection,first,last,seen\nfirenet,1,1,unclear\nfirenet,2,3,no smoke\n", encoding="utf-8")
    monkeypatch.setattr(pictures, "SEEN", seen)
    files = [f"images/{which}.jpg" for which in ("firenet/0000", "firenet/0001", "firenet/0002", "other/0000")]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), _picture())
    _write(tmp_path, "manifest.csv", [["file", "source"], *[[name, f"web/{name}"] for name in files]])
    _write(tmp_path, "labels.csv", [["file", "label"], *[[name, "fire"] for name in files]])
    boxes = [[name, "fire", "0.5", "0.5", "0.2", "0.2"] for name in files]
    _write(tmp_path, "boxes.csv", [["file", "label", "cx", "cy", "w", "h"], *boxes])
    learned, held = read_examples(tmp_path, 0.0)
    assert held == []
    assert [example.smoke_known for example in learned] == [False, True]
    assert read_examples(tmp_path, 1.1)[0] == []
