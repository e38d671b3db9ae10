"""Withholding: whether a claim may become an alert now, and the memory of what speaks against it.

Only what would ring is held back: an alert that stands already is supported and ends as it would without any of this.
A claim that holds on is looked at again when the answer may be another; one that was true for a moment is gone. Part
of the engine: pure, used from its thread, all memory in Cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from alerts.alert import Alert, Condition
from alerts.arming import ARMING_KIND, Arming
from alerts.cells import Cell, Cells
from alerts.claims import Claims
from alerts.held import NOTED_AGAIN_US, TOLD_AGAIN_US, Held
from alerts.language.around import alert_place, place_of
from alerts.language.duration import duration_text
from alerts.language.kinds import ALERT_KINDS
from alerts.language.pattern import Answer
from alerts.language.rule import Rule
from alerts.language.shape import NO_STATE, Claim, Verdict, moment_us
from hub.calendar import Window
from hub.events import Event
from hub.store.facts import to_us

GUARD = "#unless"
"""Ends the rule id of the cells in which it is remembered what withholds; no rule can be called so."""

_SAME_ZH = {"site": "同一地点", "household": "同一户", "area": "同一区域", "camera": "同一摄像头", "zone": "同一画面区"}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a claim is held back.

    Attributes:
        zh, en: In words, to stand after "because".
        until_us: When to look again, None when that is told otherwise.
        told_until_us: Until when one entry in the journal is enough.
    """

    zh: str
    en: str
    until_us: int | None
    told_until_us: int


