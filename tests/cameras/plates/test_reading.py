"""Claims about finding and straightening plates, and about what the networks' answers mean."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.errors import ModelError
from cameras.vision.objects.wheel_models import lacking
from cameras.vision.plates.finding import Found, decode
from cameras.vision.plates.loaded import PLATE_CLASSES, LoadedPlates, load_plates
from cameras.vision.plates.reading import characters_of, rows_of, straightened

CLASSES = ["", *"A1警"]


def answer(*steps: tuple[int, float]) -> np.ndarray:
    """A network's answer with one likeliest class a step."""
    out = np.full((len(steps), len(CLASSES)), 0.01, np.float32)
    for step, (number, weight) in enumerate(steps):
        out[step, number] = weight
    return out


def test_repeats_are_one_character_and_a_blank_parts_two() -> None:
    text, weights = characters_of(answer((1, 0.6), (1, 0.9), (0, 0.9), (1, 0.7), (2, 0.8), (3, 0.5)), CLASSES)
    assert text == "AA1警"
    assert weights == pytest.approx((0.9, 0.7, 0.8, 0.5))


def test_an_answer_of_blanks_is_no_character() -> None:
    assert characters_of(answer((0, 0.9), (0, 0.9)), CLASSES) == ("", ())


def test_the_plate_reader_knows_every_province_once() -> None:
    assert len(PLATE_CLASSES) == len(set(PLATE_CLASSES)) == 72


def raw(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An answer that finds nothing, for a picture of this size."""
    count = sum(-(-height // step) * -(-width // step) * 2 for step in (8, 16, 32))
    return np.zeros((count, 4), np.float32), np.zeros(count, np.float32), np.zeros((count, 8), np.float32)


def test_an_anchor_becomes_four_corners_in_their_order() -> None:
    places, scores, corners = raw(64, 96)
    number = (2 * 12 + 3) * 2  # row 2, column 3 of the finest grid, its smaller anchor: centre (28, 20), side 24
    scores[number] = 0.9
    # Lower right, lower left, upper left, upper right, in tenths of the anchor's side.
    corners[number] = (5, 2, -5, 2, -5, -2, 5, -2)
    (found,) = decode(places, scores, corners, size_px=(64, 96), least=0.5)
    assert found.score == pytest.approx(0.9)
    assert found.corners.tolist() == pytest.approx(np.array([[16, 15.2], [40, 15.2], [40, 24.8], [16, 24.8]]), abs=1e-3)
    assert (found.width_px, found.height_px) == pytest.approx((24, 9.6), abs=1e-3)
    assert found.bounds == pytest.approx((16, 15.2, 40, 24.8), abs=1e-3)


def test_a_plate_seen_by_two_anchors_is_one_and_what_is_unsure_is_none() -> None:
    places, scores, corners = raw(64, 96)
    number = (2 * 12 + 3) * 2
    scores[[number, number + 2]] = 0.8, 0.9
    places[number + 2, 0] = -10 * 8 / 24  # eight pixels back: the same place
    scores[number + 40] = 0.3
    assert [round(one.score, 1) for one in decode(places, scores, corners, size_px=(64, 96), least=0.5)] == [0.9]


def plate(corners: list[tuple[float, float]]) -> Found:
    return Found(1.0, np.array(corners, np.float32))


def test_a_wide_plate_has_one_row_and_a_narrow_one_may_have_two() -> None:
    assert rows_of(plate([(0, 0), (44, 0), (44, 14), (0, 14)])) == (1,)
    assert rows_of(plate([(0, 0), (44, 0), (44, 22), (0, 22)])) == (1, 2)


def test_a_plate_seen_from_aside_is_laid_flat() -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    corners = np.array([(60, 40), (200, 80), (190, 130), (50, 90)], np.float32)
    cv2.fillConvexPoly(picture, corners.astype(np.int32), (200, 60, 30))
    flat = straightened(picture, corners)
    assert flat.shape[0] == 64
    assert flat.shape[1] == pytest.approx(64 * np.hypot(140, 40) / np.hypot(10, 50), abs=2)
    inner = flat[6:-6, 6:-6].reshape(-1, 3)
    assert np.ptp(inner, axis=0).max() <= 2


def test_two_rows_are_laid_side_by_side() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[10:43, 20:180] = 80
    picture[45:90, 20:180] = 220
    line = straightened(picture, np.array([(20, 10), (180, 10), (180, 90), (20, 90)], np.float32), rows=2)
    upper = round(64 * 2 * 0.5)
    assert line.shape == (48, 3 * upper, 3)
    assert np.median(line[:, :upper]) == 80
    assert np.median(line[:, upper:]) == 220


def test_a_plate_at_the_edge_of_the_picture_is_straightened_all_the_same() -> None:
    picture = np.full((50, 80, 3), 90, np.uint8)
    flat = straightened(picture, np.array([(-30, -5), (60, -5), (60, 20), (-30, 20)], np.float32), margin=0.1)
    assert flat.min() == flat.max() == 90


def test_without_the_models_it_says_what_to_run(tmp_path: Path) -> None:
    loaded = LoadedPlates(tmp_path)
    assert loaded.networks is None
    assert "hub models fetch" in (loaded.trouble or "")
    with pytest.raises(ModelError, match="hub models fetch"):
        load_plates(tmp_path)


def test_broken_models_are_trouble_and_no_crash(tmp_path: Path) -> None:
    from cameras.vision.objects.wheel_models import FOR_PLATES

    for one in FOR_PLATES:
        (tmp_path / one.file).write_bytes(b"no model")
    loaded = LoadedPlates(tmp_path)
    assert loaded.networks is None
    assert "cannot be loaded" in (loaded.trouble or "")


def fetched() -> Path:
    """The fetched models, where there are some: HUB_MODELS names their folder."""
    folder = os.environ.get("HUB_MODELS")
    if not folder or lacking(Path(folder)):
        pytest.skip("no fetched models: set HUB_MODELS to the folder of `hub models fetch`")
    return Path(folder)


def test_the_real_networks_read_a_drawn_plate() -> None:
    """Black print on white, as on a military vehicle: it has no character that OpenCV cannot draw."""
    networks = load_plates(fetched())
    picture = np.full((480, 640, 3), 70, np.uint8)
    picture[220:290, 200:420] = 240
    cv2.putText(picture, "VA-30093", (210, 274), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 20), 4, cv2.LINE_AA)
    drawn = plate([(200, 220), (420, 220), (420, 290), (200, 290)])
    reads = networks.read(picture, drawn)
    assert len(reads) == 6
    assert any(one.text.replace("-", "") == "VA30093" for one in reads)
