"""Headers: what stands before the first fragment of a file, and is needed to play any of them.

`ftyp` and `moov` tell a player what the tracks hold; our own `uuid` box behind them tells whose recording it is, so
that the catalogue can be made anew from files alone. Made and read without PyAV, in any process; what is read may
hold any bytes, and all that can go wrong is a DamagedFileError.
"""

from __future__ import annotations

import json
import re
import struct
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple
from uuid import UUID

from cameras.errors import DamagedFileError
from cameras.recordings.media import VIDEO_TICKS, Because, Format, SegmentHead, StreamName
from cameras.recordings.mp4.boxes import HEADER_BYTES, Box, box, child, children, full_box, header_at, values
from cameras.recordings.mp4.entries import sound_entry, sound_of, video_entry, video_of

VIDEO_TRACK = 1
SOUND_TRACK = 2

HEAD_UUID = UUID("6b1d9c0e-5a1c-4a6f-9f57-0f3f5c1f2a01").bytes

_MOVIE_TICKS = 1000
_UNITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED = 0x55C4
"""The language `und`, packed as the standard wants it."""
_FROM_1904_S = 2_082_844_800
"""Seconds from the beginning of MP4's time to that of UNIX."""
_MOST_HEADER_BYTES = 1 << 20
"""A header has 1 to 2 kB; parameter sets may have 64 kB each at most."""
_MOST_TEXT_BYTES = 4096
_WORD = re.compile(r"[A-Za-z0-9._-]{1,200}")


class FileHead(NamedTuple):
    """What `read_head` finds.

    Attributes:
        head: Whose it is.
        form: What it holds.
        init_bytes: Length of the header: where the first fragment begins.
    """

    head: SegmentHead
    form: Format
    init_bytes: int


def init_bytes(form: Format, head: SegmentHead | None = None, *, duration_ms: int | None = None) -> bytes:
    """The header of a file, or an init segment for a player.

    Args:
        form: What the file will hold.
        head: Whose it is; None for clips and live watchers.
        duration_ms: How long it will be, where that is known (a clip): players then show it at once.
    """
    began_s = 0 if head is None else int(head.began.timestamp()) + _FROM_1904_S
    times = struct.pack(">QQ", began_s, began_s)
    tracks = [VIDEO_TRACK] if form.sound is None else [VIDEO_TRACK, SOUND_TRACK]
    extends = [full_box(b"trex", 0, struct.pack(">5I", track, 1, 0, 0, 0)) for track in tracks]
    if duration_ms is not None:
        extends.insert(0, full_box(b"mehd", 1 << 24, struct.pack(">Q", duration_ms)))
    moov = box(
        b"moov",
        full_box(
            b"mvhd",
            1 << 24,
            times,
            struct.pack(">IQ", _MOVIE_TICKS, 0),
            struct.pack(">IH10x", 0x10000, 0x100),
            _UNITY,
            bytes(24),
            struct.pack(">I", len(tracks) + 1),
        ),
        _video_track(form, times),
        b"" if form.sound is None else _sound_track(form, times),
        box(b"mvex", *extends),
    )
    return _FTYP + moov + (b"" if head is None else box(b"uuid", HEAD_UUID, _head_text(head)))


def without_sound(form: Format) -> Format:
    """The same video alone; `init_bytes` of it fits fragments that `fragments.without_sound` made."""
    return Format(form.video)


def read_head(file: BinaryIO) -> FileHead:
    """Read the header of a recording.

    Args:
        file: Opened for reading; its position is moved.

    Raises:
        DamagedFileError: It is not the header of one of our recordings, or not all of it is there.
    """
    file.seek(0)
    data = b""
    at = 0
    moov: Box | None = None
    while True:
        data += file.read(at + HEADER_BYTES - len(data))
        size, kind = header_at(data, at)
        if kind not in {b"ftyp", b"moov", b"uuid"} or at + size > _MOST_HEADER_BYTES:
            raise DamagedFileError("it does not begin like a recording")
        data += file.read(at + size - len(data))
        if len(data) < at + size:
            raise DamagedFileError("its header is torn")
        if kind == b"moov":
            moov = Box(kind, at, at + HEADER_BYTES, at + size)
        if kind == b"uuid" and data[at + HEADER_BYTES : at + HEADER_BYTES + 16] == HEAD_UUID:
            if moov is None:
                raise DamagedFileError("its boxes stand in a wrong order")
            return FileHead(_head_of(data[at + HEADER_BYTES + 16 : at + size]), _format_of(data, moov), at + size)
        at += size


