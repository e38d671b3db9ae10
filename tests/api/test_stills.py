"""Pictures of alerts are kept beside everything else, and never in its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.incidents.views import JournalEntry
from api.stills import Stills, keep_still
from cameras.link import Still
from hub.errors import LinkError
from hub.metrics import Metrics

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Eyes:
    """Takes stills, and remembers of what."""

    of_events: bool = True
    works: bool = True

    def __post_init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def take(self, camera: str, event: str | None) -> Still | None:
        self.asked.append((camera, event))
        if not self.works:
            raise LinkError("the worker is gone")
        return Still(b"jpeg", NOW) if event is None or self.of_events else None


def _raised(alert: str = "a1", *, move: str = "raised", **body: Any) -> JournalEntry:
    body = {"camera": "cam-1", "why": {"events": ["e1", "e2"]}, **body}
    return JournalEntry(1, NOW, "alert", alert, "i1", move, "engine", "", body)


def test_the_picture_of_the_event_that_began_it_is_kept(tmp_path: Path) -> None:
    eyes = Eyes()
    stills = Stills(tmp_path / "stills", take=eyes.take, metrics=Metrics())
    keep_still(stills, _raised())
    assert eyes.asked == [("cam-1", "e1")]
    kept = stills.of("a1")
    assert kept is not None
    assert kept.read_bytes() == b"jpeg"


def test_the_newest_picture_is_better_than_none(tmp_path: Path) -> None:
    eyes = Eyes(of_events=False)
    stills = Stills(tmp_path, take=eyes.take, metrics=Metrics())
    keep_still(stills, _raised())
    assert eyes.asked == [("cam-1", "e1"), ("cam-1", None)]
    assert stills.of("a1") is not None


def test_what_has_no_camera_or_is_not_new_gets_no_picture(tmp_path: Path) -> None:
    eyes = Eyes()
    stills = Stills(tmp_path, take=eyes.take, metrics=Metrics())
    keep_still(stills, _raised(camera=None))
    keep_still(stills, _raised(move="recurred"))
    assert eyes.asked == []


def test_a_worker_that_is_gone_is_counted_and_stops_nothing(tmp_path: Path) -> None:
    metrics = Metrics()
    keep_still(Stills(tmp_path, take=Eyes(works=False).take, metrics=metrics), _raised())
    assert b'hub_stills_total{outcome="failed"} 1.0' in metrics.text()


@pytest.mark.parametrize("alert", ["../../etc/passwd", "a/b", "", "a.jpg\0", ".."])
def test_an_id_never_leads_out_of_the_folder(tmp_path: Path, alert: str) -> None:
    stills = Stills(tmp_path / "stills", take=Eyes().take, metrics=Metrics())
    keep_still(stills, _raised(alert))
    assert stills.of(alert) is None
    assert not list(tmp_path.rglob("*.jpg"))


def test_the_folder_is_bounded_and_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.stills._PRUNE_EVERY", 1)
    stills = Stills(tmp_path, take=Eyes().take, metrics=Metrics(), most_files=3)
    for number in range(8):
        keep_still(stills, _raised(f"a{number}"))
    kept = {path.stem for path in tmp_path.glob("*.jpg")}
    assert len(kept) <= 4
    assert "a7" in kept
