"""Private places in single pictures: filled in the newest, in those of Events, and in those out of recordings."""

from __future__ import annotations

import queue
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.link import PictureTaken, PictureWanted
from cameras.running.pictures import Pictures
from cameras.vision.decoding import Picture
from cameras.vision.stills import Stills
from config.zones import ZoneUse, private_places
from hub.events import Event, Phase
from tests.fakes.footage import zone
from tests.fakes.recordings import footage, write_segment

AT = datetime(2026, 3, 1, 3, tzinfo=UTC)
WINDOW = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
GREY = 96


def picture(stream_s: float = 0.0) -> Picture:
    white = np.full((240, 320, 3), 255, np.uint8)
    return Picture(AT + timedelta(seconds=stream_s), stream_s, True, 0, av.VideoFrame.from_ndarray(white, "bgr24"))


def shown(jpeg: bytes) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def is_hidden(jpeg: bytes) -> bool:
    image = shown(jpeg).astype(int)
    half = image.shape[1] // 2
    return bool(np.abs(image[:, half + 8 :] - GREY).max() < 12)


def test_only_private_zones_are_hidden() -> None:
    zones = [zone(use, WINDOW) for use in ZoneUse]
    assert private_places(zones) == (WINDOW,)


def test_the_newest_picture_and_that_of_an_event_show_no_private_place() -> None:
    stills = Stills((WINDOW,))
    stills.show(picture())
    began = Event("e1", "camera.person", AT, AT, "gate", "objects", phase=Phase.BEGAN)
    stills.keep_for([began])
    newest, kept = stills.newest(), stills.of_event("e1")
    assert newest is not None
    assert kept is not None
    assert is_hidden(newest.jpeg)
    assert is_hidden(kept.jpeg)
    assert (shown(newest.jpeg)[:, :140] > 240).all()  # the rest of it is as it was


def test_a_place_that_is_drawn_later_is_hidden_from_then_on() -> None:
    stills = Stills()
    stills.show(picture())
    before = stills.newest()
    stills.private = (WINDOW,)
    after = stills.newest()
    assert before is not None
    assert after is not None
    assert not is_hidden(before.jpeg)
    assert is_hidden(after.jpeg)


def test_a_picture_out_of_a_recording_shows_no_private_place(tmp_path: Path) -> None:
    form, samples = footage(2)
    segment = write_segment(tmp_path, AT, form, samples)
    answers: queue.Queue[PictureTaken] = queue.Queue()
    pictures = Pictures({segment.disk: tmp_path}, answers.put)
    pictures.start()
    parts = ((0, segment.init_bytes), *((mark.offset, mark.size_bytes) for mark in segment.marks))
    try:
        for private in ((), (WINDOW,)):
            pictures.want(PictureWanted(1, segment.disk, segment.path, parts, (500,), None, private))
        open_, hidden = (answers.get(timeout=10).jpegs[0] for _ in range(2))
    finally:
        pictures.stop()
    assert open_ is not None
    assert hidden is not None
    assert not is_hidden(open_)
    assert is_hidden(hidden)
