"""Claims about traces: what is kept of what a camera followed, how much that is, and what comes of it again."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameras.traces.chunks import Chunk, pack, unpack
from cameras.traces.keeping import KEPT, MOST_HOUR_BYTES, Traces
from cameras.traces.replaying import FOLLOWED, Places, Replay
from cameras.traces.tracing import Tracer
from cameras.vision.detection import Detection
from cameras.vision.following.tracking import Tracker, Tracks
from config.analysing import Analyse
from config.community import Line, Zone, ZoneUse
from hub.events import Event, Phase
from hub.geometry import Box
from tests.fakes.footage import START, ScriptedDetector, Watcher, camera, film, nothing, zone
from tests.fakes.traces import stand, walk, watched

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
YARD = zone(ZoneUse.GUARDED, ((0.3, 0.0), (0.4, 0.0), (0.4, 1.0), (0.3, 1.0)))
NONE = Tracks((), (), ())


def walking(at_s: float) -> list[Detection]:
    return [Detection("person", 0.8, Box(0.1 + 0.05 * at_s, 0.3, 0.05, 0.25))] if at_s < 12 else []


def traced(script: Callable[[float], Sequence[Detection] | None], *zones: Zone, seconds: float) -> Watcher:
    return Watcher(*zones, detectors={"objects": ScriptedDetector(script)}).show(film(nothing, seconds))


def told(events: Sequence[Event]) -> list[tuple[str, str | None, Phase, str | None]]:
    return [(event.kind, event.zone, event.phase, event.subject) for event in events if event.kind in FOLLOWED]


def test_a_replay_tells_what_the_camera_told() -> None:
    live = traced(walking, YARD, seconds=40)
    chunks = [unpack(each) for each in live.analysis.take_trace()]
    again = Replay(camera(YARD), "east", START).run(chunks)
    assert told(again) == told(live.events)
    for one, other in zip([each for each in live.events if each.kind in FOLLOWED], again, strict=True):
        assert abs((one.at - other.at).total_seconds()) < 1.1


def test_a_replay_with_another_zone_tells_what_that_had_told() -> None:
    live = traced(walking, seconds=40)
    assert {event.zone for event in live.events} == {None}
    chunks = [unpack(each) for each in live.analysis.take_trace()]
    assert "guarded" in {event.zone for event in Replay(camera(YARD), "east", START).run(chunks)}
    hidden = zone(ZoneUse.IGNORE, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    assert Replay(camera(hidden), "east", START).run(chunks) == []


def test_a_line_that_was_not_there_counts_who_crossed_it() -> None:
    gate = camera().model_copy(update={"lines": (Line(id="gate", points=((0.5, 0.0), (0.5, 1.0))),)})
    events = Replay(gate, None, NOW).run([unpack(walk(NOW, "a-1"))])
    crossings = [event for event in events if event.kind == "camera.crossing"]
    assert [event.fields["line"] for event in crossings] == ["gate"]
    assert 7 < (crossings[0].at - NOW).total_seconds() < 10


def test_where_not_everything_may_be_looked_for_nothing_is_traced() -> None:
    watcher = Watcher(analyse=Analyse.SAFETY, detectors={"objects": ScriptedDetector(walking)}).show(film(nothing, 40))
    assert watcher.analysis.take_trace() == []


def test_an_event_that_was_told_is_put_into_other_zones() -> None:
    live = traced(walking, seconds=6)
    event = next(event for event in live.events if event.kind == "camera.person")
    anew = Places(camera(zone(ZoneUse.WATCHED, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))))).placed_anew(event)
    assert anew is not None
    assert (anew.zone, anew.fields["zone_use"]) == ("watched", "watched")
    everything = zone(ZoneUse.PRIVATE, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    assert Places(camera(everything)).placed_anew(event) is None


def test_a_day_of_a_busy_camera_is_a_few_megabytes(capsys: pytest.CaptureFixture[str]) -> None:
    """Six people in the picture at any moment, each a minute: six minutes of that, for an hour."""
    tracer, tracker = Tracer(), Tracker(prefix="x-m")
    size = 0
    for number in range(360 * 8):
        at_s = number / 8
        here = [
            Detection("person", 0.8, Box(0.05 + 0.014 * ((at_s + 10 * who) % 60), 0.1 + 0.12 * who, 0.04, 0.1))
            for who in range(6)
        ]
        objects = tracker.update(here, at_s, aspect=0.5625)
        tracer.look(
            NOW + timedelta(seconds=at_s),
            at_s,
            aspect=0.5625,
            disarmed=False,
            objects=objects,
            movers=NONE,
            hidden=(),
        )
        size += sum(map(len, tracer.take()))
    size *= 10
    quiet = sum(len(each) for each in watched(NOW, NOW + timedelta(hours=1)))
    with capsys.disabled():
        print(  # noqa: T201 - how much room a day takes
            f"\ntrace: {size / 1e3:.0f} kB an hour with six people all the time, {quiet / 1e3:.1f} kB with nobody"
        )
    assert tracer.dropped == 0
    assert size < MOST_HOUR_BYTES
    assert quiet < 10_000


def test_traces_are_kept_for_two_days_and_no_longer(tmp_path: Path) -> None:
    traces = Traces(tmp_path)
    old = NOW - KEPT + timedelta(hours=2)
    assert traces.take("gate", walk(old, "a"), old)
    assert traces.take("gate", walk(NOW - timedelta(minutes=5), "b"), NOW)
    assert [each.rows[0].seen[0].thing.id for each in traces.read("gate", old - KEPT, NOW)] == ["a", "b"]
    later = NOW + timedelta(hours=6)
    assert traces.take("gate", walk(later, "c"), later)
    assert [each.rows[0].seen[0].thing.id for each in traces.read("gate", old - KEPT, later + KEPT)] == ["b", "c"]
    assert not traces.take("gate", walk(old, "a"), later), "too old to be of now"
    assert not traces.take("gate", walk(later + KEPT, "d"), later), "of a time to come"


def test_traces_go_with_the_camera_and_with_its_recordings(tmp_path: Path) -> None:
    traces = Traces(tmp_path)
    for name in ("gate", "yard"):
        for data in stand(NOW - timedelta(minutes=10), "car", Box(0.4, 0.4, 0.2, 0.2)):
            traces.take(name, data, NOW)
    assert traces.size_bytes("gate") > 0
    traces.keep_only({"yard"})
    assert (traces.size_bytes("gate"), traces.size_bytes("yard") > 0) == (0, True)
    traces.forget("yard", NOW - timedelta(days=2), NOW - timedelta(hours=5))
    assert traces.size_bytes("yard") > 0
    traces.forget("yard", NOW - timedelta(minutes=8), NOW - timedelta(minutes=7))
    assert traces.size_bytes("yard") == 0


def test_what_a_crash_tore_off_is_passed_over(tmp_path: Path) -> None:
    traces = Traces(tmp_path)
    traces.take("gate", walk(NOW - timedelta(minutes=2), "a"), NOW)
    traces.take("gate", walk(NOW - timedelta(minutes=1), "b"), NOW)
    file = next((tmp_path / "gate").iterdir())
    file.write_bytes(file.read_bytes()[:-20])
    assert [each.rows[0].seen[0].thing.id for each in traces.read("gate", NOW - KEPT, NOW)] == ["a"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"none",
        zlib.compress(b"[]"),
        zlib.compress(b'{"v":1,"from":0,"to":1e999,"aspect":1,"labels":[],"things":[],"rows":[]}'),
        zlib.compress(b'{"v":1,"from":5,"to":1,"aspect":1,"labels":[],"things":[],"rows":[]}'),
        zlib.compress(b'{"v":1,"from":0,"to":9,"aspect":1,"labels":[],"things":[],"rows":[[0,0,0,[[3]],[]]]}'),
        zlib.compress(b" " * 5_000_000),
    ],
)
def test_what_a_worker_says_that_is_no_trace_is_not_taken(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"trace|Expecting"):
        unpack(data)
    assert not Traces(tmp_path).take("gate", data, NOW)
    assert not list(tmp_path.iterdir())


def test_an_hour_holds_no_more_than_it_may(tmp_path: Path) -> None:
    traces = Traces(tmp_path)
    chunk = walk(NOW, "a", seconds=200)
    kept = sum(traces.take("gate", chunk, NOW) for _ in range(MOST_HOUR_BYTES // len(chunk) + 50))
    assert traces.size_bytes("gate") <= MOST_HOUR_BYTES + 4 * kept
    assert not traces.take("gate", chunk, NOW)


def test_a_chunk_comes_back_as_it_was() -> None:
    chunk = unpack(walk(NOW, "a"))
    assert unpack(pack(chunk)) == chunk
    assert isinstance(chunk, Chunk)
