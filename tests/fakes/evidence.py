"""A small hub for evidence: a real database, real recordings and a journal, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from alerts.incidents.incident import Handling, Verdict
from alerts.incidents.views import AlertView, IncidentView
from alerts.store.incidents import write_incident
from alerts.store.journal import write_journal
from alerts.store.lists import Repository
from api.recordings.evidence import Evidence
from api.stills import Stills
from cameras.link import Still
from cameras.recordings.evidence.signing import key_of
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.media import Because, Segment, StreamName
from config.community import Area, Camera, Community, Level, Name, Site, Stream
from config.recording import Evidence as Setting
from hub.bus import Bus
from hub.clock import SetClock
from hub.events import time_to_text
from hub.metrics import Metrics
from hub.store.database import Database
from hub.store.schema import alerts
from tests.fakes.recordings import FPS, footage, write_segment

BEGAN = datetime(2026, 11, 22, 13, 0, 0, tzinfo=UTC)
PICTURE = b"\xff\xd8 a picture"


def at(seconds: float) -> datetime:
    """So long after the recordings began."""
    return BEGAN + timedelta(seconds=seconds)


def community(**setting: Any) -> Community:
    """Two areas; two cameras at one site of the first, one at another site of it, one in the second area."""
    cameras = (("cam-1", "gate"), ("cam-2", "gate"), ("cam-3", "shop"), ("cam-4", "far"))
    sites = (("gate", "group-1"), ("shop", "group-1"), ("far", "group-2"))
    return Community(
        areas=tuple(Area(id=f"group-{n}", name=Name(zh=f"{n}组", en=f"Group {n}")) for n in (1, 2)),
        sites=tuple(Site(id=site, name=Name(en=site), area=area) for site, area in sites),
        cameras=tuple(Camera(id=each, site=site, main=Stream(url="rtsp://192.0.2.1/x")) for each, site in cameras),
        evidence=Setting(**setting),
    )


def alert(name: str, *, raised: datetime, camera: str | None = "cam-1", incident: str = "i1", **more: Any) -> AlertView:
    made = AlertView(
        id=name, incident=incident, rule="r", rule_version=1, kind="fire.smoke", key=name, level=Level.SERIOUS,
        condition="active", site="gate", area="group-1", camera=camera, zone=None, sensor=None, started=raised,
        raised=raised, last_seen=raised, returned=None, times=1, text_zh="烟", text_en="Smoke", do_zh="", do_en="",
        muted_by=None, to_reset=False, why={},
    )  # fmt: skip
    return replace(made, **more)


def incident(*members: AlertView, name: str = "i1", number: int = 12, **more: Any) -> IncidentView:
    first = members[0].raised if members else at(0)
    made = IncidentView(
        id=name, number=number, kind="fire.smoke", level=Level.SERIOUS, handling=Handling.NEW, verdict=Verdict.NONE,
        active=True, muted=False, site="gate", area="group-1", camera="cam-1", opened=first, changed=first, version=1,
        text_zh="烟", text_en="Smoke", alerts=members,
    )  # fmt: skip
    return replace(made, **more)


@dataclass
class Scene:
    """The parts, put together as the hub does."""

    database: Database
    folder: Path
    clock: SetClock
    there: Community = field(default_factory=community)

    def __post_init__(self) -> None:
        self.bus = Bus()
        self.catalog = Catalog(self.database, {"data": self.folder / "recordings"})
        self.stills = Stills(self.folder / "stills", take=lambda _camera, _event: None, metrics=Metrics())
        self.asked: list[str] = []
        self.evidence = self.hub()
        self.evidence.open()

    def hub(self) -> Evidence:
        """Evidence as after a start of the hub, on what the last one left."""
        made = Evidence(
            self.database,
            self.bus,
            self.clock,
            recorded=self.catalog,
            stills=self.stills,
            take=self._take,
            community=lambda: self.there,
            folder=self.folder / "evidence",
            key=key_of(self.folder),
        )
        made.open()
        return made

    def _take(self, camera: str) -> Still:
        self.asked.append(camera)
        return Still(PICTURE, self.clock.now())

    def record(
        self,
        at_s: float,
        seconds: int,
        *,
        camera: str = "cam-1",
        site: str = "gate",
        stream: StreamName = StreamName.MAIN,
        because: Because = Because.ROLLED,
    ) -> Segment:
        """Record real pictures, whose numbers count from `BEGAN`."""
        form, samples = footage(seconds, first=round(at_s * FPS))
        made = write_segment(
            self.folder / "recordings",
            at(at_s),
            form,
            samples,
            camera=camera,
            site=site,
            stream=stream,
            because=because,
        )
        self.catalog.keep_all([made], timeout_s=10)
        return made

    def happens(self, view: IncidentView, move: str = "opened", *, who: str = "engine") -> None:
        """Store an incident with its alerts, and write the move into the journal, as the engine does."""

        def work(connection: Any) -> int:
            new = move == "opened"
            write_incident(connection, view, new=new)
            known = set() if new else set(connection.execute(alerts.select().with_only_columns(alerts.c.id)).scalars())
            for each in view.alerts:
                if each.id not in known:
                    row = {column.name: getattr(each, column.name) for column in alerts.c}
                    row |= {"level": each.level.value}
                    for name in ("started", "raised", "last_seen"):
                        row[name] = time_to_text(row[name])
                    connection.execute(insert(alerts), row)
            entry = {
                "at": time_to_text(self.clock.now()),
                "topic": "incident",
                "subject": view.id,
                "incident": view.id,
                "move": move,
                "who": who,
                "note": "",
                "body": view.to_json(),
            }
            return write_journal(connection, [entry])

        self.database.write(work)

    def moves(self, name: str = "i1") -> Sequence[tuple[str, str]]:
        """What the journal says of evidence: move and who."""
        found = Repository(self.database).history(name)
        return [(entry.move, entry.who) for entry in found if entry.topic == "evidence"]

    def settle(self) -> None:
        """Let both threads do what there is to do now."""
        self.evidence.catch_up()
        while self.evidence.gather():
            pass
