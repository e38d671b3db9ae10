"""A hostile stream is refused with the reason: pictures too large, packets too many, too much at once."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from cameras.streams.limits import MOST_PACKET_BYTES, MOST_PACKETS_S, MOST_SIDE_PX, Pace, too_large
from cameras.streams.packets import StreamInfo
from cameras.vision.decoding import Decoder


def test_pictures_of_the_largest_cameras_are_taken_and_larger_ones_not() -> None:
    assert too_large(8192, 8192) == ""
    assert "8193x100" in too_large(8193, 100)


def test_a_camera_may_send_what_cameras_send() -> None:
    pace = Pace(0.0)
    assert not any(pace.take(60_000, number / 120) for number in range(1, 5000))


def test_what_the_network_held_back_may_come_at_once() -> None:
    pace = Pace(0.0)
    assert not any(pace.take(20_000, 0.0) for _ in range(int(5 * MOST_PACKETS_S)))


@pytest.mark.parametrize(
    ("size_bytes", "each_s", "words"),
    [
        (10, 0.0001, "packets a second"),
        (2_000_000, 0.001, "MiB a second"),
        (MOST_PACKET_BYTES + 1, 1.0, "a packet of"),
        (MOST_PACKET_BYTES, 0.1, "MiB a second"),
    ],
)
def test_more_is_refused(size_bytes: int, each_s: float, words: str) -> None:
    pace = Pace(0.0)
    found = (pace.take(size_bytes, number * each_s) for number in range(1, 200_000))
    assert words in next(filter(None, found), "")


def test_a_picture_that_grows_within_a_stream_is_not_decoded() -> None:
    """What was announced says nothing of what comes."""
    side = MOST_SIDE_PX + 1024
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = side, side, "yuvj420p"
    encoder.time_base = Fraction(1, 10)
    frame = av.VideoFrame(side, side, "yuvj420p")
    for plane in frame.planes:
        plane.update(np.zeros(plane.buffer_size, dtype=np.uint8).tobytes())
    (packet,) = encoder.encode(frame) or encoder.encode(None)
    decoder = Decoder(StreamInfo("mjpeg", 640, 480, 10.0))
    assert decoder._pictures(lambda: decoder._context.decode(av.Packet(bytes(packet)))) == []
    assert decoder.take_broken() == 1
