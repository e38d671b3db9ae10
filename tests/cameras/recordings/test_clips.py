"""Clips: joined from real segments, judged by ffprobe and by decoding every picture."""

from __future__ import annotations

import functools
import io
import itertools
import json
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cameras.errors import DamagedFileError, FormatChangesError, MediaGoneError, NothingRecordedError
from cameras.recordings.media import Because, Segment
from cameras.recordings.playback.clips import CLIP_UUID, Clip, clip_of, playable
from cameras.recordings.playback.spans import groups_of, runs_of
from tests.fakes.recordings import FPS, footage, number_in, write_segment

BEGAN = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
FFPROBE = shutil.which("ffprobe")


def _at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def _record(folder: Path, *lengths_s: int, sound: str | None = None, gap_s: int = 0) -> list[Segment]:
    """Segments one behind the other, whose pictures are numbered on."""
    found, at_s, first = [], 0, 0
    for length_s in lengths_s:
        form, samples = footage(length_s, first=first, sound=sound)
        found.append(write_segment(folder, _at(at_s), form, samples))
        at_s += length_s + gap_s
        first += length_s * FPS
    return found


def _clip(folder: Path, segments: Sequence[Segment], start_s: float, end_s: float) -> Clip:
    return clip_of(segments, lambda segment: folder / segment.path, _at(start_s), _at(end_s))


def _bytes(clip: Clip) -> bytes:
    return b"".join(clip.file.read())


def _numbers(data: bytes) -> list[int]:
    with av.open(io.BytesIO(data)) as source:
        return [number_in(frame.to_ndarray(format="rgb24")) for frame in source.decode(video=0)]


