"""A box of cameras is found, tried, imported from a sheet and recorded, by an API key against real workers."""

from __future__ import annotations

from pathlib import Path

from benchmarks.ten_cameras_found import PASSWORD, WITHIN_S, find


def test_cameras_are_found_tried_imported_and_record_and_each_fault_has_its_own_words(tmp_path: Path) -> None:
    """Three here; `python -m benchmarks.ten_cameras_found` does it with ten."""
    found = find(3, tmp_path, network="127.0.8")
    assert found.seconds["all are recording"] < WITHIN_S
    assert [each["problem"] for each in found.trials] == [None] * 3
    assert {each["codec"] for each in found.trials} == {"h264"}
    assert {what: word for what, (word, _, _) in found.problems.items()} == {
        "wrong password": "wrong_password",
        "wrong path": "wrong_path",
        "silent host": "timed_out",
        "unknown codec": "unknown_codec",
    }
    said = [words for _, *words in found.problems.values()]
    assert len({tuple(words) for words in said}) == len(said)
    assert all(zh and en and PASSWORD not in zh + en for zh, en in said)
