"""A worker speaks for its own cameras, and for those of no other worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cameras.link_words import Assign
from cameras.supervision.entrusted import Entrusted
from cameras.unix_sockets import connect, listen
from hub.events import Event, new_event_id
from tests.fakes.segments import a_segment

AT = datetime(2026, 5, 4, 8, tzinfo=UTC)


def told(camera: str | None, *, site: str = "hall", source: str | None = None) -> Event:
    return Event(
        id=new_event_id(),
        kind="camera.fire",
        at=AT,
        arrived=AT,
        source=source or camera or "worker-0",
        driver="fire",
        site=site,
        camera=camera,
        fields={},
    )


@pytest.fixture
def entrusted() -> Entrusted:
    made = Entrusted("worker-0")
    made.give(Assign({"id": "gate", "site": "hall"}, None))
    made.take_over(("road",))
    return made


def test_events_of_its_own_cameras_are_taken_and_no_others(entrusted: Entrusted) -> None:
    """Nor such as come from one camera and speak of another, or of another home."""
    own = [told("gate"), told("road", site="elsewhere")]
    foreign = [told("door"), told(None), told("gate", source="door"), told("gate", site="home-7")]
    assert entrusted.events([*own, *foreign]) == own
    assert entrusted.refused == len(foreign)


def test_segments_likewise(entrusted: Entrusted, caplog: pytest.LogCaptureFixture) -> None:
    segment = a_segment("one", camera="gate", site="hall", seconds=2)
    assert entrusted.takes(segment)
    for _ in range(100):
        assert not entrusted.takes(replace(segment, head=replace(segment.head, camera="door")))
        assert not entrusted.takes(replace(segment, head=replace(segment.head, site="home-7")))
    assert entrusted.refused == 200
    assert 0 < len(caplog.records) < 10


def test_news_of_a_camera_that_was_taken_away_still_comes(entrusted: Entrusted) -> None:
    entrusted.give(Assign({"id": "gate", "site": "yard"}, None))
    assert len(entrusted.events([told("gate"), told("gate", site="yard")])) == 2


def test_a_link_in_place_of_a_socket_leads_to_nobody(tmp_path: Path) -> None:
    """It would lead the hub to speak with, and to end, a process that is no worker."""
    with listen(tmp_path / "service.sock"):
        (tmp_path / "worker-0.sock").symlink_to(tmp_path / "service.sock")
        connect(tmp_path / "service.sock", timeout_s=1).close()
        with pytest.raises(FileNotFoundError):
            connect(tmp_path / "worker-0.sock", timeout_s=1)
