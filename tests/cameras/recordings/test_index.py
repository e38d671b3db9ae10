"""Torn and hostile files are read up to where they are whole, and never more than that is believed."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cameras.errors import DamagedFileError
from cameras.recordings.media import Because, Mark
from cameras.recordings.mp4.closing import Closing, closing_bytes, read_closing
from cameras.recordings.mp4.fragments import init_bytes, is_whole, moved, read_head, runs, without_sound
from cameras.recordings.mp4.index import pack, read_segment, repair, scan, unpack
from tests.fakes.media import HEAD, complaints, encoded, fragments, pictures

CLIP = encoded(seconds=4, sound="pcm_alaw", b_frames=1)
PIECES = fragments(CLIP)
INIT = init_bytes(CLIP.form, HEAD)
WHOLE = INIT + b"".join(PIECES)
ENDS = [len(INIT) + sum(map(len, PIECES[: number + 1])) for number in range(len(PIECES))]

many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
marks_of = st.lists(
    st.builds(
        Mark,
        at_ms=st.integers(-1000, 2**40),
        duration_ms=st.integers(0, 2**31),
        offset=st.integers(0, 2**50),
        size_bytes=st.integers(0, 2**40),
        is_key=st.booleans(),
    ),
    max_size=20,
)


def kept(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def marks_in(path: Path, *, from_offset: int = 0) -> list[Mark]:
    with path.open("rb", buffering=0) as file:
        return list(scan(file, from_offset=from_offset))


def test_all_fragments_are_found(tmp_path: Path) -> None:
    marks = marks_in(kept(tmp_path / "a.mp4", WHOLE))
    assert [mark.offset + mark.size_bytes for mark in marks] == ENDS
    assert [mark.duration_ms for mark in marks] == [1000] * 4
    assert [mark.at_ms - marks[0].at_ms for mark in marks] == [0, 1000, 2000, 3000]
    assert all(mark.is_key for mark in marks)


def test_a_scan_goes_on_where_the_one_before_ended(tmp_path: Path) -> None:
    """As for the tail of a file that is still being written."""
    path = kept(tmp_path / "a.mp4", WHOLE[: ENDS[1] + 700])
    with path.open("rb", buffering=0) as file:
        first = scan(file)
        assert len(list(first)) == 2
        assert first.whole_bytes == ENDS[1]
        path.write_bytes(WHOLE)
        assert [mark.offset for mark in scan(file, from_offset=first.whole_bytes)] == ENDS[1:-1]


def test_a_scan_reads_headers_only(tmp_path: Path) -> None:
    class Counting(io.FileIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(-1 if size is None else size)
            self.taken += len(data)
            return data

    large = encoded(seconds=4, width=1280, height=720)
    path = kept(tmp_path / "a.mp4", init_bytes(large.form, HEAD) + b"".join(fragments(large)) * 50)
    with Counting(str(path)) as file:
        assert len(list(scan(file))) == 4 * 50
        assert file.taken <= 210 * 2048 < path.stat().st_size


@many
@given(cut=st.integers(0, len(WHOLE)))
def test_a_file_that_is_cut_anywhere_keeps_what_is_whole(cut: int, tmp_path: Path) -> None:
    path = kept(tmp_path / "a.mp4", WHOLE[:cut])
    whole = [end for end in ENDS if end <= cut]
    assert len(marks_in(path)) == len(whole)
    if cut < len(INIT):
        with pytest.raises(DamagedFileError):
            repair(path)
        assert path.stat().st_size == cut
        return
    done = repair(path)
    assert done.cut_bytes == cut - (whole[-1] if whole else len(INIT))
    assert done.size_bytes == path.stat().st_size
    segment = read_segment(tmp_path, "a.mp4", disk="d")
    assert segment.marks == done.marks
    assert (segment.head, segment.form, segment.is_open, segment.drift_ms) == (HEAD, CLIP.form, False, None)
    assert repair(path).was_closed


@pytest.mark.parametrize("cut", [ENDS[0] + 1, ENDS[1] - 1, ENDS[2] + 300])
def test_a_repaired_file_plays_to_its_end(cut: int, tmp_path: Path) -> None:
    path = kept(tmp_path / "a.mp4", WHOLE[:cut])
    marks = repair(path).marks
    assert complaints(path) == ""
    assert len(pictures(path)) == 10 * len(marks)


@pytest.mark.parametrize("size", [4096, 512])
def test_what_a_power_cut_left_empty_is_cut_off(size: int, tmp_path: Path) -> None:
    """A file that has its length, and zeros in a page of its end."""
    for at in range(ENDS[1], len(WHOLE), 1000):
        holed = bytearray(WHOLE)
        holed[at : at + size] = bytes(len(holed[at : at + size]))
        path = kept(tmp_path / "a.mp4", bytes(holed))
        marks = repair(path).marks
        assert [mark.offset + mark.size_bytes for mark in marks] == [end for end in ENDS if end <= at]


@many
@given(places=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_bytes_that_were_changed_are_only_ever_a_damaged_file(places: list[tuple[int, int]], tmp_path: Path) -> None:
    changed = bytearray(
        WHOLE + closing_bytes(marks_in(kept(tmp_path / "w", WHOLE)), drift_ms=0, because=Because.ROLLED)
    )
    for at, byte in places:
        changed[at] = byte
    path = kept(tmp_path / "a.mp4", bytes(changed))
    for mark in marks_in(path):
        assert mark.offset + mark.size_bytes <= len(changed)
    try:
        segment = read_segment(tmp_path, "a.mp4", disk="d")
    except DamagedFileError:
        return
    for mark in segment.marks:
        piece = bytes(changed[mark.offset : mark.offset + mark.size_bytes])
        is_whole(piece)
        for change in (
            lambda piece=piece: without_sound(piece),
            lambda piece=piece: moved(piece, CLIP.form, sequence=1, by_ms=5),
        ):
            with contextlib.suppress(DamagedFileError):
                change()


@many
@given(data=st.binary(max_size=300), behind=st.booleans())
def test_any_bytes_are_read(data: bytes, behind: bool, tmp_path: Path) -> None:  # noqa: FBT001
    path = kept(tmp_path / "a.mp4", (INIT if behind else b"") + data)
    assert marks_in(path) == []
    for work in (lambda: runs(data), lambda: unpack(data), lambda: read_head(io.BytesIO(data)), lambda: repair(path)):
        with contextlib.suppress(DamagedFileError):
            work()


def nested(depth: int) -> bytes:
    return b"".join(struct.pack(">I4s", 8 * (depth - each), b"moov") for each in range(depth))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(nested(50_000), id="boxes in boxes"),
        pytest.param(
            struct.pack(">I4s", 8 + 8 * 100_000, b"moof") + struct.pack(">I4s", 8, b"free") * 100_000, id="many"
        ),
        pytest.param(struct.pack(">I4s", 0xFFFFFFFF, b"moov"), id="four gigabytes"),
        pytest.param(struct.pack(">I4s", 0, b"moov") + bytes(100), id="to the end of the file"),
        pytest.param(struct.pack(">I4sQ", 1, b"moof", 1 << 62) + bytes(100), id="sixty-four bits"),
        pytest.param(bytes(1_000_000), id="zeros"),
    ],
)
def test_hostile_boxes_are_refused_at_once(data: bytes, tmp_path: Path) -> None:
    path = kept(tmp_path / "a.mp4", INIT + data)
    assert marks_in(path) == []
    with pytest.raises(DamagedFileError):
        read_head(io.BytesIO(data))
    with pytest.raises(DamagedFileError):
        runs(data)


@settings(deadline=None)
@given(marks=marks_of)
def test_marks_are_packed_and_unpacked(marks: list[Mark]) -> None:
    assert unpack(pack(marks)) == tuple(marks)


def test_marks_take_few_bytes() -> None:
    """300 fragments, as five minutes have; sizes are what cannot be foreseen."""
    marks, offset = [], 900
    for number in range(300):
        size = 40_000 + (number * 7919) % 20_011
        marks.append(Mark(number * 1000, 1000, offset, size, number % 2 == 0))
        offset += size
    assert len(pack(marks)) < 1200


def test_impossible_times_are_refused(tmp_path: Path) -> None:
    piece = bytearray(PIECES[0])
    struct.pack_into(">Q", piece, runs(PIECES[0])[0].tfdt_at, (1 << 64) - 1)
    with pytest.raises(DamagedFileError):
        runs(bytes(piece))
    assert repair(kept(tmp_path / "a.mp4", INIT + piece)).marks == ()


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(DamagedFileError):
        unpack(zlib.compress(bytes(20_000_000)))


@settings(deadline=None)
@given(marks=marks_of, drift_ms=st.none() | st.integers(-(2**31), 2**31), because=st.sampled_from(Because))
def test_a_closing_is_read_from_behind(marks: list[Mark], drift_ms: int | None, because: Because) -> None:
    end = marks[-1].offset + marks[-1].size_bytes if marks else 0
    closing = closing_bytes(marks, drift_ms=drift_ms, because=because)
    with open(os.memfd_create("segment"), "r+b", buffering=0) as file:  # noqa: PTH123 - it has no path
        if end < 2**40:
            file.truncate(end)
            file.seek(end)
            file.write(closing)
            assert read_closing(file) == (Closing(drift_ms, because), tuple(marks))


def test_the_hub_can_read_and_cut_without_pyav() -> None:
    names = ("boxes", "closing", "codecs", "fragments", "header", "index", "packed")
    program = "import sys\n" + "".join(f"import cameras.recordings.mp4.{name}\n" for name in names)
    program += "assert not {'av', 'cv2', 'numpy'} & sys.modules.keys(), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
