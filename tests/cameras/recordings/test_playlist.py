"""Play-lists: what a player is told, held against the files."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av

from cameras.recordings.playback.clips import init_of, playable
from cameras.recordings.playback.playlist import Entry, playlist_of
from cameras.recordings.playback.spans import runs_of
from tests.fakes.recordings import FPS, footage, write_segment

BEGAN = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)


def _list(folder: Path, *, aim_s: float) -> tuple[str, list[bytes]]:
    segments = []
    for number, at_s in enumerate((0, 6, 30)):
        form, samples = footage(6, first=number * 6 * FPS, sound="aac")
        segments.append(write_segment(folder, BEGAN + timedelta(seconds=at_s), form, samples))
    runs = runs_of(segments, BEGAN + timedelta(seconds=3), BEGAN + timedelta(seconds=33))
    files = [b"".join(playable(run, folder / run.segment.path).read()) for run in runs]
    entries = [
        Entry(run, f"file-{number}.mp4", len(init_of(run.segment.form, sound=True)), "avc1.64001f,mp4a.40.2")
        for number, run in enumerate(runs)
    ]
    return playlist_of(entries, aim_s=aim_s), files


def test_every_part_of_a_list_plays_behind_its_map(tmp_path: Path) -> None:
    text, files = _list(tmp_path, aim_s=2)
    ranges = re.findall(r"#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@(\d+)\nfile-(\d)\.mp4", text)
    maps = dict(re.findall(r'URI="file-(\d)\.mp4",BYTERANGE="(\d+)@0"', text))
    assert len(ranges) == 2 + 3 + 2
    for lasts_s, size, place, number in ranges:
        file = files[int(number)]
        part = file[: int(maps[number])] + file[int(place) : int(place) + int(size)]
        with av.open(io.BytesIO(part)) as source:
            pictures = [packet for packet in source.demux(video=0) if packet.size]
        assert pictures[0].is_keyframe
        assert len(pictures) == float(lasts_s) * FPS
    for number, file in enumerate(files):
        last = [each for each in ranges if each[3] == str(number)][-1]
        assert int(last[1]) + int(last[2]) == len(file)


def test_borders_and_times_are_told(tmp_path: Path) -> None:
    text, _ = _list(tmp_path, aim_s=2)
    assert text.startswith("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n")
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert re.findall(r"DATE-TIME:(.*)", text) == [
        "2026-05-04T06:00:02.000Z",
        "2026-05-04T06:00:06.000Z",
        "2026-05-04T06:00:30.000Z",
    ]
    assert text.count("#EXT-X-DISCONTINUITY\n") == 2


def test_longer_parts_make_a_shorter_list(tmp_path: Path) -> None:
    text, _ = _list(tmp_path, aim_s=6)
    assert text.count("#EXTINF") == 3
    assert "#EXT-X-TARGETDURATION:6\n" in text


def test_a_list_of_nothing_is_a_list() -> None:
    assert playlist_of([], aim_s=4).splitlines()[-1] == "#EXT-X-ENDLIST"