def _probe(path: Path) -> Any:
    assert FFPROBE is not None
    what = ["-show_entries", "stream=codec_type,nb_read_packets:format=duration:packet=stream_index,dts_time"]
    done = subprocess.run(
        [FFPROBE, "-v", "warning", "-of", "json", "-count_packets", "-show_packets", *what, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


def test_a_clip_over_a_border_shows_every_picture_once(tmp_path: Path) -> None:
    segments = _record(tmp_path, 6, 6, 4)
    clip = _clip(tmp_path, segments, 4, 13)
    assert _numbers(_bytes(clip)) == list(range(40, 130))
    assert [(each.at_ms, each.duration_ms) for each in clip.taken] == [(0, 2000), (2000, 6000), (8000, 1000)]


@pytest.mark.parametrize("start_s", [2.0, 2.4, 3.9])
def test_the_first_picture_is_the_key_picture_before_the_start(tmp_path: Path, start_s: float) -> None:
    segments = _record(tmp_path, 6)
    assert _numbers(_bytes(_clip(tmp_path, segments, start_s, 5)))[0] == 20


@pytest.mark.skipif(FFPROBE is None, reason="no ffprobe on this machine (apt-get install ffmpeg)")
@pytest.mark.parametrize("sound", [None, "aac", "pcm_alaw"])
def test_ffprobe_takes_a_joined_clip_without_a_word(tmp_path: Path, sound: str | None) -> None:
    segments = _record(tmp_path / "disk", 6, 4, 6, sound=sound)
    clip = _clip(tmp_path / "disk", segments, 3, 14)
    path = tmp_path / "clip.mp4"
    path.write_bytes(_bytes(clip))
    probed = _probe(path)
    assert float(probed["format"]["duration"]) == pytest.approx(clip.duration_ms / 1000, abs=0.15)
    assert len(probed["streams"]) == (1 if sound is None else 2)
    assert probed["streams"][0]["nb_read_packets"] == "120"
    for stream in range(len(probed["streams"])):
        times = [float(each["dts_time"]) for each in probed["packets"] if each["stream_index"] == stream]
        assert times == sorted(set(times)), "times that stand still or go back"
        steps = [after - before for before, after in itertools.pairwise(times)]
        assert max(steps) < 0.2, "a hole at a border"


def test_a_gap_is_left_out_and_said(tmp_path: Path) -> None:
    segments = _record(tmp_path, 4, 4, gap_s=60)
    clip = _clip(tmp_path, segments, 0, 100)
    data = _bytes(clip)
    assert _numbers(data) == list(range(80))
    assert [each.began for each in clip.taken] == [BEGAN, _at(64)]
    place = data.index(CLIP_UUID)
    words = json.loads(data[place + 16 : place - 8 + int.from_bytes(data[place - 8 : place - 4], "big")])
    assert [(each["at_ms"], each["began"]) for each in words["taken"]] == [
        (0, "2026-05-04T06:00:00.000000Z"),
        (4000, "2026-05-04T06:01:04.000000Z"),
    ]
    assert words["camera"] == "cam-1"


def test_an_open_segment_is_part_of_a_clip_up_to_its_last_whole_fragment(tmp_path: Path) -> None:
    form, samples = footage(6)
    segment = write_segment(tmp_path, BEGAN, form, samples, closed=False, torn_bytes=300)
    assert segment.is_open
    assert _numbers(_bytes(_clip(tmp_path, [segment], 0, 60))) == list(range(60))


def test_another_form_is_refused_with_the_spans_that_can_be_had(tmp_path: Path) -> None:
    segments = _record(tmp_path, 4)
    form, samples = footage(4, width=160)
    segments.append(write_segment(tmp_path, _at(4), form, samples, because=Because.FORMAT))
    with pytest.raises(FormatChangesError) as refused:
        _clip(tmp_path, segments, 1, 7)
    assert refused.value.spans == ((_at(1), _at(4)), (_at(4), _at(7)))
    for start, end in refused.value.spans:
        clip_of(segments, lambda segment: tmp_path / segment.path, start, end)


def test_nothing_recorded_is_said(tmp_path: Path) -> None:
    segments = _record(tmp_path, 4)
    with pytest.raises(NothingRecordedError):
        _clip(tmp_path, segments, 4, 9)
    with pytest.raises(NothingRecordedError):
        _clip(tmp_path, [], 0, 9)


def test_h265_is_joined_like_h264(tmp_path: Path) -> None:
    found = []
    for at_s in (0, 4):
        form, samples = footage(4, first=at_s * FPS, codec="hevc")
        found.append(write_segment(tmp_path, _at(at_s), form, samples))
    assert _numbers(_bytes(_clip(tmp_path, found, 0, 8))) == list(range(80))


@functools.lru_cache(maxsize=1)
def _known(folder: str) -> tuple[Clip, bytes]:
    segments = _record(Path(folder), 4, 4, sound="aac")
    clip = _clip(Path(folder), segments, 0, 8)
    return clip, _bytes(clip)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("disk"))


@given(start=st.integers(0, 90_000), length=st.integers(1, 90_000))
@settings(max_examples=80, deadline=None)
def test_any_stretch_of_a_clip_is_the_same_as_of_the_whole(folder: str, start: int, length: int) -> None:
    clip, whole = _known(folder)
    assert len(whole) == clip.file.size_bytes
    assert b"".join(clip.file.read(start, start + length)) == whole[start : start + length]


def test_the_etag_is_of_the_bytes(tmp_path: Path) -> None:
    segments = _record(tmp_path, 6)
    tags = [_clip(tmp_path, segments, *span).file.etag for span in ((0, 4), (0, 4), (2, 4), (0, 6))]
    assert tags[0] == tags[1]
    assert len(set(tags)) == 3


def test_sound_can_be_left_out_without_a_byte_more_or_less(tmp_path: Path) -> None:
    form, samples = footage(4, sound="pcm_alaw")
    segment = write_segment(tmp_path, BEGAN, form, samples)
    run = runs_of([segment], BEGAN, _at(4))[0]
    silent = b"".join(playable(run, tmp_path / segment.path, sound=False).read())
    whole = b"".join(playable(run, tmp_path / segment.path).read())
    with av.open(io.BytesIO(silent)) as source:
        assert [stream.type for stream in source.streams] == ["video"]
    with av.open(io.BytesIO(whole)) as source:
        assert [stream.type for stream in source.streams] == ["video", "audio"]
    assert _numbers(silent) == _numbers(whole) == list(range(40))


def test_a_file_that_goes_meanwhile_ends_the_reading(tmp_path: Path) -> None:
    segments = _record(tmp_path, 4, 4)
    clip = _clip(tmp_path, segments, 0, 8)
    reading = clip.file.read()
    next(reading)
    (tmp_path / segments[1].path).unlink()
    with pytest.raises(MediaGoneError):
        list(reading)
    (tmp_path / segments[0].path).write_bytes(bytes(100_000))
    with pytest.raises(DamagedFileError):
        list(clip.file.read())


def test_groups_begin_with_key_pictures(tmp_path: Path) -> None:
    marks = _record(tmp_path, 10)[0].marks
    for at_least_ms in (0, 2000, 4000, 5000, 99_000):
        groups = list(groups_of(marks, at_least_ms=at_least_ms))
        assert [mark for group in groups for mark in group] == list(marks)
        assert all(group[0].is_key for group in groups)
