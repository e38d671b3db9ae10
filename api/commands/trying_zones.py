"""Trying zones: a camera's zones, lines and ground tried over what it followed of late, in a process beside the hub.

    python -m api.commands.trying_zones

takes an order as one JSON line and answers as `api.commands.backtesting` does. What was followed is replayed twice, as
the camera is and as it is to be, and all rules that listen to it run over both, with everything else that was stored.
Where there is no trace, the Events that were told are put into the zones by their boxes.
"""

from __future__ import annotations

import heapq
import itertools
import json
import os
import resource
import sys
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from alerts.language.places import places_of
from alerts.language.rule import Rule
from alerts.trials.backtest import Episode, backtest, companions
from api.commands.backtesting import MEMORY_BYTES, end_with_input, say
from api.history import History, history_of
from cameras.traces.keeping import Traces, moment
from cameras.traces.replaying import FOLLOWED, JUDGED, Places, Replay
from config.community import Camera, ZoneUse
from hub.clock import SystemClock
from hub.errors import HubError, NotFoundError
from hub.events import Event, Phase, time_from_text, time_to_text
from hub.store.database import Database

_LOWEST: Final = 15
_JOINED: Final = timedelta(seconds=30)
"""Between two chunks: the next one begins with the look after."""
_SAME: Final = timedelta(seconds=30)
MOST_TOLD: Final = 200
_MOST_GAPS: Final = 48
_UNSEEN: Final = (ZoneUse.IGNORE, ZoneUse.PRIVATE)
_MOVED_IN: Final = (ZoneUse.LANE, ZoneUse.GUARDED, ZoneUse.WALL)
_BY_PIXELS: Final = (ZoneUse.CLEAR, ZoneUse.FIXTURE, ZoneUse.FLAME)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Run:
    """What a camera would have told, and what rules would have made of it."""

    mine: list[Event]
    episodes: tuple[Episode, ...]


def try_zones(
    history: History, traces: Traces, before: Camera, after: Camera, *, since: datetime, until: datetime
) -> dict[str, Any]:
    """What would have been other with `after` in place of `before` between two times, as JSON types."""
    chunks = list(traces.read(before.id, since, until))
    covered = _joined((max(moment(each.from_ms), since), min(moment(each.to_ms), until)) for each in chunks)
    site = history.community.site(before.site)
    area = None if site is None else site.area
    live = [each.rule for each in history.rules.rules() if each.revision.state == "live"]
    tried = [rule for rule in live if any(kind.startswith("camera.") for kind in rule.kinds)]
    tried = list({rule.id: rule for one in tried for rule in (one, *companions(one, live))}.values())
    longest_s = min(max((rule.looks_back_s for rule in tried), default=0.0), 86_400.0)
    begin = since - timedelta(seconds=longest_s)
    stored = [*history.armed_before(begin), *history.between(begin, until, tried)]
    told = _told_of(history, before.id, since, until)
    runs = []
    for camera in (before, after):
        dates = history.community.dates_for(camera)
        replayed = [event for event in Replay(camera, area, since, dates).run(chunks) if since <= event.at < until]
        placing = Places(camera, dates)
        kept = (placing.placed_anew(event) for event in told if not _is_replayed(event, covered))
        mine = sorted([*replayed, *(event for event in kept if event is not None)], key=attrgetter("arrived"))
        others = [event for event in stored if event.camera != before.id or event.arrived < since]
        community = history.community
        cameras = tuple(camera if each.id == camera.id else each for each in community.cameras)
        places = places_of(community.model_copy(update={"cameras": cameras}))
        found = backtest(tried, _merged(others, mine), places=places, since=since, until=until)
        ids = {event.id for event in mine}
        runs.append(_Run(mine, tuple(each for each in found.episodes if not ids.isdisjoint(each.alert.events))))
    covered_s = sum((end - start).total_seconds() for start, end in covered)
    return {
        **_alerts(*runs, rules={rule.id: rule for rule in tried}),
        **_visits(*runs),
        "covered_s": round(covered_s),
        "asked_s": round((until - since).total_seconds()),
        "gaps": [[time_to_text(start), time_to_text(end)] for start, end in _gaps(covered, since, until)][:_MOST_GAPS],
        "unjudged": sorted(_unjudged(before, after, covered)),
        "events": len(runs[1].mine),
    }


def _merged(others: Iterable[Event], mine: Iterable[Event]) -> Iterator[Event]:
    return heapq.merge(sorted(others, key=attrgetter("arrived")), mine, key=attrgetter("arrived"))


def _told_of(history: History, camera: str, since: datetime, until: datetime) -> list[Event]:
    """What was stored of the camera, but what says nothing new."""
    found: list[Event] = []
    for kind in sorted(kind for kind in history.events.kinds() if kind.startswith("camera.")):
        rows = history.events.events(kind=kind, source=camera, since=since, until=until, limit=20_000)
        found += [row.event for row in rows]
    return sorted(found, key=attrgetter("arrived"))


def _is_replayed(event: Event, covered: Iterable[Span]) -> bool:
    """Whether the trace tells it anew; where there is none, what is followed stays as it was told."""
    if event.kind not in JUDGED:
        return False
    return event.kind not in FOLLOWED or any(start <= event.at <= end + _JOINED for start, end in covered)


