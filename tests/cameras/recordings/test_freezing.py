"""Recordings of real packets are copied as they were, and what is missing is said with its reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from cameras.errors import MediaGoneError
from cameras.recordings.evidence import freezing
from cameras.recordings.evidence.freezing import PART, freeze, keep_bytes, reaches, swept
from cameras.recordings.evidence.manifest import measured_path
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.media import Because, Segment, StreamName
from hub.store.database import Database
from tests.fakes.recordings import FPS, footage, number_in, write_segment

BEGAN = datetime(2026, 11, 22, 13, 35, 2, tzinfo=UTC)
CAMERA = "cam-1"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def catalog(sqlite_database: Database, disk: Path) -> Catalog:
    return Catalog(sqlite_database, {"data": disk})


def _record(
    catalog: Catalog,
    disk: Path,
    at_s: float,
    seconds: int,
    *,
    stream: StreamName = StreamName.MAIN,
    because: Because = Because.ROLLED,
    codec: str = "h264",
) -> Segment:
    form, samples = footage(seconds, first=round(at_s * FPS), codec=codec)
    began = BEGAN + timedelta(seconds=at_s)
    made = write_segment(disk, began, form, samples, camera=CAMERA, stream=stream, because=because)
    catalog.keep_all([made], timeout_s=10)
    return made


def _freeze(catalog: Catalog, folder: Path, start_s: float, end_s: float, **more: object) -> freezing.Frozen:
    options: dict[str, object] = {"have": [], **more}
    since, until = BEGAN + timedelta(seconds=start_s), BEGAN + timedelta(seconds=end_s)
    return freeze(catalog, folder, camera=CAMERA, since=since, until=until, **options)  # type: ignore[arg-type]


def _numbers(path: Path) -> list[int]:
    with av.open(str(path)) as file:
        return [number_in(frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)]


def test_a_span_over_two_segments_is_one_file_that_plays(catalog: Catalog, disk: Path, tmp_path: Path) -> None:
    _record(catalog, disk, 0, 10)
    _record(catalog, disk, 10, 10)
    done = _freeze(catalog, tmp_path / "e", 5, 15)
    (item,) = done.items
    path = tmp_path / "e" / item.name
    assert item.name == "clips/cam-1-main-20261122T133506000Z.mp4"
    assert measured_path(path) == (item.size_bytes, item.sha256)
    assert _numbers(path) == list(range(40, 150))
    assert (done.gaps, done.left_out) == ([], [])
    assert item.since == BEGAN + timedelta(seconds=4)
    assert item.until == BEGAN + timedelta(seconds=15)
    assert item.about["codec"] == "h264"
    assert [each["drift_ms"] for each in item.about["segments"]] == [0, 0]
    assert not list((tmp_path / "e").rglob(f"*{PART}"))


def test_what_is_there_is_not_copied_again(catalog: Catalog, disk: Path, tmp_path: Path) -> None:
    _record(catalog, disk, 0, 20)
    first = _freeze(catalog, tmp_path / "e", 2, 10)
    more = _freeze(catalog, tmp_path / "e", 6, 16, have=first.items)
    assert _numbers(tmp_path / "e" / more.items[0].name) == list(range(100, 160))
    assert _freeze(catalog, tmp_path / "e", 3, 9, have=first.items).items == []


def test_spans_in_one_group_of_pictures_are_files_of_their_own(catalog: Catalog, disk: Path, tmp_path: Path) -> None:
    """Each begins with the key picture before it, and that is the same one."""
    _record(catalog, disk, 0, 10)
    folder = tmp_path / "e"
    first = _freeze(catalog, folder, 4.2, 4.6).items
    more = _freeze(catalog, folder, 5.4, 5.8, have=first).items
    again = _freeze(catalog, folder, 5.4, 5.8, have=first).items
    items = [*first, *more, *again]
    assert len({each.name for each in items}) == len(items) == 3
    assert [measured_path(folder / each.name) for each in items] == [(each.size_bytes, each.sha256) for each in items]


def test_a_file_of_that_name_is_never_replaced(catalog: Catalog, disk: Path, tmp_path: Path) -> None:
    _record(catalog, disk, 0, 10)
    first = _freeze(catalog, tmp_path / "e", 4, 6).items[0]
    (tmp_path / "e" / first.name).write_bytes(b"another")
    assert _freeze(catalog, tmp_path / "e", 4, 6).items[0].name == first.name.replace(".mp4", "-2.mp4")
    assert (tmp_path / "e" / first.name).read_bytes() == b"another"


def test_a_span_that_fails_half_way_leaves_nothing(catalog: Catalog, disk: Path, tmp_path: Path) -> None:
    _record(catalog, disk, 0, 4)
    gone = _record(catalog, disk, 4, 4, codec="hevc", because=Because.FORMAT)
    (disk / gone.path).write_bytes((disk / gone.path).read_bytes()[: gone.size_bytes // 2])
    with pytest.raises(MediaGoneError):
        _freeze(catalog, tmp_path / "e", 0, 8)
    assert not [path for path in (tmp_path / "e").rglob("*") if path.is_file()]


def test_a_gap_is_named_with_its_reason(catalog: Catalog, disk: Path, tmp_path: Path) -> None:
    _record(catalog, disk, 0, 6)
    _record(catalog, disk, 10, 6, because=Because.OFFLINE)
    done = _freeze(catalog, tmp_path / "e", 2, 14)
    (item,), (gap,) = done.items, done.gaps
    assert (gap.since, gap.until, gap.because) == (
        BEGAN + timedelta(seconds=6),
        BEGAN + timedelta(seconds=10),
        "offline",
    )
    assert _numbers(tmp_path / "e" / item.name) == [*range(20, 60), *range(100, 140)]


def test_the_sub_stream_stands_in_where_the_main_stream_is_missing(
    catalog: Catalog, disk: Path, tmp_path: Path
) -> None:
    _record(catalog, disk, 0, 6)
    _record(catalog, disk, 0, 12, stream=StreamName.SUB)
    done = _freeze(catalog, tmp_path / "e", 2, 12)
    assert [each.about["stream"] for each in done.items] == ["main", "sub"]
    assert _numbers(tmp_path / "e" / done.items[1].name) == list(range(60, 120))
    assert done.gaps == []


def test_another_codec_makes_another_file(catalog: Catalog, disk: Path, tmp_path: Path) -> None:
    _record(catalog, disk, 0, 4)
    _record(catalog, disk, 4, 4, codec="hevc", because=Because.FORMAT)
    done = _freeze(catalog, tmp_path / "e", 0, 8)
    assert [each.about["codec"] for each in done.items] == ["h264", "hevc"]
    assert [_numbers(tmp_path / "e" / each.name) for each in done.items] == [list(range(40)), list(range(40, 80))]


def test_nothing_recorded_is_said(catalog: Catalog, tmp_path: Path) -> None:
    done = _freeze(catalog, tmp_path / "e", 0, 8)
    assert done.items == []
    assert [each.because for each in done.gaps] == ["not_recorded"]


def test_what_is_more_than_is_kept_is_left_out_by_name(catalog: Catalog, disk: Path, tmp_path: Path) -> None:
    made = _record(catalog, disk, 0, 10)
    done = _freeze(catalog, tmp_path / "e", 0, 10, most_bytes=made.size_bytes // 2)
    assert done.items == []
    assert [each.because[:9] for each in done.left_out] == ["more than"]
    assert done.gaps == []


def test_a_file_that_went_leaves_no_half_copy(catalog: Catalog, disk: Path, tmp_path: Path) -> None:
    made = _record(catalog, disk, 0, 10)
    whole = (disk / made.path).read_bytes()
    (disk / made.path).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MediaGoneError):
        _freeze(catalog, tmp_path / "e", 0, 10)
    (disk / made.path).unlink()
    with pytest.raises(MediaGoneError):
        _freeze(catalog, tmp_path / "e", 0, 10)
    assert [each for each in (tmp_path / "e").rglob("*") if each.is_file()] == []


def test_a_full_disk_is_not_filled_further(
    catalog: Catalog, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _record(catalog, disk, 0, 10)
    monkeypatch.setattr(freezing, "_SPARE_BYTES", 1 << 60)
    with pytest.raises(OSError, match="no room to spare"):
        _freeze(catalog, tmp_path / "e", 0, 10)


def test_a_span_is_over_when_the_recording_reaches_its_end(catalog: Catalog, disk: Path) -> None:
    _record(catalog, disk, 0, 10)
    assert reaches(catalog, CAMERA, BEGAN, BEGAN + timedelta(seconds=10))
    assert not reaches(catalog, CAMERA, BEGAN, BEGAN + timedelta(seconds=11))
    assert not reaches(catalog, "cam-2", BEGAN, BEGAN + timedelta(seconds=10))
    _record(catalog, disk, 0, 8, stream=StreamName.SUB)
    assert not reaches(catalog, CAMERA, BEGAN, BEGAN + timedelta(seconds=10)), "one stream is a second behind the other"
    assert reaches(catalog, CAMERA, BEGAN, BEGAN + timedelta(seconds=8))


def test_what_a_kill_left_is_swept_and_what_is_named_stays(tmp_path: Path) -> None:
    keep_bytes(tmp_path, "stills/a.jpg", b"a")
    keep_bytes(tmp_path, "stills/b.jpg", b"b")
    (tmp_path / "stills" / f"c.jpg{PART}").write_bytes(b"c")
    assert swept(tmp_path, ["stills/a.jpg"]) == 2
    assert [each.name for each in (tmp_path / "stills").iterdir()] == ["a.jpg"]