class Withholding:
    """What is held back, and why."""

    def __init__(self, cells: Cells, claims: Claims) -> None:
        self._cells = cells
        self._claims = claims
        self.arming = Arming(cells)

    def reason(self, rule: Rule, claim: Claim, now_us: int) -> Reason | None:
        """Why a claim must not become an alert now; None when it may."""
        around = rule.around
        moment = claim.witness.at_us if claim.verdict is Verdict.HAPPENED else now_us
        only, excluded = around.only, around.excluded
        if only is not None and self._holds(only, claim, moment) is False:
            zh, at = only.words("zh"), _at(only.words("en"))
            return _of_hours(only, now_us, f"只在 {zh} 计入", f"it counts only {at}")
        if excluded is not None and self._holds(excluded, claim, moment):
            zh, en = excluded.words("zh"), excluded.words("en")
            return _of_hours(excluded, now_us, f"{zh} 除外", f"{en} is excepted")
        return self._unless(rule, claim, now_us)

    def hold(self, rule: Rule, cell: Cell, claim: Claim, *, reason: Reason, now_us: int) -> None:
        """Keep a claim back, and tell it unless that was done for this claim, or a short while ago."""
        before = cell.held
        noted_us = now_us if before is None else before.noted_us
        told_until_us = reason.told_until_us if before is None else before.told_until_us
        another = before is not None and (before.first != claim.first or claim.verdict is Verdict.HAPPENED)
        if before is None or (another and now_us - before.noted_us >= NOTED_AGAIN_US):
            again = before is not None and now_us < before.told_until_us
            noted_us, told_until_us = now_us, told_until_us if again else reason.told_until_us
            self._claims.withhold(rule, cell, claim, now_us, zh=reason.zh, en=reason.en, again=again)
        cell.held = Held(claim.first, noted_us, rule.around.digest, told_until_us)
        if claim.verdict is Verdict.HOLDS:
            cell.supported = True
            cell.held = replace(cell.held, claim=claim)
            cell.held_us = reason.until_us
        elif before is not None and before.claim is not None:  # another claim of this key still stands
            cell.held = replace(cell.held, first=before.first, claim=before.claim)
        else:
            cell.held_us = told_until_us
        self._cells.keep(cell)

    def let_go(self, cell: Cell, now_us: int) -> None:
        """What is held back in a cell is over; only the note of it is kept for a while."""
        if cell.held is None or cell.held.claim is None:
            return
        until_us = cell.held.told_until_us
        cell.held = replace(cell.held, claim=None) if until_us > now_us else None
        cell.held_us = until_us if cell.held is not None else None

    def sees(self, rule: Rule, event: Event, now_us: int) -> bool:
        """Take note of an Event of a kind that the rule's `unless` names.

        Returns:
            Whether what is held back has to be looked at again.
        """
        if event.kind == ARMING_KIND and rule.around.asks_armed:
            return True
        unless = rule.around.unless
        if unless is None:
            return False
        there = {"site": event.site, "area": event.area, "camera": event.camera, "zone": event.zone}
        value = place_of(unless.same, there, self._claims.places)
        if value is None:
            return False
        at_us = moment_us(event)
        if event.kind in unless.until:
            guard = self._guard(rule, value)
            newest_us = max(at_us, guard.state.get("ended_us", at_us))
            self._keep(guard, {**guard.state, "ended_us": newest_us}, newest_us + unless.within_us, now_us)
            return True
        if unless.pattern.judge(event) is Answer.YES:
            self._note(rule, value, at_us, now_us)
        return False

    def ended(self, rule: Rule, alert: Alert, now_us: int) -> None:
        """An alert of a kind that the rule's `unless` names is active no more."""
        unless = rule.around.unless
        if unless is None or alert.returned is None:
            return
        value = place_of(unless.same, alert_place(alert), self._claims.places)
        if value is not None:
            self._note(rule, value, to_us(alert.returned), now_us)

    @staticmethod
    def forget(guard: Cell) -> None:
        """The time of what a guard remembers is over."""
        guard.state, guard.due_us = NO_STATE, None

    def _holds(self, window: Window, claim: Claim, at_us: int) -> bool | None:
        armed = window.asks_armed and self.arming.armed(claim.witness.place, at_us, self._claims.places)
        return window.holds(at_us, armed=armed)

    def _unless(self, rule: Rule, claim: Claim, now_us: int) -> Reason | None:
        unless = rule.around.unless
        if unless is None:
            return None
        value = place_of(unless.same, claim.witness.place, self._claims.places)
        if value is None:
            return None
        values = (value,) if unless.same != "area" else tuple(self._claims.places.way_up(value))
        same = _SAME_ZH[unless.same]
        for kind in sorted(unless.pattern.kinds & ALERT_KINDS.keys()):
            for alert in self._claims.open_of(kind):
                there = place_of(unless.same, alert_place(alert), self._claims.places)
                if alert.condition is Condition.ACTIVE and there in values:
                    told_until_us = now_us + NOTED_AGAIN_US
                    return Reason(f"{same}有 {kind}", f"of {kind} at the same {unless.same}", None, told_until_us)
        until_us = max((self._guarded_until_us(rule, each, unless.within_us) for each in values), default=0)
        if until_us <= now_us:
            return None
        kinds, within = ", ".join(sorted(unless.pattern.kinds)), duration_text(unless.within_us / 1e6)
        zh, en = f"{same} {within} 内有 {kinds}", f"of {kinds} within {within} at the same {unless.same}"
        return Reason(zh, en, until_us, now_us + NOTED_AGAIN_US)

    def _guarded_until_us(self, rule: Rule, value: str, within_us: int) -> int:
        """How long what was seen at `value` withholds; 0 when nothing does."""
        guard = self._cells.get(rule.id + GUARD, value)
        if guard is None or "at_us" not in guard.state or guard.state["at_us"] <= guard.state.get("ended_us", -1):
            return 0
        return int(guard.state["at_us"]) + within_us

    def _note(self, rule: Rule, value: str, at_us: int, now_us: int) -> None:
        assert rule.around.unless is not None
        guard = self._guard(rule, value)
        newest_us = max(at_us, guard.state.get("at_us", at_us))
        self._keep(guard, {**guard.state, "at_us": newest_us}, newest_us + rule.around.unless.within_us, now_us)

    def _guard(self, rule: Rule, value: str) -> Cell:
        assert rule.around.unless is not None
        digest = rule.around.unless.digest
        return self._cells.get(rule.id + GUARD, value) or Cell(rule.id + GUARD, value, digest)

    def _keep(self, guard: Cell, state: dict[str, int], until_us: int, now_us: int) -> None:
        until_us = max(until_us, guard.due_us or 0)
        if until_us <= now_us:
            return
        guard.state, guard.due_us = state, until_us
        self._cells.keep(guard)


def _of_hours(window: Window, now_us: int, zh: str, en: str) -> Reason:
    """What hours hold back, or armed mode: in the journal once as long as they do, but not less than every day."""
    change_us = window.next_change_us(now_us)
    latest_us = now_us + TOLD_AGAIN_US
    told_until_us = latest_us if change_us is None else min(change_us, latest_us)
    return Reason(zh, en, change_us, max(told_until_us, now_us + NOTED_AGAIN_US))


def _at(hours: str) -> str:
    return hours if hours.startswith("while ") else f"at {hours}"