def _alerts(before: _Run, after: _Run, *, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Alerts that are new, and those that are gone; each in one of them has its like in the other, or has none."""
    left = list(before.episodes)
    new = []
    for each in after.episodes:
        like = next((one for one in left if _is_like(one, each)), None)
        if like is None:
            new.append(each)
        else:
            left.remove(like)
    changed = sorted(
        [*(("new", each) for each in new), *(("gone", each) for each in left)], key=lambda pair: pair[1].began
    )
    return {
        "alerts_before": len(before.episodes),
        "alerts_after": len(after.episodes),
        "alerts_new": len(new),
        "alerts_gone": len(left),
        "alerts": [
            {
                "change": change,
                "rule": each.alert.rule,
                "name": _name(rules[each.alert.rule]),
                "kind": each.alert.kind,
                "level": each.alert.level.value,
                "text": {"zh": each.alert.text.zh, "en": each.alert.text.en},
                "zone": each.alert.zone,
                "began": time_to_text(each.began),
                "ended": None if each.ended is None else time_to_text(each.ended),
                "at": time_to_text(each.alert.started),
                "muted": each.alert.muted_by is not None,
            }
            for change, each in changed[:MOST_TOLD]
        ],
    }


def _is_like(one: Episode, other: Episode) -> bool:
    same = (one.alert.rule, one.alert.key) == (other.alert.rule, other.alert.key)
    return same and abs(one.began - other.began) <= _SAME


def _name(rule: Rule) -> dict[str, str]:
    return {"zh": rule.name.in_language("zh"), "en": rule.name.in_language("en")}


_Place = tuple[str, str, str | None, str | None]


def _visits(before: _Run, after: _Run) -> dict[str, Any]:
    """Who was where, or did what, in one and not in the other."""
    one, other = _seen(before.mine), _seen(after.mine)
    changed = [("gone", key, seen) for key, seen in one.items() if key not in other]
    changed += [("new", key, seen) for key, seen in other.items() if key not in one]
    changed.sort(key=lambda each: each[2][0].at)
    return {
        "visits_before": len(one),
        "visits_after": len(other),
        "visits_new": sum(change == "new" for change, _, _ in changed),
        "visits_gone": sum(change == "gone" for change, _, _ in changed),
        "visits": [_visit(change, key, seen) for change, key, seen in changed[:MOST_TOLD]],
    }


def _visit(change: str, key: _Place, seen: list[Event]) -> dict[str, Any]:
    first, (_, kind, zone, line) = seen[0], key
    label = first.fields.get("label")
    box = first.box
    return {
        "change": change,
        "kind": kind,
        "label": label if isinstance(label, str) else None,
        "zone": zone,
        "line": line,
        "side": str(first.fields["side"]) if line is not None else None,
        "at": time_to_text(first.at),
        "until": time_to_text(seen[-1].at),
        "box": None if box is None else [round(each, 4) for each in (box.x, box.y, box.w, box.h)],
    }


def _seen(events: Iterable[Event]) -> dict[_Place, list[Event]]:
    found: dict[_Place, list[Event]] = {}
    for event in events:
        line = event.fields.get("line")
        if event.kind == "camera.count" or (event.zone is None and line is None and event.kind in FOLLOWED):
            continue
        if event.phase is Phase.ENDED and event.kind not in FOLLOWED:
            continue
        key = (event.subject or event.id, event.kind, event.zone if line is None else None, line)
        found.setdefault((key[0], key[1], key[2], str(line) if line is not None else None), []).append(event)
    return found


def _unjudged(before: Camera, after: Camera, covered: list[Span]) -> set[str]:
    """Codes of what cannot be told, or not exactly."""
    found = {"pixels"}
    if not covered:
        found.add("no_trace")
        if {line.points for line in after.lines} != {line.points for line in before.lines}:
            found.add("lines")
    if _limits(before, _UNSEEN) - _limits(after, _UNSEEN):
        found.add("hidden_before")
    if _moved_in(after) and not _moved_in(before):
        found.add("movers")
    if _limits(after, _BY_PIXELS) - _limits(before, _BY_PIXELS):
        found.add("by_pixels")
    return found


def _limits(camera: Camera, uses: Collection[ZoneUse]) -> set[tuple[object, ...]]:
    """Where, when and for what zones of such a use count."""
    return {(zone.use, zone.points, zone.hours, zone.classes) for zone in camera.zones if zone.use in uses}


def _moved_in(camera: Camera) -> bool:
    asked = any(detector.kind == "movers" for detector in camera.detectors)
    return asked or bool(camera.lines) or any(zone.use in _MOVED_IN for zone in camera.zones)


def _joined(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if end < start:
            continue
        if found and start - found[-1][1] <= _JOINED:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _gaps(covered: list[Span], since: datetime, until: datetime) -> list[Span]:
    edges = [since, *itertools.chain.from_iterable(covered), until]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start > _JOINED]


def main() -> None:
    """Carry out the order on standard input."""
    os.nice(_LOWEST)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_input, daemon=True).start()
    try:
        say({"done": _carry_out(order)})
    except (HubError, MemoryError) as error:
        say({"failed": str(error) or "it took more memory than it may"})
    os._exit(0)


def _carry_out(order: Mapping[str, Any]) -> dict[str, Any]:
    clock = SystemClock()
    since, until = (time_from_text(order[name]).astimezone(UTC) for name in ("since", "until"))
    with history_of(Database(order["url"], clock=clock), clock) as history:
        before = history.community.camera(order["camera"])
        if before is None:
            raise NotFoundError(f"there is no camera {order['camera']!r}")
        whole = before.model_dump(mode="json", context={"secrets": True}) | dict(order["change"])
        after = Camera.model_validate(whole)
        return try_zones(history, Traces(Path(order["traces"])), before, after, since=since, until=until)


if __name__ == "__main__":
    main()
