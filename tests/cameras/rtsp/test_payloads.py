"""Pictures and sound out of RTP packets, where cameras are odd and lines are bad."""

from __future__ import annotations

import struct

import pytest

from cameras.streams.rtsp.h264 import H264Pictures
from cameras.streams.rtsp.h265 import H265Pictures
from cameras.streams.rtsp.rtp import Track
from cameras.streams.rtsp.sdp import AacFraming
from cameras.streams.rtsp.sounds import AacSounds

CODE = b"\0\0\0\1"
SPS, PPS = b"\x67\x42\x00\x0a\xf8\x41\xa2", b"\x68\xce\x38\x80"
KEY, OTHER, SECOND_SLICE = b"\x65\x88\x80\x10", b"\x41\x9a\x02\x05", b"\x41\x5a\x02\x05"
RECOVERY, OTHER_SEI = b"\x06\x06\x01\xc4\x80", b"\x06\x05\x02\xaa\xbb\x80"


class Taken:
    """A track and the pictures that came of it."""

    def __init__(self, kind: type[H264Pictures | H265Pictures] = H264Pictures) -> None:
        self.pictures: list[tuple[int, bytes, bool]] = []
        self.track = Track(96, 90_000, kind(lambda time, data, key: self.pictures.append((time, bytes(data), key))))
        self.number = 65_530

    def send(self, payload: bytes, time: int, *, marker: bool = False, lose: int = 0, head: int = 0x80) -> None:
        self.number = (self.number + 1 + lose) & 0xFFFF
        packet = struct.pack(">BBHII", head, 0x80 * marker | 96, self.number, time & 0xFFFFFFFF, 1) + payload
        self.track.take(memoryview(packet), 0, len(packet))

    @property
    def data(self) -> list[bytes]:
        return [data for _, data, _ in self.pictures]

    @property
    def keys(self) -> list[bool]:
        return [key for _, _, key in self.pictures]


def test_parameter_sets_go_with_their_picture_whatever_is_marked() -> None:
    taken = Taken()
    taken.send(SPS, 0, marker=True)
    taken.send(PPS, 0, marker=True)
    taken.send(KEY, 10, marker=True)
    taken.send(OTHER, 20, marker=True)
    assert taken.data == [CODE + SPS + CODE + PPS + CODE + KEY, CODE + OTHER]
    assert taken.keys == [True, False]


def test_without_marks_a_picture_ends_where_the_next_begins() -> None:
    taken = Taken()
    for time in (0, 10, 20):
        taken.send(OTHER, time)
        taken.send(SECOND_SLICE, time)
    assert taken.data == [CODE + OTHER + CODE + SECOND_SLICE] * 2


def test_marks_on_each_slice_are_believed_once() -> None:
    taken = Taken()
    for time in (0, 10, 20, 30):
        taken.send(OTHER, time, marker=True)
        taken.send(SECOND_SLICE, time, marker=True)
    assert taken.data[0] == CODE + OTHER
    assert taken.data[2:] == [CODE + OTHER + CODE + SECOND_SLICE] * 2


def test_several_units_in_a_packet_and_several_sent_as_one() -> None:
    taken = Taken()
    packed = b"".join(len(nal).to_bytes(2, "big") + nal for nal in (SPS, PPS, KEY))
    taken.send(b"\x78" + packed, 0, marker=True)
    taken.send(SPS + CODE + PPS + CODE + KEY, 10, marker=True)
    assert taken.data == [CODE + SPS + CODE + PPS + CODE + KEY] * 2
    assert taken.keys == [True, True]


def test_parts_are_put_together_and_torn_ones_left_out() -> None:
    body = bytes(range(1, 100))
    parts = [b"\x7c\x85" + body[:40], b"\x7c\x05" + body[40:80], b"\x7c\x45" + body[80:]]
    taken = Taken()
    for part in parts:
        taken.send(part, 0, marker=part is parts[-1])
    assert taken.pictures == [(0, CODE + b"\x65" + body, True)]
    taken.send(parts[0], 10)
    taken.send(parts[2], 10, marker=True, lose=1)
    taken.send(OTHER, 20, marker=True)
    assert taken.data[1:] == [CODE + OTHER]
    assert taken.track.lost == 1
    assert taken.track.payloads.damaged == 1


