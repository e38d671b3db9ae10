"""What the hub does with what workers tell of recordings, and what it says of how long they will be kept."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from alerts.store.camera_spans import camera_spans
from api.recordings.desk import RecordingDesk, make_recording_desk
from api.recordings.figures import watch_recordings
from cameras.recordings.media import StreamName
from config.community import Camera, Community, Name, Site, Stream
from config.machine import Disk, Machine, Recordings
from config.recording import Policy
from hub.clock import SetClock
from hub.errors import StoreError
from hub.events import time_to_text
from hub.metrics import Metrics
from hub.selfwatch.watch import NotKnownError
from hub.store.database import Database, sqlite_url
from hub.store.recording_deletions import Deletion, Step, write_deletion
from tests.fakes.recordings import footage, write_segment
from tests.fakes.segments import MORNING, a_segment, at

THERE = Community(
    sites=(Site(id="hall", name=Name(zh="大院", en="Hall")),),
    cameras=(
        Camera(id="gate", site="hall", main=Stream(url="rtsp://h/1"), record=Policy(keep_days=20)),
        Camera(id="road", site="hall", main=Stream(url="rtsp://h/2"), record=Policy(keep_days=2)),
    ),
)


class Undecided:
    """Nobody decided anything."""

    def current(self) -> Community:
        return THERE

    def keeping(self, camera: str, _site: str) -> Policy:
        found = THERE.camera(camera)
        return Policy() if found is None else THERE.policy_of(found)


@pytest.fixture
def desk(sqlite_database: Database, tmp_path: Path, clock: SetClock) -> RecordingDesk:
    return _desk(sqlite_database, tmp_path, clock)


def _desk(database: Database, folder: Path, clock: SetClock) -> RecordingDesk:
    clock.set(MORNING)
    disk = Disk(id="data", path=folder / "recordings", keep_free_pct=0, most_gb=0.03)
    machine = Machine(data=folder, recordings=Recordings(disks=(disk,)))
    return make_recording_desk(machine, database, clock, households=Undecided())


def test_nothing_is_kept_before_it_is_committed(tmp_path: Path, clock: SetClock) -> None:
    """Another program holds the database: the worker hears that, and tells it again."""
    database, other = (Database(sqlite_url(tmp_path), busy_timeout_s=0.2) for _ in range(2))
    database.start()
    other.look()
    try:
        desk = _desk(database, tmp_path, clock)
        with sqlite3.connect(tmp_path / "hub.sqlite3", isolation_level=None) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError):
                desk.keep([a_segment("first")])
            holder.execute("ROLLBACK")
        holder.close()
        assert desk.catalog.segments("gate", StreamName.MAIN, at(0), at(5)) == []
        desk.keep([a_segment("first")])
        assert len(desk.catalog.segments("gate", StreamName.MAIN, at(0), at(5))) == 1
    finally:
        other.stop()
        database.stop()


def test_disks_that_will_hold_less_than_promised_are_told_of_in_time(desk: RecordingDesk, clock: SetClock) -> None:
    with pytest.raises(NotKnownError, match="less than an hour"):
        next(desk.outlook.findings())
    for hour in range(24):
        for camera in ("gate", "road"):
            desk.keep([a_segment(f"{camera}{hour}", began=at(60 * hour), camera=camera, bytes_per_s=139)])
    clock.advance(24 * 3600)
    (finding,) = desk.outlook.findings()
    assert finding.source == "recordings"
    assert finding.fields["ages_held"] is False
    # Two of about 1 MB a day, one of which wants two days: 30 MB are 28 days of the other, and it wants 20.
    assert finding.fields["short_days"] == 0
    for hour in range(24):
        desk.keep([a_segment(f"late{hour}", began=at(60 * hour + 30), bytes_per_s=139)])
    clock.advance(700)
    (finding,) = desk.outlook.findings()
    assert finding.fields["promised_days"] == 20
    assert finding.fields["cameras"] == 1
    assert 5 < float(finding.fields["short_days"]) < 8


def test_the_figures_of_recordings_are_on_the_page_of_figures(desk: RecordingDesk, clock: SetClock) -> None:
    metrics = Metrics()
    watch_recordings(metrics, holdings=desk.holdings, caretaker=desk.caretaker, outlook=desk.outlook)
    desk.keep([a_segment("first")])
    clock.advance(7200)
    page = metrics.text().decode()
    assert 'hub_recordings_files{disk="data"} 1.0' in page
    assert 'hub_recordings_gone_total{what="expired"} 0.0' in page
    assert 'hub_recordings_put_right_total{kind="torn"} 0.0' in page
    assert "hub_recordings_short_cameras" in page
    assert "hub_recordings_ages_held 0.0" in page


def test_a_clock_that_cannot_be_believed_is_told_of(desk: RecordingDesk, clock: SetClock) -> None:
    metrics = Metrics()
    watch_recordings(metrics, holdings=desk.holdings, caretaker=desk.caretaker, outlook=desk.outlook)
    desk.keep([a_segment("old", began=clock.now() - timedelta(days=5))])
    desk.caretaker.retention.step()
    assert "hub_recordings_ages_held 1.0" in metrics.text().decode()
    (finding,) = desk.outlook.findings()
    assert finding.fields["ages_held"] is True


def _alert(database: Database, number: int, **more: object) -> None:
    values: dict[str, object] = {
        "id": f"a{number}",
        "incident": "i",
        "rule": "r",
        "rule_version": 1,
        "kind": "area.intrusion",
        "key": "k",
        "level": "yellow",
        "condition": "active",
        "times": 1,
        "text_zh": "",
        "text_en": "",
        "do_zh": "",
        "do_en": "",
        "to_reset": False,
        "why": "{}",
        **{name: time_to_text(each) if isinstance(each, datetime) else each for name, each in more.items()},
    }
    values.setdefault("raised", values["started"])
    names = ", ".join(values)
    query = text(f"INSERT INTO alerts ({names}) VALUES ({', '.join(':' + name for name in values)})")  # noqa: S608
    database.write(lambda connection: connection.execute(query, values) and None)


def test_the_times_of_alerts_that_a_camera_could_show_are_kept_longer(database: Database) -> None:
    database.write(
        lambda connection: (
            connection.execute(
                text(
                    "INSERT INTO incidents (id, number, kind, level, handling, verdict, active, muted, opened, changed,"
                    " version, text_zh, text_en)"
                    " VALUES ('i', 1, 'k', 'red', 'new', 'none', true, false, 'x', 'x', 1, '', '')"
                )
            )
            and None
        )
    )
    _alert(database, 1, camera="gate", site="hall", started=at(0), last_seen=at(2))
    _alert(database, 2, camera=None, site="hall", kind="fire.smoke", started=at(60), last_seen=at(60))
    _alert(database, 3, camera="road", site="hall", started=at(120), last_seen=at(120))
    _alert(database, 4, camera="gate", site="hall", kind="camera.video_loss", started=at(180), last_seen=at(190))
    _alert(database, 5, camera="gate", site="hall", started=at(240), last_seen=at(1000))
    half, minute = timedelta(seconds=30), timedelta(minutes=1)
    found = camera_spans(database, "gate", "hall", since=at(-60), until=at(2000))
    assert found == [
        (at(0) - half, at(2) + minute),
        (at(60) - half, at(60) + minute),
        (at(240) - half, at(300) + minute),
    ]
    assert camera_spans(database, "gate", "hall", since=at(2.5), until=at(59)) == found[:1]
    assert camera_spans(database, "gate", None, since=at(59), until=at(100)) == []


def test_what_somebody_deleted_is_not_taken_back_from_a_file_that_was_not_known(
    desk: RecordingDesk, sqlite_database: Database, tmp_path: Path
) -> None:
    form, samples = footage(4)
    gone = write_segment(tmp_path / "recordings", at(-10), form, samples, site="hall", camera="gate")
    write_segment(tmp_path / "recordings", at(-10), form, samples, site="hall", camera="road")
    write_segment(tmp_path / "recordings", at(-20), form, samples, site="hall", camera="gate")
    done = Deletion("d", Step.DONE, at(-5), "gate", "hall", at(-11), at(-9), "li", "resident", "guests")
    going_on = replace(done, deletion="e", step=Step.ASKED, since=at(-21), until=at(-19))
    for step in (going_on, done):
        sqlite_database.write(lambda connection, step=step: write_deletion(connection, step))
    desk.caretaker.repair()
    assert not (tmp_path / "recordings" / gone.path).exists()
    assert desk.catalog.segments("gate", StreamName.MAIN, at(-15), at(0)) == []
    assert len(desk.catalog.segments("gate", StreamName.MAIN, at(-21), at(-15))) == 1, "who deletes it takes it away"
    assert len(desk.catalog.segments("road", StreamName.MAIN, at(-20), at(0))) == 1
