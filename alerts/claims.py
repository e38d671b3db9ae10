"""Claims: what rules claim becomes Alerts, at most one open for each (kind, key).

An Alert is held by all rules that claim it, at the highest of their levels; it returns when none is left, and closes
when it has returned and a person resolved it. The open Alert lives in the Cell of the rule that raised it. Part of
the engine: pure, used from its thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from alerts.alert import (
    MOST_EVENTS,
    Alert,
    Change,
    Closed,
    Condition,
    Contradicted,
    Fell,
    Muted,
    Raised,
    Reactivated,
    Recurred,
    Returned,
    Rose,
    Shown,
    Supported,
    Text,
    Withheld,
    alert_id,
    seen_again,
)
from alerts.cells import Cell, Cells, Slot
from alerts.language.muting import muter_of
from alerts.language.places import Places
from alerts.language.rule import Rule
from alerts.language.shape import Claim, Verdict
from alerts.language.words import fill
from config.community import Level
from hub.events import Event
from hub.store.facts import from_us, to_us

RECURRED_AFTER = timedelta(seconds=60)
"""What happens again within this time is counted without an entry in the journal: sensors repeat themselves."""


class Claims:
    """The open Alerts, and what was changed in them."""

    def __init__(self, cells: Cells, places: Places) -> None:
        self.places = places
        self._cells = cells
        self._owners: dict[Slot, Cell] = {}
        self._slots: dict[str, Slot] = {}
        self._by_kind: dict[str, set[Slot]] = {}
        self._muted: set[Slot] = set()
        self._changes: list[Change] = []

    def __iter__(self) -> Iterator[Alert]:
        """The open Alerts in the order of kind and key."""
        return iter([owner.alert for _, owner in sorted(self._owners.items(), key=lambda each: each[0]) if owner.alert])

    def __len__(self) -> int:
        return len(self._owners)

    @property
    def changed(self) -> bool:
        """Whether anything happened since the last call of `take_changes`."""
        return bool(self._changes)

    def take_changes(self) -> list[Change]:
        """What happened since the last call."""
        changes, self._changes = self._changes, []
        return changes

    def register(self, cell: Cell) -> None:
        """Know the open alert in a cell that comes from the store."""
        if cell.alert is not None:
            self._owners[_slot(cell.alert)] = cell
            self._slots[cell.alert.id] = _slot(cell.alert)
            if not cell.alert.shadow:
                self._by_kind.setdefault(cell.alert.kind, set()).add(_slot(cell.alert))
            if cell.alert.muted_by is not None:
                self._muted.add(_slot(cell.alert))

    def open_of(self, kind: str) -> list[Alert]:
        """The open Alerts of a kind that are not in the shadow, in the order of their keys."""
        slots = sorted(self._by_kind.get(kind, ()))
        return [alert for slot in slots if (alert := self._owners[slot].alert) is not None]

    def alert_at(self, slot: Slot | None) -> Alert | None:
        """The open Alert of a slot."""
        owner = None if slot is None else self._owners.get(slot)
        return None if owner is None else owner.alert

    def withhold(self, rule: Rule, cell: Cell, claim: Claim, now_us: int, *, zh: str, en: str, again: bool) -> None:
        """A rule claims something that must not become an alert now, because of `zh` or `en`; `again` as before."""
        alert = self._made(rule, cell, claim, level=_level(rule, claim), now_us=now_us)
        self._changes.append(Withheld(alert, from_us(now_us), zh, en, again))

    def mute(self, muters: Sequence[Rule], now_us: int) -> list[Change]:
        """Hide what an active alert of one of `muters` hides, and show what none hides any more."""
        parents = [
            (alert, rule)
            for rule in muters
            for alert in self.open_of(rule.kind)
            if alert.condition is Condition.ACTIVE and rule.id in alert.holders
        ]
        slots = {slot for found in self._by_kind.values() for slot in found} if parents else self._muted
        for slot in sorted(slots):
            owner = self._owners[slot]
            if owner.alert is None:
                continue
            before, by = owner.alert.muted_by, muter_of(owner.alert, parents, self.places)
            if by == before:
                continue
            change: type[Change] = Muted if before is None else Supported
            if by is None and owner.alert.condition is Condition.ACTIVE:
                change = Shown
            self._put(owner, replace(owner.alert, muted_by=by), change, now_us)
        return self.take_changes()

    def claim(self, rule: Rule, cell: Cell, claim: Claim, now_us: int) -> None:
        """A rule claims that something holds or happened."""
        level = _level(rule, claim)
        owner = self._owners.get((rule.kind, cell.key, rule.shadow))
        if owner is None or owner.alert is None:
            self._raise(rule, cell, claim, level=level, now_us=now_us)
            return
        cell.holds = _slot(owner.alert)
        alert = owner.alert
        begins = claim.verdict is Verdict.HAPPENED or claim.first not in alert.events
        holders = {**alert.holders, rule.id: level}
        seen = from_us(claim.witness.at_us)
        updated = replace(
            seen_again(alert, (claim.first, claim.witness.event) if begins else (), seen),
            holders=holders,
            level=_highest(holders.values()),
            times=alert.times + (1 if begins else 0),
            latched=alert.latched and rule.clear.by_person_only,
            to_reset=alert.to_reset or rule.clear.reset_by_person,
        )
        change: type[Change] = Supported
        if alert.condition is Condition.RETURNED:
            updated = replace(updated, condition=Condition.ACTIVE, returned=None)
            change = Reactivated
        elif updated.level is not alert.level:
            change = Rose if updated.level.rank > alert.level.rank else Fell
        elif begins and seen - alert.last_seen >= RECURRED_AFTER:
            change = Recurred
        if change is not Supported:
            updated = self._worded(updated, rule, claim)
        self._put(owner, updated, change, now_us)

    def release(self, cell: Cell, now_us: int, *, over: bool = False) -> None:
        """The cell's rule claims its alert no longer; with `over` it closes when no other rule does, unresolved."""
        owner = self._owners.get(cell.holds) if cell.holds is not None else None
        cell.supported, cell.clear_us, cell.holds = False, None, None
        if cell.held is not None and cell.held.claim is not None:
            cell.held, cell.held_us = None, None
        if owner is None or owner.alert is None:
            return
        alert = owner.alert
        holders = {rule: level for rule, level in alert.holders.items() if rule != cell.rule}
        if holders:
            level = _highest(holders.values())
            change = Supported if level is alert.level else Fell
            self._put(owner, replace(alert, holders=holders, level=level), change, now_us)
            return
        returned = replace(alert, holders={}, condition=Condition.RETURNED, returned=from_us(now_us))
        self._put(owner, returned, Returned, now_us)
        if alert.resolved or over:
            self._close(owner, now_us)

    def contradict(self, rule: Rule, cell: Cell, event: Event, now_us: int) -> None:
        """If an Event became known too late to keep the rule's alert from ringing, append it to its record."""
        owner = self._owners.get(cell.holds) if cell.holds is not None else None
        alert = None if owner is None else owner.alert
        if owner is None or alert is None or alert.rule != rule.id or alert.condition is not Condition.ACTIVE:
            return
        since_us, raised_us = to_us(alert.started), to_us(alert.raised)
        if rule.shape.contradicts(cell.state, event, since_us=since_us, raised_us=raised_us):
            owner.alert = replace(alert, against=(*alert.against, event.id)[-MOST_EVENTS:])
            self._changes.append(Contradicted(owner.alert, from_us(now_us), event.id, from_us(event.moment_us)))
            self._cells.keep(owner)

    def resolve(self, alert: str, now_us: int, *, resolved: bool) -> None:
        """A person resolved the incident of an alert, or took that back."""
        owner = self._owners.get(self._slots.get(alert, ("", "", False)))
        if owner is None or owner.alert is None:
            return
        owner.alert = replace(owner.alert, resolved=resolved)
        if resolved and (owner.alert.condition is Condition.RETURNED or owner.alert.latched):
            self._close(owner, now_us)
        else:
            self._cells.keep(owner)

    def _raise(self, rule: Rule, cell: Cell, claim: Claim, *, level: Level, now_us: int) -> None:
        alert = self._made(rule, cell, claim, level=level, now_us=now_us)
        self._move_out(cell)
        cell.holds = _slot(alert)
        cell.alert = alert
        self.register(cell)
        self._put(cell, alert, Raised, now_us)

    def _move_out(self, cell: Cell) -> None:
        """Give the alert that a rule raised as another kind, or in the shadow, a cell of its own until it closes."""
        former = cell.alert
        if former is not None:
            home = Cell(f"#{former.kind}{'#shadow' if former.shadow else ''}", cell.key, "", alert=former)
            cell.alert = None
            self.register(home)
            self._cells.keep(home)

    def _made(self, rule: Rule, cell: Cell, claim: Claim, *, level: Level, now_us: int) -> Alert:
        first = claim.first
        if self._taken(cell, alert_id(rule.id, cell.key, first)):  # it was closed while its first event still stood
            first = claim.witness.event
        named = alert_id(rule.id, cell.key, first)
        if self._taken(cell, named):  # the rule raises something else for the same Event
            named = alert_id(rule.id, cell.key, f"{first}\x1f{rule.kind}\x1f{rule.shadow}\x1f{now_us}")
        place, source = claim.witness.place, claim.witness.source
        alert = Alert(
            id=named,
            rule=rule.id,
            rule_version=rule.version,
            kind=rule.kind,
            key=cell.key,
            level=level,
            condition=Condition.ACTIVE,
            started=from_us(claim.since_us),
            raised=from_us(now_us),
            last_seen=from_us(claim.witness.at_us),
            text=Text("", ""),
            do=Text("", ""),
            site=place.get("site"),
            area=place.get("area") or self.places.area_of_site.get(place.get("site", "")),
            camera=place.get("camera"),
            zone=place.get("zone"),
            sensor=source if source in self.places.sensors else None,
            holders={rule.id: level},
            shape=rule.shape_kind,
            events=tuple(dict.fromkeys((first, claim.witness.event))),
            latched=rule.clear.by_person_only,
            to_reset=rule.clear.reset_by_person,
            shadow=rule.shadow,
        )
        return self._worded(alert, rule, claim)

    def _taken(self, cell: Cell, alert: str) -> bool:
        return alert == cell.last_alert or alert in self._slots

    def _worded(self, alert: Alert, rule: Rule, claim: Claim) -> Alert:
        def text(template: str, language: str) -> str:
            return fill(template, claim, self.places, key=alert.key, level=alert.level, language=language)

        return replace(
            alert,
            text=Text(text(rule.say.zh, "zh"), text(rule.say.en, "en")),
            do=Text(text(rule.do.zh, "zh"), text(rule.do.en, "en")),
            facts=dict(claim.facts),
        )

    def _close(self, owner: Cell, now_us: int) -> None:
        alert = owner.alert
        assert alert is not None
        for rule in alert.holders:
            holder = self._cells.get(rule, alert.key)
            if holder is not None:
                holder.supported, holder.clear_us, holder.holds = False, None, None
                self._cells.keep(holder)
        closed = replace(
            alert,
            holders={},
            condition=Condition.CLOSED,
            returned=alert.returned or from_us(now_us),
            muted_by=None,
        )
        self._muted.discard(_slot(alert))
        self._changes.append(Closed(closed, from_us(now_us)))
        del self._owners[_slot(alert)]
        del self._slots[alert.id]
        self._by_kind.get(alert.kind, set()).discard(_slot(alert))
        owner.alert, owner.last_alert = None, alert.id
        self._cells.keep(owner)

    def _put(self, owner: Cell, alert: Alert, change: type[Change], now_us: int) -> None:
        owner.alert = alert
        (self._muted.discard if alert.muted_by is None else self._muted.add)(_slot(alert))
        self._changes.append(change(alert, from_us(now_us)))
        self._cells.keep(owner)


def _level(rule: Rule, claim: Claim) -> Level:
    level = claim.level or rule.level
    if level is None:
        raise ValueError(f"rule {rule.id}: neither the shape nor the rule gives a level")
    return level


def _slot(alert: Alert) -> Slot:
    return (alert.kind, alert.key, alert.shadow)


def _highest(levels: Iterable[Level]) -> Level:
    return max(levels, key=lambda level: level.rank)
