"""Claims about copies with things covered, on drawn videos."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from cameras.blurring.copying import Covering, copy_covered
from cameras.blurring.coverings import covering_of
from cameras.blurring.faces import FaceFinder, Rect
from cameras.errors import DamagedFileError, ModelError
from cameras.vision.objects.wheel_models import lacking
from config.community import Camera

SIZE = (240, 320)


class White:
    """Finds the white square, but not in every third picture."""

    def __init__(self) -> None:
        self.looks = 0

    def find(self, picture: np.ndarray) -> Sequence[Rect]:
        self.looks += 1
        ys, xs = np.nonzero(picture.min(axis=2) > 200)
        if len(xs) < 20 or self.looks % 3 == 0:
            return []
        return [(float(xs.min()), float(ys.min()), float(xs.max()) + 1, float(ys.max()) + 1)]


def draw(number: int) -> np.ndarray:
    """Grey, a fixed checkerboard at the left, and a white square with a black cross that walks to the right."""
    image = np.full((*SIZE, 3), 100, np.uint8)
    image[100:140, 20:60] = np.kron(np.indices((10, 10)).sum(axis=0) % 2, np.ones((4, 4)))[:, :, None] * 180
    x = 100 + 3 * number
    image[60:100, x : x + 40] = 255
    cv2.line(image, (x + 8, 68), (x + 32, 92), (0, 0, 0), 3)
    cv2.line(image, (x + 32, 68), (x + 8, 92), (0, 0, 0), 3)
    return image


def video(path: Path, pictures: int = 40, fps: int = 20) -> Path:
    with av.open(str(path), "w") as writer:
        stream = writer.add_stream("libx264", rate=fps, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = SIZE[1], SIZE[0], "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(pictures):
            frame = av.VideoFrame.from_ndarray(draw(number), format="bgr24")
            frame.pts, frame.time_base = number * 1000 // fps, Fraction(1, 1000)
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return path


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as reader:
        return [(float(frame.time or 0), frame.to_ndarray(format="bgr24")) for frame in reader.decode(video=0)]


def test_every_picture_has_it_covered_and_the_rest_as_it_was(tmp_path: Path) -> None:
    source = video(tmp_path / "a.mp4")
    finder = White()
    copied = copy_covered(source, tmp_path / "b.mp4", Covering([(finder, 0.1)], [], ["faces"]))
    before, after = pictures(source), pictures(tmp_path / "b.mp4")
    assert copied.pictures == copied.covered == len(before) == len(after) == 40
    assert copied.looks == finder.looks == 20  # every second one of twenty a second
    assert [at_s for at_s, _ in after] == pytest.approx([at_s for at_s, _ in before], abs=0.002)
    for number, ((_, was), (_, now)) in enumerate(zip(before, after, strict=True)):
        x = 100 + 3 * number
        assert was[66:94, x + 6 : x + 34].min() < 40  # the cross
        assert now[66:94, x + 6 : x + 34].min() > 45, number  # there is no cross in any
        assert np.abs(now[:50].astype(int) - was[:50]).max() < 12
        assert np.abs(now[110:, :80].astype(int) - was[110:, :80]).mean() < 4


def test_a_private_place_is_covered_in_every_picture(tmp_path: Path) -> None:
    source = video(tmp_path / "a.mp4", 10)
    window = [(20 / 320, 100 / 240), (60 / 320, 100 / 240), (60 / 320, 140 / 240), (20 / 320, 140 / 240)]
    copied = copy_covered(source, tmp_path / "b.mp4", Covering([], [window], ["windows"]))
    assert (copied.pictures, copied.covered) == (10, 0)
    for (_, was), (_, now) in zip(pictures(source), pictures(tmp_path / "b.mp4"), strict=True):
        assert np.ptp(was[104:136, 24:56].astype(int)) > 120
        assert np.ptp(now[104:136, 24:56].astype(int)) < 40
        assert np.abs(now[:, 80:].astype(int) - was[:, 80:]).mean() < 3


def test_a_copy_says_that_it_is_one_and_of_what(tmp_path: Path) -> None:
    source = video(tmp_path / "a.mp4", 5)
    copy_covered(source, tmp_path / "b.mp4", Covering([], [], ["faces", "windows"]))
    with av.open(str(tmp_path / "b.mp4")) as reader:
        assert reader.metadata["title"] == "Blurred copy, not the original"
        said = json.loads(reader.metadata["comment"])
        assert not reader.streams.audio
    assert said["blurred"] == ["faces", "windows"]
    assert said["original_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"nothing" * 100)
    with pytest.raises(DamagedFileError, match=r"a\.mp4"):
        copy_covered(tmp_path / "a.mp4", tmp_path / "b.mp4", Covering([], [], []))


def test_a_missing_network_covers_nothing_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"faces are not blurred.*hub models fetch"):
        covering_of({"faces"}, tmp_path, None)
    with pytest.raises(ModelError, match="number plates"):
        covering_of({"plates"}, tmp_path, None)


def test_only_the_private_zones_of_a_camera_are_windows(tmp_path: Path) -> None:
    points = [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]]
    zones = [{"id": use, "use": use, "points": points} for use in ("private", "lane", "ignore")]
    camera = Camera.model_validate({"id": "gate", "site": "yard", "url": "rtsp://h/1", "zones": zones})
    assert covering_of({"windows"}, tmp_path, camera).polygons == [((0.1, 0.1), (0.2, 0.1), (0.2, 0.2))]
    assert covering_of(set(), tmp_path, camera).polygons == []


def test_the_real_network_finds_a_drawn_face() -> None:
    """With the fetched model, where there is one: HUB_MODELS names its folder."""
    folder = os.environ.get("HUB_MODELS")
    if not folder or lacking(Path(folder)):
        pytest.skip("no fetched models: set HUB_MODELS to the folder of `hub models fetch`")
    finder = FaceFinder(Path(folder))
    picture = np.full((360, 640, 3), (150, 140, 130), np.uint8)
    assert finder.find(picture, least=0.5) == []
    face(picture, (320, 180), 60)
    found = finder.find(picture)
    assert any(left < 320 < right and top < 180 < low for left, top, right, low in found)


def face(picture: np.ndarray, at: tuple[int, int], size: int) -> None:
    """A drawn face: skin, hair, eyes with brows, nose and mouth, blurred as a lens does."""
    x, y = at
    cv2.ellipse(picture, (x, y - size // 4), (round(size * 0.85), round(size * 1.1)), 0, 0, 360, (30, 35, 45), -1)
    cv2.ellipse(picture, (x, y), (round(size * 0.72), size), 0, 0, 360, (130, 165, 215), -1)
    for side in (-1, 1):
        eye = (x + side * round(size * 0.3), y - round(size * 0.2))
        cv2.ellipse(picture, eye, (round(size * 0.15), round(size * 0.08)), 0, 0, 360, (240, 240, 240), -1)
        cv2.circle(picture, eye, round(size * 0.08), (30, 30, 40), -1)
        brow = (eye[0], eye[1] - round(size * 0.18))
        cv2.ellipse(picture, brow, (round(size * 0.2), round(size * 0.05)), 0, 0, 360, (40, 50, 70), -1)
    cv2.line(picture, (x, y - round(size * 0.1)), (x - round(size * 0.08), y + round(size * 0.2)), (95, 130, 180), 4)
    cv2.ellipse(
        picture, (x, y + round(size * 0.5)), (round(size * 0.28), round(size * 0.09)), 0, 0, 360, (80, 80, 180), -1
    )
    picture[:] = cv2.GaussianBlur(picture, (0, 0), 2)