def _video_track(form: Format, times: bytes) -> bytes:
    video = form.video
    size = struct.pack(">II", video.width << 16 & 0xFFFFFFFF, video.height << 16 & 0xFFFFFFFF)
    return _track(VIDEO_TRACK, times, (0, size), VIDEO_TICKS, _hdlr(b"vide", b"video"), _VMHD, video_entry(video))


def _sound_track(form: Format, times: bytes) -> bytes:
    assert form.sound is not None
    entry = sound_entry(form.sound)
    return _track(SOUND_TRACK, times, (0x100, bytes(8)), form.sound.rate_hz, _hdlr(b"soun", b"sound"), _SMHD, entry)


def _track(track: int, times: bytes, loudness_and_size: tuple[int, bytes], ticks: int, *rest: bytes) -> bytes:
    handler, media_header, entry = rest
    loudness, size = loudness_and_size
    return box(
        b"trak",
        full_box(
            b"tkhd",
            1 << 24 | 3,  # enabled, in the movie
            times,
            struct.pack(">I4xQ8x", track, 0),
            struct.pack(">HHHH", 0, 0, loudness, 0),
            _UNITY,
            size,
        ),
        box(
            b"mdia",
            full_box(b"mdhd", 1 << 24, times, struct.pack(">IQHH", ticks, 0, _UNDETERMINED, 0)),
            handler,
            box(
                b"minf",
                media_header,
                box(b"dinf", full_box(b"dref", 0, struct.pack(">I", 1), full_box(b"url ", 1))),
                box(
                    b"stbl",
                    full_box(b"stsd", 0, struct.pack(">I", 1), entry),
                    full_box(b"stts", 0, bytes(4)),
                    full_box(b"stsc", 0, bytes(4)),
                    full_box(b"stsz", 0, bytes(8)),
                    full_box(b"stco", 0, bytes(4)),
                ),
            ),
        ),
    )


def _hdlr(kind: bytes, name: bytes) -> bytes:
    return full_box(b"hdlr", 0, bytes(4), kind, bytes(12), name, b"\0")


_FTYP = box(b"ftyp", b"iso6", struct.pack(">I", 1), b"iso6", b"mp41", b"dash")
_VMHD = full_box(b"vmhd", 1, bytes(8))
_SMHD = full_box(b"smhd", 0, bytes(4))


def _head_text(head: SegmentHead) -> bytes:
    began = head.began.astimezone(UTC).isoformat(timespec="milliseconds")
    words = {
        "version": 1,
        "id": head.id,
        "site": head.site,
        "camera": head.camera,
        "stream": str(head.stream),
        "began": began,
        "because": str(head.because),
    }
    return json.dumps(words, separators=(",", ":")).encode()


def _head_of(text: bytes) -> SegmentHead:
    words = words_of(text)
    try:
        began = datetime.fromisoformat(str(words["began"]))
        if began.tzinfo is None:
            raise DamagedFileError("its beginning has no zone")
        return SegmentHead(
            id=_word(words["id"]),
            site=_word(words["site"]),
            camera=_word(words["camera"]),
            stream=StreamName(str(words["stream"])),
            began=began.astimezone(UTC),
            because=Because(str(words["because"])),
        )
    except (KeyError, ValueError, OverflowError):
        raise DamagedFileError("it does not say whose recording it is") from None


def words_of(text: bytes) -> dict[str, object]:
    """The JSON object that one of our `uuid` boxes holds.

    Raises:
        DamagedFileError: It holds none.
    """
    if len(text) > _MOST_TEXT_BYTES:
        raise DamagedFileError("it says too much of itself")
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        raise DamagedFileError("what it says of itself cannot be read") from None
    if not isinstance(words, dict) or words.get("version") != 1:
        raise DamagedFileError("what it says of itself is of another version")
    return words


def _word(word: object) -> str:
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        raise DamagedFileError("it bears an id that none of ours is like")
    return word


def _format_of(data: bytes, moov: Box) -> Format:
    video = sound = None
    for track in children(data, moov.body, moov.end):
        if track.kind != b"trak":
            continue
        media = child(data, track, b"mdia")
        header = child(data, media, b"hdlr")
        (handler,) = values(">4s", data, header.body + 8)
        entries = child(data, media, b"minf", b"stbl", b"stsd")
        entry = next(children(data, entries.body + 8, entries.end), None)
        if entry is None:
            raise DamagedFileError("a track does not say what it holds")
        if handler == b"vide" and video is None:
            video = video_of(data, entry)
        elif handler == b"soun" and sound is None:
            (ticks,) = values(">I", data, child(data, media, b"mdhd").body + 20)
            sound = sound_of(data, entry, ticks)
    if video is None:
        raise DamagedFileError("there is no video in it")
    return Format(video, sound)
