"""`hub recordings`: the catalogue made anew from files, and what it says of them."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from api.cli import app
from cameras.recordings.media import Because
from tests.fakes.recordings import footage, write_segment
from tests.fakes.segments import at


def _run(*words: str, code: int = 0) -> list[dict[str, object]]:
    done = CliRunner().invoke(app, [*words, "--format", "json"])
    assert done.exit_code == code, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_check_makes_the_catalogue_anew_and_list_says_what_is_in_it(tmp_path: Path) -> None:
    form, samples = footage(4)
    folder = tmp_path / "recordings"
    write_segment(folder, at(0), form, samples, camera="gate", site="hall", because=Because.STARTED)
    write_segment(
        folder, at(1), form, samples, camera="gate", site="hall", because=Because.OFFLINE, closed=False, torn_bytes=99
    )
    data = ("--data", str(tmp_path))
    first, second, summary = _run("recordings", "check", *data, code=1)
    assert (first["kind"], second["kind"], second["cut_bytes"]) == ("unknown", "torn", 99)
    assert (summary["files"], summary["segments"], summary["differences"]) == (2, 2, {"unknown": 1, "torn": 1})
    (again,) = _run("recordings", "check", *data)
    assert again["differences"] == {}
    (total,) = _run("recordings", "list", *data)
    assert (total["camera"], total["segments"], total["size_bytes"]) == ("gate", 2, again["size_bytes"])
    span = ("--from", "2026-05-04T08:00:00Z", "--to", "2026-05-04T08:01:04Z")
    told = _run("recordings", "list", "--camera", "gate", *span, *data)
    assert [each["type"] for each in told] == ["range", "gap", "range"]
    assert (told[1]["from"], told[1]["because"]) == ("2026-05-04T08:00:04.000000Z", "offline")


def test_check_in_words_names_each_file_and_a_disk_that_is_away(tmp_path: Path) -> None:
    form, samples = footage(4)
    made = write_segment(tmp_path / "recordings", at(0), form, samples)
    done = CliRunner().invoke(app, ["recordings", "check", "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert f"unknown  data: {made.path} (had no row)" in done.stdout
    assert "1 files read, 1 segments in the catalogue" in done.stdout
    (tmp_path / "recordings").rename(tmp_path / "away")
    (tmp_path / "recordings").write_text("no folder")
    done = CliRunner().invoke(app, ["recordings", "check", "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "the disk data is not there" in done.stderr
    assert "1 segments in the catalogue" in done.stdout
