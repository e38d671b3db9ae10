"""Analysing: video files through the whole camera path and the rules, on each file's own time (`hub analyse`).

The same Pipeline, Analysis and Engine as live; nothing here decides anything. Each file is a camera of its own that has
just been switched on: nothing is carried from one to the next.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from alerts.alert import Change, Raised
from alerts.arming import ARMING_KIND
from alerts.engine import Engine
from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED, RuleBook, load_rules
from cameras.errors import SourceError
from cameras.running.task import Tuning
from cameras.vision.analysis import build_analysis, build_shared
from cameras.vision.offline import Summary, analyse_file
from cameras.vision.shared import LoadedObjects
from config.community import Camera, Community, Name, Ring, Site, Stream
from config.load import load_community
from config.machine import Machine
from config.says import in_english
from hub.clock import SetClock
from hub.errors import ConfigurationError, Mistake
from hub.events import Event, Phase, event_to_json

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)  # any time does: what is printed counts from the start of the file
_NO_VIDEO = 2

Form = Literal["json", "text"]


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose eyes the videos are seen with."""

    community: Community
    camera: Camera
    area: str | None


def analyse_files(
    videos: Sequence[Path],
    *,
    machine: Machine,
    community: Path | None,
    camera: str | None,
    rules: Path | None,
    form: Form,
    armed: bool = False,
) -> int:
    """Print what is in each file.

    Returns:
        0, or 2 when a file is no video.

    Raises:
        ConfigurationError: The community, the camera or the rules cannot be used.
    """
    subject = _subject(community, camera)
    book = load_rules(rules or machine.rules or SHIPPED)
    objects = LoadedObjects(machine.models_folder, machine.vision)
    if objects.model is None:
        _say(f"hub: {objects.trouble}")
    code = 0
    for video in videos:
        try:
            for line in _lines(video, subject, book, machine, armed=armed):
                sys.stdout.write((_text(line) if form == "text" else json.dumps(line, ensure_ascii=False)) + "\n")
                sys.stdout.flush()
        except SourceError as error:
            _say(f"hub: {video}: {error}")
            code = _NO_VIDEO
        except BrokenPipeError:  # whoever read has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return code
    return code


def _subject(community_file: Path | None, camera_id: str | None) -> _Subject:
    if community_file is None:
        if camera_id is not None:
            raise ConfigurationError(
                (Mistake(None, "--camera", in_english("write --community F too: that is where cameras are")),)
            )
        site = Site(id="site", name=Name(zh="现场", en="Site"), ring=Ring.ROAD)
        camera = Camera(id="camera", site=site.id, name=Name(zh="视频", en="the video"), main=Stream(url="file:///"))
        return _Subject(Community(sites=(site,), cameras=(camera,)), camera, None)
    community = load_community(community_file)
    if camera_id is None and len(community.cameras) == 1:
        camera_id = community.cameras[0].id
    found = None if camera_id is None else community.camera(camera_id)
    if found is None:
        known = ", ".join(camera.id for camera in community.cameras[:10]) or "none"
        message = f"no camera {camera_id!r}; there are: {known}" if camera_id else f"write which camera: {known}"
        raise ConfigurationError((Mistake(community_file, "--camera", in_english(message)),))
    of_camera = community.site(found.site)
    return _Subject(community, found, None if of_camera is None else of_camera.area)


def _lines(
    video: Path, subject: _Subject, book: RuleBook, machine: Machine, *, armed: bool
) -> Iterator[dict[str, Any]]:
    clock = SetClock(_BEGIN)
    shared = build_shared(machine, machine.models_folder)
    # Files have a time of their own, so lists hold whatever their days, and zones whatever their hours.
    lists = [
        one.model_copy(update={"begins": None, "ends": None}) for one in subject.community.plates_for(subject.camera)
    ]
    zones = tuple(zone.model_copy(update={"hours": ()}) for zone in subject.camera.zones)
    camera = subject.camera.model_copy(update={"zones": zones})
    analysis = build_analysis(camera, area=subject.area, shared=shared, clock=clock, plates=lists)
    engine = Engine(book, places_of(subject.community))
    engine.handle(_arming(subject, armed=armed))
    seen: dict[str, Event] = {}
    summary: dict[str, Any] = {"type": "summary", "video": str(video)}
    try:
        for found in analyse_file(video, analysis, clock=clock, tuning=Tuning(machine.workers.analysis_fps)):
            if isinstance(found, Summary):
                summary |= {
                    "frames": found.decoded,
                    "seconds_of_video": round(found.video_s, 3),
                    "cpu_s": round(found.cpu_s, 3),
                    "analysed": found.analysed,
                    "corrupt": found.corrupt,
                }
            else:
                seen[found.id] = found
                yield _event(found)
                yield from _alerts(engine.handle(found), seen)
    except SourceError as error:
        if clock.now() == _BEGIN:  # nothing of it could be read: it is no video, or not for us
            raise
        summary |= {"frames": None, "seconds_of_video": _seconds(clock.now()), "cpu_s": None, "fault": str(error)}
    yield from _alerts(engine.advance(clock.now()), seen)
    yield summary


def _arming(subject: _Subject, *, armed: bool) -> Event:
    return Event(
        id="arming",
        kind=ARMING_KIND,
        at=_BEGIN,
        arrived=_BEGIN,
        source="analyse",
        driver="analyse",
        site=subject.camera.site,
        area=subject.area,
        fields={"armed": armed},
    )


def _alerts(changes: Sequence[Change], seen: dict[str, Event]) -> Iterator[dict[str, Any]]:
    for change in changes:
        alert = change.alert
        if not isinstance(change, Raised) or alert.shadow:
            continue
        spoke = next((seen[event] for event in reversed(alert.events) if event in seen), None)
        line: dict[str, Any] = {
            "type": "alert",
            "kind": alert.kind,
            "at_s": _seconds(alert.raised),
            "started_s": _seconds(alert.started),
            "camera": alert.camera,
            "level": alert.level.value,
            "rule": alert.rule,
            "key": alert.key,
        }
        if spoke is not None:
            body = event_to_json(spoke)
            line.update({name: body[name] for name in ("confidence", "box") if name in body})
        line["text"] = {"zh": alert.text.zh, "en": alert.text.en}
        line["why"] = alert.why
        yield line


def _event(event: Event) -> dict[str, Any]:
    body = event_to_json(event)
    line: dict[str, Any] = {"type": "event", "kind": event.kind, "at_s": _seconds(event.at)}
    line.update(
        {name: body[name] for name in ("camera", "zone", "subject", "phase", "confidence", "box") if name in body}
    )
    line["why"] = body.get("fields", {})
    return line


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _seconds(moment: datetime) -> float:
    return round((moment - _BEGIN).total_seconds(), 3)


def _text(line: dict[str, Any]) -> str:
    if line["type"] == "summary":
        took = f"{line['seconds_of_video']} s of video in {line['cpu_s']} s of CPU"
        return f"{line['video']}: {line['frames']} frames, {took}"
    sure = f" {line['confidence']:.2f}" if "confidence" in line else ""
    if line["type"] == "alert":
        text = line["text"]
        return f"{line['at_s']:9.3f} s  ALERT {line['level']} {line['kind']}{sure}  {text['en']}  {text['zh']}"
    phase = line.get("phase", Phase.MOMENT.value)
    fields = " ".join(f"{name}={value}" for name, value in line["why"].items())
    return f"{line['at_s']:9.3f} s  {line['kind']} {phase}{sure} {line.get('subject', '')} {fields}".rstrip()
