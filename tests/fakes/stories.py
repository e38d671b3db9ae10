"""Stories on simulated time: say what was observed at which second, and see which alerts stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.alert import Alert, Change
from alerts.engine import Engine
from alerts.language.places import places_of
from alerts.language.rulebook import RuleBook, load_rules
from config.community import Community
from hub.events import Event, FieldValue, Phase, Quality

START = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)

COMMUNITY = Community.model_validate(
    {
        "areas": [
            {"id": "town", "name": "Town"},
            {"id": "group-1", "name": {"zh": "一组", "en": "Group 1"}, "parent": "town"},
        ],
        "sites": [
            {"id": "hh-017", "name": {"zh": "17号", "en": "House 17"}, "area": "group-1"},
            {"id": "junction-3", "name": {"zh": "三号路口", "en": "Junction 3"}, "area": "group-1", "ring": "road"},
        ],
        "cameras": [
            {
                "id": "cam-1",
                "site": "junction-3",
                "name": {"zh": "路口东", "en": "Junction east"},
                "url": "rtsp://127.0.0.1/1",
                "zones": [
                    {
                        "id": "lane-1",
                        "name": {"zh": "东车道", "en": "East lane"},
                        "use": "lane",
                        "points": [[0, 0], [1, 0], [1, 1]],
                    },
                    {"id": "yard", "use": "guarded", "points": [[0, 0], [1, 0], [1, 1]]},
                ],
            }
        ],
        "sensors": [
            {"id": "smoke-17", "site": "hh-017", "name": {"zh": "厨房烟感", "en": "Kitchen smoke detector"}},
            {"id": "river-1", "site": "junction-3"},
        ],
    }
)


def moment(at_s: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=at_s)


def event(
    kind: str,
    at_s: float,
    *,
    source: str = "smoke-17",
    arrives_s: float | None = None,
    quality: tuple[Quality, ...] = (),
    phase: Phase = Phase.MOMENT,
    fields: dict[str, FieldValue] | None = None,
    **parts: Any,
) -> Event:
    """An Event at so many seconds after the start; its id is made of what is in it."""
    arrived = moment(at_s if arrives_s is None else arrives_s)
    given = fields or {}
    name = f"{kind}:{source}:{parts.get('subject', '')}:{at_s:g}:{phase}:{sorted(given.items())}"
    parts.setdefault("site", "hh-017" if "camera" not in parts else "junction-3")
    return Event(
        id=parts.pop("id", name),
        kind=kind,
        at=moment(at_s),
        arrived=arrived,
        source=source,
        driver="story",
        phase=phase,
        fields=given,
        quality=frozenset(quality),
        **parts,
    )


def seen(kind: str, at_s: float, *, track: str = "7", camera: str = "cam-1", **parts: Any) -> Event:
    """An Event of a camera about one of its tracks."""
    parts.setdefault("phase", Phase.GOES_ON)
    return event(kind, at_s, source=camera, camera=camera, subject=track, **parts)


def health(kind: str, at_s: float, source: str, state: str) -> Event:
    """A HealthChange."""
    camera = {"camera": source} if kind == "camera.health" else {}
    return event(kind, at_s, source=source, fields={"state": state, "reason": "story"}, **camera)  # type: ignore[arg-type]


class Story:
    """An Engine to which things happen in order of arrival."""

    def __init__(self, book: RuleBook, community: Community = COMMUNITY) -> None:
        self.engine = Engine(book, places_of(community))
        self.community = community
        self.changes: list[Change] = []

    def happens(self, *events: Event) -> list[str]:
        """Let Events arrive.

        Returns:
            What changed, as `move kind`, without what has no move.
        """
        return self._noted([change for each in events for change in self.engine.handle(each)])

    def passes(self, at_s: float) -> list[str]:
        """Let time pass up to so many seconds after the start."""
        return self._noted(self.engine.advance(moment(at_s)))

    def restarts(self) -> None:
        """Stop the engine and go on with another that has only what was stored."""
        states = self.engine.snapshot()
        old, self.engine = self.engine, Engine(self.engine.book, places_of(self.community))
        assert self.engine.restore(states, START) == []
        assert self.engine.snapshot() == old.snapshot()

    def moves_to(self, community: Community, at_s: float) -> list[str]:
        """Change the community."""
        self.community = community
        return self._noted(self.engine.call_places(places_of(community), moment(at_s)))

    def reloads(self, book: RuleBook, at_s: float) -> list[str]:
        """Change the rules."""
        return self._noted(self.engine.reload(book, moment(at_s)))

    @property
    def alerts(self) -> list[Alert]:
        """Those that are active."""
        return [alert for alert in self.engine.open_alerts() if alert.condition == "active"]

    @property
    def active(self) -> list[str]:
        """The active ones as `kind level`."""
        return [f"{alert.kind} {alert.level}" for alert in self.alerts]

    def _noted(self, changes: list[Change]) -> list[str]:
        self.changes += changes
        return [f"{change.move} {change.alert.kind}" for change in changes if change.move]


def book_of(folder: Path, *rules: str) -> RuleBook:
    """Rules written as YAML, loaded as from their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yaml").write_text("\n".join(rules), encoding="utf-8")
    return load_rules(folder)
