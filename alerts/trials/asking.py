"""Asking: gathers what is stored for the question why a rule did not ring, and answers it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.arming import ARMING_KIND
from alerts.language.places import Places, places_of
from alerts.language.rule import Rule
from alerts.language.rule_store import RuleStore
from alerts.language.rule_text import parse_rule
from alerts.language.rulebook import rule_of
from alerts.trials.backtest import companions
from alerts.trials.whynot import Question, WhyNot, lookback_s, watched_kinds, why_not
from config.community import Camera, Community, Sensor
from hub.errors import NotFoundError
from hub.events import Event
from hub.store.event_log import EventLog, StoredEvent

MOST_EVENTS = 20_000
"""Of all kinds together: about a second of work."""
_LEAST = timedelta(days=1)
_LATE = timedelta(minutes=15)
_MOST_ARMING = 1000
_HEALTH_KINDS = ("sensor.health", "camera.health", "gateway.health")
_MOST_SOURCES = 200


def ask(rule: str, key: str, at: datetime, *, event_log: EventLog, rules: RuleStore, community: Community) -> WhyNot:
    """Why a rule did not ring for a key at a moment.

    Raises:
        NotFoundError: There never was such a rule.
    """
    revision = rules.at(rule, at)
    state = "absent" if revision is None else revision.state
    if revision is None:
        every = rules.versions(rule)
        if not every:
            raise NotFoundError(f"no rule {rule!r}")
        revision = every[-1]
    written = parse_rule(revision.text).body
    asked = rule_of({**written, "state": "live"})
    beside = companions(asked, [each.rule for each in rules.rules() if each.revision.state == "live"])
    wanted_since = at - timedelta(seconds=lookback_s(asked, written))
    since = min(wanted_since, at - _LEAST)
    found, since = _stored(event_log, watched_kinds([asked, *beside]), since, at)
    armed = armed_before(event_log, since) if any(each.around.asks_armed for each in (asked, *beside)) else []
    places = places_of(community)
    question = Question(
        rule=asked,
        written=written,
        state=state,
        beside=beside,
        key=key,
        at=at,
        events=[*armed, *(each.event for each in found)],
        since=since,
        wanted_since=wanted_since,
        offline=list(_offline(event_log, _sources(asked, key, community, places), at)),
        known=_known(asked, key, community),
    )
    return why_not(question, places)


def armed_before(event_log: EventLog, since: datetime) -> list[Event]:
    """What was armed and disarmed before a time, the newest thousand of it, in order: what holds when it begins."""
    found = event_log.events(kind=ARMING_KIND, until=since, limit=_MOST_ARMING)
    return [stored.event for stored in reversed(found) if stored.event.arrived < since]


def _stored(
    event_log: EventLog, kinds: frozenset[str], since: datetime, at: datetime
) -> tuple[list[StoredEvent], datetime]:
    """Events of these kinds up to a little after `at`, and from when on they are complete."""
    wanted = sorted(kinds | set(_HEALTH_KINDS))
    limit = max(1, MOST_EVENTS // len(wanted))
    oldest = event_log.after(0, 1)
    if oldest and oldest[0].seq > 1:  # what came before was removed
        since = max(since, oldest[0].event.arrived)
    found: list[StoredEvent] = []
    for kind in wanted:
        some = event_log.events(kind=kind, since=since, until=at + _LATE, limit=limit)
        if len(some) == limit:
            since = max(since, some[-1].event.at)
        found += some
    return sorted(found, key=lambda each: each.seq), since


def _offline(event_log: EventLog, sources: list[str], at: datetime) -> Iterator[tuple[str, datetime]]:
    """Those that were offline, and since when."""
    for source in sources:
        last = [
            each.event
            for kind in _HEALTH_KINDS
            for each in event_log.events(kind=kind, source=source, until=at, limit=1)
        ]
        if last and last[-1].fields.get("state") == "offline":
            yield source, last[-1].at


def _sources(rule: Rule, key: str, community: Community, places: Places) -> list[str]:
    """The cameras and sensors that might speak for a key."""
    found = []
    kinds = rule.shape.kinds
    devices: tuple[Sensor | Camera, ...] = (*community.sensors, *community.cameras)
    for device in devices:
        speaks = device.kinds if isinstance(device, Sensor) else ()
        if speaks and kinds.isdisjoint(speaks):
            continue
        area = places.area_of_site.get(device.site or "")
        there = {
            "site": device.site == key,
            "household": device.site == key,
            "area": key in places.way_up(area),
        }
        named = device.id == key or key.startswith(f"{device.id}/")
        if any(there.get(name, named) for name in rule.for_each):
            found.append(device.id)
    return found[:_MOST_SOURCES]


def _known(rule: Rule, key: str, community: Community) -> bool:
    """Whether there is such a key, where that can be said."""
    if len(rule.for_each) != 1:
        return True
    devices = [*(each.id for each in community.sensors), *(each.id for each in community.cameras)]
    names = {
        "site": [each.id for each in community.sites],
        "household": [each.id for each in community.sites],
        "area": [each.id for each in community.areas],
        "camera": [each.id for each in community.cameras],
        "device": devices,
        "sensor": devices,
    }.get(rule.for_each[0])
    return names is None or key in names
