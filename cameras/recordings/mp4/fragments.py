"""Fragments: `moof` and `mdat`, the pieces of a file that each play alone behind the header.

Made from Samples in the readers' threads, so what one costs is counted in microseconds; read and changed by the hub for
clips. A fragment bears a check sum of its media, by which what a power cut left half-written is known.
Every fragment has video; sound stands behind it in the same `mdat`.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cameras.errors import DamagedFileError
from cameras.recordings.media import VIDEO_TICKS, Format, Sample, SoundFormat
from cameras.recordings.mp4.boxes import HEADER_BYTES, Box, box, children, header_at, values
from cameras.recordings.mp4.closing import closing_bytes
from cameras.recordings.mp4.header import SOUND_TRACK, VIDEO_TRACK, init_bytes, read_head

__all__ = [
    "Run",
    "begins_ms",
    "closing_bytes",
    "fragment_bytes",
    "frame_ticks",
    "init_bytes",
    "is_whole",
    "moved",
    "read_head",
    "runs",
    "sound_ticks",
    "without_sound",
]

CHECK_UUID = UUID("6b1d9c0e-5a1c-4a6f-9f57-0f3f5c1f2a03").bytes

_KEY = 0x02000000
"""Depends on no other picture (ISO/IEC 14496-12, 8.8.3.1)."""
_NO_KEY = 0x01010000
"""Depends on others; decoding cannot start here."""
_NOT_SYNC = 0x00010000

_BASE_IS_MOOF = 0x020000
_DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS = 0x08, 0x10, 0x20
_DEFAULTS = _DEFAULT_DURATION | _DEFAULT_SIZE | _DEFAULT_FLAGS
_OFFSET, _FIRST_FLAGS, _DURATIONS, _SIZES, _FLAGS, _SHIFTS = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800

_MOOF_HEAD = struct.Struct(">I4sI4sII")
"""Headers of `moof` and `mfhd` and what that holds; the sequence number stands last."""
_AAC_FRAME = 1024

_MOST_TIME_BITS = 56
"""Ticks of 1/192,000 s for eleven thousand years: a time beyond that is damage, and would not fit when it is moved."""

MOST_MOOF_BYTES = 1 << 20
"""Of the `moof` of one fragment: a second of sound in pieces of one sample each would still fit."""


@dataclass(frozen=True, slots=True)
class Run:
    """One track's part of a fragment, as its `moof` says.

    Attributes:
        track: Its id.
        tfdt: Ticks at its first sample.
        tfdt_at: Where in the fragment that stands (8 bytes).
        duration: Ticks of all its samples.
        shift: Ticks from the first sample's decoding to its showing; may be negative.
        is_key: Whether decoding can start at its first sample.
        offset: Of its media in the fragment.
        size_bytes: Of its media.
        samples: How many.
        traf: Where its `traf` lies.
        offset_at: Where in the fragment `offset` stands (4 bytes).
    """

    track: int
    tfdt: int
    tfdt_at: int
    duration: int
    shift: int
    is_key: bool
    offset: int
    size_bytes: int
    samples: int
    traf: Box
    offset_at: int


def sound_ticks(video_ticks: int, sound: SoundFormat) -> int:
    """A time of the video track in the ticks of the sound track."""
    return (video_ticks * sound.rate_hz + VIDEO_TICKS // 2) // VIDEO_TICKS


def fragment_bytes(
    sequence: int, form: Format, samples: Sequence[Sample], *, ends_dts: int, begins: tuple[int, int]
) -> bytes:
    """One fragment.

    Args:
        sequence: Counted from 1 in a file.
        form: What the samples are; sound is left out where it has none.
        samples: In the order they came; at least one of video.
        ends_dts: `dts` of the video sample that follows: how long the last one is shown.
        begins: Where the file's time begins, in ticks of video and of sound (`sound_ticks` makes one of the other).
            Sound from before it is left out: it belongs to the file before.

    Raises:
        ValueError: There is no video among the samples, or it lies before the beginning.
    """
    video = [sample for sample in samples if not sample.is_sound]
    sound = [] if form.sound is None else [sample for sample in samples if sample.is_sound and sample.dts >= begins[1]]
    if not video or video[0].dts < begins[0]:
        raise ValueError("a fragment needs video from behind its file's beginning")
    media = [sample.data for sample in video]
    video_sizes = [len(data) for data in media]
    flags = [_KEY if sample.is_key else _NO_KEY for sample in video]
    shifts = [sample.pts - sample.dts for sample in video]
    traf = _Traf(VIDEO_TRACK, video[0].dts - begins[0], _durations(video, ends_dts), video_sizes, flags, shifts)
    trafs = [traf]
    if sound:
        assert form.sound is not None
        sizes = [len(sample.data) for sample in sound]
        last = frame_ticks(form.sound, sound[-1].data)
        durations = _durations(sound, sound[-1].dts + last)
        trafs.append(_Traf(SOUND_TRACK, sound[0].dts - begins[1], durations, sizes, [_KEY], []))
        media += [sample.data for sample in sound]
    return _assembled(sequence, trafs, media)


def frame_ticks(sound: SoundFormat, data: bytes) -> int:
    """How long a piece of sound lasts, in its track's ticks."""
    if sound.codec == "aac":
        # frameLengthFlag of GASpecificConfig, right behind 5 bits of object type, 4 of rate, 4 of channels.
        short = len(sound.configuration) >= 2 and sound.configuration[1] & 0x4 and sound.configuration[0] >> 3 < 31  # noqa: PLR2004
        return 960 if short else _AAC_FRAME
    return max(1, len(data) // sound.channels)


def runs(data: bytes) -> tuple[Run, ...]:
    """The tracks' parts of a fragment.

    Args:
        data: A fragment, or its `moof` alone.

    Raises:
        DamagedFileError: It is none that this program writes.
    """
    size, kind = header_at(data, 0)
    if kind != b"moof" or size > min(len(data), MOST_MOOF_BYTES):
        raise DamagedFileError("this is no fragment")
    found = tuple(_run(data, one) for one in children(data, HEADER_BYTES, size) if one.kind == b"traf")
    if not found or found[0].track != VIDEO_TRACK:
        raise DamagedFileError("a fragment without video")
    return found


def is_whole(fragment: bytes) -> bool:
    """Whether the media of a fragment is what was written; reads all of it."""
    try:
        size, _ = header_at(fragment, 0)
        check = next(
            one
            for one in children(fragment, HEADER_BYTES, size)
            if one.kind == b"uuid" and fragment[one.body : one.body + 16] == CHECK_UUID
        )
        (said,) = values(">I", fragment, check.body + 16)
        media_size, kind = header_at(fragment, size)
    except (DamagedFileError, StopIteration):
        return False
    media = memoryview(fragment)[size + HEADER_BYTES :]
    return kind == b"mdat" and media_size == HEADER_BYTES + len(media) and zlib.crc32(media) == said


def begins_ms(fragment: bytes, form: Format) -> int:
    """Where the earliest of a fragment begins, be it sound or video, in its file's time, rounded down.

    A clip that begins with this fragment moves it by the negative of this, and all that follow by the same.

    Raises:
        DamagedFileError: It is no fragment of such a file.
    """
    return min(run.tfdt * 1000 // _ticks(run, form) for run in runs(fragment))


def moved(fragment: bytes, form: Format, *, sequence: int, by_ms: int) -> bytes:
    """The same fragment at another time, in the same number of bytes.

    Args:
        fragment: As it stands in a file.
        form: Of the file that it stands in.
        sequence: Its new number.
        by_ms: How much later it is; negative for earlier. The same for all fragments of one file.

    Raises:
        DamagedFileError: It is no fragment of such a file.
        ValueError: It would begin before 0 (see `begins_ms`).
    """
    changed = bytearray(fragment)
    for run in runs(fragment):
        tfdt = run.tfdt + round(by_ms * _ticks(run, form) / 1000)
        if tfdt < 0:
            raise ValueError("a fragment cannot begin before the file's time does")
        struct.pack_into(">Q", changed, run.tfdt_at, tfdt)
    (size, kind) = header_at(fragment, HEADER_BYTES)
    if kind != b"mfhd" or size != _MOOF_HEAD.size - HEADER_BYTES:
        raise DamagedFileError("a fragment without a number")
    struct.pack_into(">I", changed, _MOOF_HEAD.size - 4, sequence & 0xFFFFFFFF)
    return bytes(changed)


def without_sound(fragment: bytes) -> bytes:
    """The same fragment with its video alone, for players that cannot play its sound.

    Raises:
        DamagedFileError: It is no fragment.
    """
    video, *others = runs(fragment)
    if not others:
        return fragment
    (sequence,) = values(">I", fragment, _MOOF_HEAD.size - 4)
    media = memoryview(fragment)[video.offset : video.offset + video.size_bytes]
    if len(media) < video.size_bytes:
        raise DamagedFileError("a fragment is torn")
    check_box = box(b"uuid", CHECK_UUID, struct.pack(">I", zlib.crc32(media)))
    traf = bytearray(fragment[video.traf.start : video.traf.end])
    moof_bytes = _MOOF_HEAD.size + len(traf) + len(check_box)
    struct.pack_into(">I", traf, video.offset_at - video.traf.start, moof_bytes + HEADER_BYTES)
    head = _MOOF_HEAD.pack(moof_bytes, b"moof", 16, b"mfhd", 0, sequence)
    return b"".join((head, traf, check_box, struct.pack(">I4s", HEADER_BYTES + len(media), b"mdat"), media))


def _ticks(run: Run, form: Format) -> int:
    if run.track == VIDEO_TRACK:
        return VIDEO_TICKS
    if run.track != SOUND_TRACK or form.sound is None:
        raise DamagedFileError("a fragment with a track that its file does not have")
    return form.sound.rate_hz


def _run(data: bytes, traf: Box) -> Run:
    parts = {one.kind: one for one in children(data, traf.body, traf.end)}
    if not {b"tfhd", b"tfdt", b"trun"} <= parts.keys():
        raise DamagedFileError("a fragment does not say where its media is")
    tfhd, tfdt, trun = parts[b"tfhd"], parts[b"tfdt"], parts[b"trun"]
    flags, track = values(">II", data, tfhd.body)
    defaults = dict.fromkeys((_DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS), 0)
    at = tfhd.body + 8
    for flag in defaults:
        if flags & flag:
            (defaults[flag],) = values(">I", data, at)
            at += 4
    version, time = values(">IQ", data, tfdt.body)
    trun_flags, count, offset = values(">III", data, trun.body)
    if version >> 24 != 1 or time >> _MOST_TIME_BITS or not trun_flags & _OFFSET or not count:
        raise DamagedFileError("a fragment is made in an unknown way")
    at = trun.body + 12
    first = defaults[_DEFAULT_FLAGS]
    if trun_flags & _FIRST_FLAGS:
        (first,) = values(">I", data, at)
        at += 4
    names = [flag for flag in (_DURATIONS, _SIZES, _FLAGS, _SHIFTS) if trun_flags & flag]
    if (trun.end - at) != 4 * count * len(names) or flags & ~_DEFAULTS != _BASE_IS_MOOF:
        raise DamagedFileError("a fragment's table is not as long as it says")
    table = values(f">{count * len(names)}I", data, at)
    column = {name: table[place :: len(names)] for place, name in enumerate(names)}
    shift = column[_SHIFTS][0] if _SHIFTS in column else 0
    return Run(
        track=track,
        tfdt=time,
        tfdt_at=tfdt.body + 4,
        duration=sum(column[_DURATIONS]) if _DURATIONS in column else count * defaults[_DEFAULT_DURATION],
        shift=shift - (1 << 32) if shift >> 31 else shift,
        is_key=not (column[_FLAGS][0] if _FLAGS in column else first) & _NOT_SYNC,
        offset=offset,
        size_bytes=sum(column[_SIZES]) if _SIZES in column else count * defaults[_DEFAULT_SIZE],
        samples=count,
        traf=traf,
        offset_at=trun.body + 8,
    )


@dataclass(frozen=True, slots=True)
class _Traf:
    track: int
    tfdt: int
    durations: list[int]
    sizes: list[int]
    flags: list[int]
    shifts: list[int]

    def parts(self) -> tuple[bytes, bytes]:
        """The box up to where the offset of its media stands, and from behind it to its end."""
        count = len(self.sizes)
        tfhd_flags, defaults, columns = _BASE_IS_MOOF, b"", []
        trun_flags, first = _OFFSET, b""
        if len(set(self.durations)) == 1:
            tfhd_flags |= _DEFAULT_DURATION
            defaults += struct.pack(">I", self.durations[0])
        else:
            trun_flags |= _DURATIONS
            columns.append(self.durations)
        if len(set(self.sizes)) == 1:
            tfhd_flags |= _DEFAULT_SIZE
            defaults += struct.pack(">I", self.sizes[0])
        else:
            trun_flags |= _SIZES
            columns.append(self.sizes)
        if len(set(self.flags[1:])) > 1:
            trun_flags |= _FLAGS
            columns.append(self.flags)
        else:
            tfhd_flags |= _DEFAULT_FLAGS
            defaults += struct.pack(">I", self.flags[-1])
            if self.flags[0] != self.flags[-1]:
                trun_flags |= _FIRST_FLAGS
                first = struct.pack(">I", self.flags[0])
        if any(self.shifts):
            trun_flags |= _SHIFTS
            columns.append([shift & 0xFFFFFFFF for shift in self.shifts])
        entries = [number for row in zip(*columns, strict=True) for number in row]
        table = struct.pack(f">{len(entries)}I", *entries)
        trun_bytes = 20 + len(first) + len(table)
        tfhd_bytes = 16 + len(defaults)
        traf_bytes = HEADER_BYTES + tfhd_bytes + 20 + trun_bytes
        before = b"".join(
            (
                struct.pack(">I4sI4sII", traf_bytes, b"traf", tfhd_bytes, b"tfhd", tfhd_flags, self.track),
                defaults,
                struct.pack(">I4sIQ", 20, b"tfdt", 1 << 24, self.tfdt),
                struct.pack(">I4sII", trun_bytes, b"trun", 1 << 24 | trun_flags, count),
            )
        )
        return before, first + table


def _durations(samples: Sequence[Sample], ends_dts: int) -> list[int]:
    times = [sample.dts for sample in samples]
    durations = [after - before for before, after in itertools.pairwise(times)]
    durations.append(max(1, ends_dts - times[-1]))
    return durations


def _assembled(sequence: int, trafs: Sequence[_Traf], media: Sequence[bytes]) -> bytes:
    media_bytes = check = 0
    for data in media:
        media_bytes += len(data)
        check = zlib.crc32(data, check)
    parts = [traf.parts() for traf in trafs]
    check_box = box(b"uuid", CHECK_UUID, struct.pack(">I", check))
    moof_bytes = _MOOF_HEAD.size + sum(len(before) + 4 + len(behind) for before, behind in parts) + len(check_box)
    pieces = [_MOOF_HEAD.pack(moof_bytes, b"moof", 16, b"mfhd", 0, sequence)]
    offset = moof_bytes + HEADER_BYTES
    for traf, (before, behind) in zip(trafs, parts, strict=True):
        pieces += [before, struct.pack(">I", offset), behind]
        offset += sum(traf.sizes)
    pieces += [check_box, struct.pack(">I4s", HEADER_BYTES + media_bytes, b"mdat"), *media]
    return b"".join(pieces)
