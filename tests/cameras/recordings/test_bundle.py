"""A bundle is a .zip that every program opens, and any stretch of it can be read."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameras.errors import MediaGoneError
from cameras.recordings.evidence.bundle import Bundle, Packed

AT = datetime(2026, 11, 22, 13, 35, 2, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path) -> list[Packed]:
    made = []
    for number, content in enumerate((b"", b"a picture", bytes(range(256)) * 4000)):
        path = tmp_path / f"{number}"
        path.write_bytes(content)
        made.append(Packed(f"证据/{number}.bin", path, len(content), zlib.crc32(content) if number == 2 else None))
    return made


def test_it_is_a_zip_of_the_length_that_was_told(files: list[Packed], tmp_path: Path) -> None:
    bundle = Bundle(files, made=AT, tag="1")
    path = tmp_path / "all.zip"
    path.write_bytes(b"".join(bundle.read()))
    assert path.stat().st_size == bundle.size_bytes
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        assert [each.filename for each in opened.infolist()] == [file.name for file in files]
        assert [opened.read(file.name) for file in files] == [file.path.read_bytes() for file in files]
        assert opened.infolist()[0].date_time == (2026, 11, 22, 13, 35, 2)
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-tq", str(path)], check=True, capture_output=True)


def test_any_stretch_is_a_stretch_of_the_whole(files: list[Packed]) -> None:
    bundle = Bundle(files, made=AT, tag="1")
    whole = b"".join(bundle.read())
    for start in range(0, len(whole), 9973):
        for length in (1, 50, 40_000, len(whole)):
            assert b"".join(bundle.read(start, start + length)) == whole[start : start + length]
    assert b"".join(bundle.read(len(whole))) == b""


def test_the_tag_is_of_the_content(files: list[Packed]) -> None:
    tags = {Bundle(some, made=AT, tag=tag).etag for some in (files, files[1:]) for tag in ("1", "2")}
    assert len(tags) == 4
    assert Bundle(files, made=AT, tag="1").etag == Bundle(files, made=AT, tag="1").etag


def test_a_file_that_went_ends_the_reading(files: list[Packed]) -> None:
    bundle = Bundle(files, made=AT, tag="1")
    files[2].path.write_bytes(b"shorter")
    with pytest.raises(MediaGoneError, match="shorter"):
        b"".join(bundle.read())
    files[2].path.unlink()
    with pytest.raises(MediaGoneError, match="cannot be read"):
        b"".join(bundle.read())


def test_more_than_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="four gigabytes"):
        Bundle([Packed("x", tmp_path, 1 << 32, 0)], made=AT, tag="1")
