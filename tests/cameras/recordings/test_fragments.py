"""Files that this program writes play everywhere, hold the same pictures at the same times, and are read again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import pytest

from cameras.errors import DamagedFileError
from cameras.recordings.media import VIDEO_TICKS, Because
from cameras.recordings.mp4 import header
from cameras.recordings.mp4.codecs import codec_string
from cameras.recordings.mp4.fragments import (
    begins_ms,
    closing_bytes,
    fragment_bytes,
    init_bytes,
    is_whole,
    moved,
    read_head,
    runs,
    sound_ticks,
    without_sound,
)
from cameras.recordings.mp4.index import scan
from tests.fakes.media import HEAD, Clip, complaints, encoded, fragments, pictures, source_pictures, times_s, written

KINDS: dict[str, dict[str, Any]] = {
    "H.264": {},
    "H.264 and AAC": {"sound": "aac", "rate_hz": 44_100},
    "H.264 and A-law": {"sound": "pcm_alaw"},
    "H.264 and u-law": {"sound": "pcm_mulaw"},
    "H.264 with B-frames": {"b_frames": 2},
    "H.265": {"codec": "libx265"},
    "H.265 with B-frames and AAC": {"codec": "libx265", "b_frames": 3, "sound": "aac"},
}


@pytest.fixture(scope="module", params=KINDS)
def clip(request: pytest.FixtureRequest) -> Clip:
    return encoded(**KINDS[request.param])


def closing_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return closing_bytes(list(scan(file)), drift_ms=3, because=Because.ROLLED)


def test_a_file_plays_to_its_end_without_a_word(clip: Clip, tmp_path: Path) -> None:
    path = written(tmp_path / "open.mp4", clip)
    assert complaints(path) == ""
    assert complaints(written(tmp_path / "closed.mp4", clip, end=closing_of(path))) == ""


def test_a_file_holds_the_pictures_of_the_source_at_their_times(clip: Clip, tmp_path: Path) -> None:
    path = written(tmp_path / "a.mp4", clip)
    shown = pictures(written(tmp_path / "closed.mp4", clip, end=closing_of(path)))
    assert [picture for _, picture in shown] == source_pictures(clip)
    began_s = shown[0][0]
    assert [at_s - began_s for at_s, _ in shown] == pytest.approx(times_s(clip.video), abs=0.001)


def test_a_file_holds_all_its_sound_in_step(clip: Clip, tmp_path: Path) -> None:
    if clip.form.sound is None:
        return
    path = written(tmp_path / "a.mp4", clip)
    origin_s = clip.video[0].dts / VIDEO_TICKS
    with av.open(str(path)) as container:
        heard = [packet for packet in container.demux(audio=0) if packet.size]
        assert [bytes(packet) for packet in heard] == [
            sample.data for sample in clip.sound if sample.dts / clip.form.sound.rate_hz >= origin_s
        ]
        for packet, sample in zip(heard, clip.sound, strict=True):
            assert packet.time_base is not None
            assert packet.pts is not None
            at_s = float(packet.pts * packet.time_base)
            assert at_s == pytest.approx(sample.pts / clip.form.sound.rate_hz - origin_s, abs=0.001)


def test_a_head_is_read_again(clip: Clip) -> None:
    data = init_bytes(clip.form, HEAD)
    assert read_head(io.BytesIO(data + fragments(clip)[0])) == (HEAD, clip.form, len(data))
    with pytest.raises(DamagedFileError):
        read_head(io.BytesIO(init_bytes(clip.form) + fragments(clip)[0]))


def test_a_fragment_moves_in_time(clip: Clip, tmp_path: Path) -> None:
    """As clips are made: the second fragment alone, from 0, or an hour later."""
    second = next(piece for piece in fragments(clip)[1:] if runs(piece)[0].is_key)
    begins = begins_ms(second, clip.form)
    first = moved(second, clip.form, sequence=1, by_ms=-begins)
    assert len(first) == len(second)
    assert is_whole(first)
    assert begins_ms(moved(first, clip.form, sequence=7, by_ms=3_600_000), clip.form) == 3_600_000
    path = tmp_path / "a.mp4"
    path.write_bytes(init_bytes(clip.form, duration_ms=1000) + first)
    assert complaints(path) == ""
    assert pictures(path)[0][0] < 0.5
    with pytest.raises(ValueError, match="before"):
        moved(second, clip.form, sequence=1, by_ms=-begins - 100)


def test_sound_is_taken_out(clip: Clip, tmp_path: Path) -> None:
    """For browsers, which play no G.711."""
    mute = [without_sound(piece) for piece in fragments(clip)]
    assert all(is_whole(piece) for piece in mute)
    assert all(len(runs(piece)) == 1 for piece in mute)
    path = tmp_path / "a.mp4"
    path.write_bytes(init_bytes(header.without_sound(clip.form)) + b"".join(mute))
    assert complaints(path) == ""
    assert [picture for _, picture in pictures(path)] == source_pictures(clip)
    with av.open(str(path)) as container:
        assert not container.streams.audio


def test_a_change_of_one_byte_is_found() -> None:
    piece = bytearray(fragments(encoded(seconds=1))[0])
    assert is_whole(bytes(piece))
    piece[-100] ^= 1
    assert not is_whole(bytes(piece))
    assert not is_whole(bytes(piece[:-1]))


def test_a_fragment_a_picture_plays_as_a_stream(tmp_path: Path) -> None:
    """As it is sent to live watchers."""
    clip = encoded(seconds=1)
    pieces = [
        fragment_bytes(number + 1, clip.form, [sample], ends_dts=sample.dts + 9000, begins=(0, 0))
        for number, sample in enumerate(clip.video)
    ]
    path = tmp_path / "a.mp4"
    path.write_bytes(init_bytes(clip.form) + b"".join(pieces))
    assert complaints(path) == ""
    assert [picture for _, picture in pictures(path)] == source_pictures(clip)


def test_sound_from_before_the_beginning_is_left_out() -> None:
    clip = encoded(seconds=2, sound="pcm_alaw")
    assert clip.form.sound is not None
    key = next(sample for sample in clip.video[1:] if sample.is_key)
    late = [sample for sample in clip.sound if sample.dts >= 7600]
    begins = (key.dts, sound_ticks(key.dts, clip.form.sound))
    piece = fragment_bytes(1, clip.form, [key, *late], ends_dts=clip.ends_dts, begins=begins)
    assert runs(piece)[1].samples == len(late) - 1
    assert runs(piece)[1].tfdt < 320


def test_a_fragment_needs_video() -> None:
    clip = encoded(seconds=1, sound="pcm_alaw")
    with pytest.raises(ValueError, match="needs video"):
        fragment_bytes(1, clip.form, clip.sound, ends_dts=0, begins=(0, 0))


def test_browsers_are_asked_in_their_words() -> None:
    """The strings of RFC 6381 and ISO/IEC 14496-15, annex E."""
    assert codec_string(encoded(seconds=0.5, sound="aac").form) == "avc1.42c00b,mp4a.40.2"
    assert codec_string(encoded(seconds=0.5, codec="libx265").form) == "hvc1.1.6.L60.90"