def test_what_is_whole_of_a_torn_picture_is_kept() -> None:
    taken = Taken()
    taken.send(OTHER, 0)
    taken.send(b"\x5c\x81" + b"abc", 0)
    taken.send(OTHER, 10, marker=True, lose=2)
    assert taken.data == [CODE + OTHER] * 2
    assert taken.track.lost == 2


@pytest.mark.parametrize(("before", "is_key"), [(RECOVERY, True), (OTHER_SEI, False)])
def test_a_recovery_point_is_a_key_picture(before: bytes, *, is_key: bool) -> None:
    taken = Taken()
    taken.send(before, 0)
    taken.send(OTHER, 0, marker=True)
    taken.send(OTHER, 10, marker=True)
    assert taken.keys == [is_key, False]


def test_of_h265_each_of_its_key_kinds_is_one() -> None:
    taken = Taken(H265Pictures)
    for kind in (1, 16, 19, 21, 23, 24):
        taken.send(bytes((kind << 1, 1, 0x80, 7)), kind, marker=True)
    assert taken.keys == [False, True, True, True, True, False]


def test_numbers_and_times_turn_over() -> None:
    taken = Taken()
    times = [(1 << 32) - 9000 + 9000 * step for step in range(12)]
    for time in times:
        taken.send(OTHER, time, marker=True)
    assert [time for time, _, _ in taken.pictures] == times
    assert taken.track.lost == 0


def test_pictures_that_change_places_keep_their_times() -> None:
    taken = Taken()
    times = [(1 << 32) - 100, (1 << 32) + 300, (1 << 32) - 50, (1 << 32) + 100]
    for time in times:
        taken.send(OTHER, time, marker=True)
    assert [time for time, _, _ in taken.pictures] == times


def test_padding_sources_and_extensions_are_no_part_of_the_picture() -> None:
    taken = Taken()
    taken.send(OTHER + b"\0\0\3", 0, marker=True, head=0xA0)
    taken.send(b"srce" + OTHER, 10, marker=True, head=0x81)
    taken.send(b"\xab\xac\x00\x01wide" + OTHER, 20, marker=True, head=0x90)
    taken.send(b"\xab\xac\xff\xff" + OTHER, 30, marker=True, head=0x90)
    taken.send(OTHER + b"\xff", 40, marker=True, head=0xA0)
    assert taken.data == [CODE + OTHER] * 3
    assert taken.track.damaged == 2


def test_sound_that_is_larger_than_a_packet_is_put_together() -> None:
    told: list[tuple[int, bytes]] = []
    sounds = AacSounds(lambda time, data: told.append((time, data)), AacFraming(13, 3, 3))

    def take(payload: bytes, time: int, *, lost: bool = False) -> None:
        sounds.take(memoryview(payload), (0, len(payload)), time=time, marker=True, lost=lost)

    header = struct.pack(">HH", 16, 6 << 3)
    take(header + b"abc", 5)
    take(header + b"def", 5)
    take(struct.pack(">HHH", 32, 2 << 3, 3 << 3) + b"ghijk", 9)
    take(header + b"abc", 11)
    take(header + b"def", 13, lost=True)
    assert told == [(5, b"abcdef"), (9, b"gh"), (9 + 1024, b"ijk")]


def test_reports_tell_what_belongs_together() -> None:
    taken = Taken()
    taken.send(OTHER, 90_000, marker=True)
    report = struct.pack(">BBHIIIIII", 0x80, 200, 6, 1, 1000, 1 << 31, 90_000 + 45_000, 0, 0)
    assert taken.track.wall_s(90_000) is None
    taken.track.report(memoryview(report), 0, len(report))
    assert taken.track.wall_s(90_000) == pytest.approx(1000.0)
