"""Engine: Events in, changes of Alerts out. A pure fold.

The same Events in the same order give the same Changes, whether they come one by one, after a restart in between, or in
a replay: there is no I/O, no clock and no chance here. Time is that of the Events' arrival and of `advance`. All memory
is in Cells, which `take_unsaved` hands out for storing and `restore` takes back. Used from one thread.

A person's resolving reaches the engine as an Event, like everything else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from alerts.alert import Alert, Change, Closed, Returned
from alerts.arming import ARMING_KIND
from alerts.cells import Cell, Cells, StoredState, Unsaved
from alerts.claims import Claims
from alerts.counts import Counts
from alerts.language.interests import Interests, Listener
from alerts.language.pattern import Answer
from alerts.language.places import Places
from alerts.language.rule import Rule
from alerts.language.rulebook import RuleBook
from alerts.language.shape import NO_STATE, Claim, Step, Verdict
from alerts.reconciling import reconcile
from alerts.withholding import GUARD, Withholding
from hub.events import Event, from_us, to_us

logger = logging.getLogger(__name__)

RESOLVED_KIND = "alert.resolved"
"""Event kind: a person resolved the incident of the alert that is the event's subject."""
REOPENED_KIND = "alert.reopened"
"""Event kind: a person took that back."""

NOTED_KINDS = frozenset({RESOLVED_KIND, REOPENED_KIND, ARMING_KIND})
HEALTH_SUFFIX = ".health"
AFRESH_KIND = "camera.health"
"""A camera that is back counts its tracks anew, so what it had seen before will never be ended by it. A sensor goes on
with the state it has, and will say so."""

SETTLE_US = 30_000_000
"""A camera that is back says by then whether what it had seen is still there: states are repeated every 10 s."""

_FAILED = "rule failed"
_RETRY_US = 1_000_000
"""A shape that wants to be called at a time that is past is called a second later, so that it cannot stop the clock."""


class Engine:
    """The rules at work."""

    def __init__(self, book: RuleBook, places: Places) -> None:
        self.counts = Counts()
        self._held_us = 0
        self._again: list[Rule] = []
        self._take_book(book, places)
        self._cells = Cells(self._streams)
        self._claims = Claims(self._cells, places)
        self._withholding = Withholding(self._cells, self._claims)

    @property
    def book(self) -> RuleBook:
        """The rules in force."""
        return self._book

    @property
    def places(self) -> Places:
        """The community in which they are."""
        return self._claims.places

    def call_places(self, places: Places, now: datetime) -> list[Change]:
        """Use other names, areas and calendars; what a camera or sensor said that is no longer there is over."""
        before, self._claims.places = self._claims.places, places
        self._take_book(self._book, places)
        gone = {*before.cameras, *before.sensors} - {*places.cameras, *places.sensors}
        now_us = to_us(now)
        for source in sorted(gone):
            for rule_id, key in self._cells.fed_by(source):
                cell, rule = self._cells.get(rule_id, key), self._book.by_id.get(rule_id)
                if cell is None or rule is None:
                    continue
                over = self._drop(rule, cell, source, now_us)
                if over and not rule.clear.by_person_only:
                    self._claims.release(cell, now_us)
                    self._cells.keep(cell)
        for cell in list(self._cells):
            self._surround(cell, now_us)
        return self._settled(now_us)

    def handle(self, event: Event) -> list[Change]:
        """What an Event changes; timers that ran out before its arrival come first."""
        now_us = event.arrived_us
        changes = self._advance(now_us) if self.may_be_due(now_us) else []
        self.counts.events += 1
        if event.kind in NOTED_KINDS or event.kind.endswith(HEALTH_SUFFIX):
            self._take_note(event, now_us)
        for rule in self._book.watchers.get(event.kind, ()):
            self._guarded(rule, self._watch, event, now_us)
        for listener in self._interests.listeners(event, self._cells):
            try:
                self._feed(listener, event, now_us)
            except Exception:
                self.counts.failed[listener.rule.id] += 1
                logger.exception(_FAILED, extra={"rule": listener.rule.id})
        while self._again:
            self._look_at_all(self._again.pop(0), now_us)
        return changes + self._settled(now_us) if self._claims.changed else changes

    def may_be_due(self, now_us: int) -> bool:
        """Whether `advance` could change anything by then; asked for every Event."""
        return self._cells.first_us <= now_us

    def advance(self, now: datetime) -> list[Change]:
        """What the passing of time up to `now` changes."""
        now_us = to_us(now)
        return self._advance(now_us) if self.may_be_due(now_us) else []

    def _advance(self, now_us: int) -> list[Change]:
        changes: list[Change] = []
        while now_us >= self._held_us and (due := self._cells.pop_due(now_us)) is not None:
            due_us, cell = due
            at_us = max(due_us, self._held_us)
            rule = self._book.by_id.get(cell.rule)
            if cell.due_us == due_us:
                cell.due_us = None
                if rule is not None:
                    self._guarded(rule, self._on_due, cell, at_us)
                elif cell.rule.endswith(GUARD):
                    self._withholding.forget(cell)
            if cell.held_us == due_us:
                cell.held_us = None
                if rule is not None:
                    self._guarded(rule, self._look_again, cell, at_us)
            if cell.clear_us == due_us:
                self._claims.release(cell, at_us)
            self._cells.keep(cell)
            changes += self._settled(at_us)
        return changes

    def next_due(self) -> datetime | None:
        """When `advance` is wanted next."""
        due_us = self._cells.next_due_us()
        return None if due_us is None else from_us(max(due_us, self._held_us))

    def hold_timers(self, until: datetime) -> None:
        """Let no timer run out before `until`.

        For the start of a hub: what was held when it stopped may have ended meanwhile, and whoever knows must be heard
        first. Timers that would have run out are due then.
        """
        self._held_us = to_us(until)

    def open_alerts(self) -> list[Alert]:
        """All that are active or returned and not closed, in the order of kind and key."""
        return list(self._claims)

    @property
    def open_count(self) -> int:
        """How many alerts are not closed; may be asked from any thread."""
        return len(self._claims)

    def known(self) -> dict[str, int]:
        """By rule, the events that it understood; may be asked from any thread."""
        return self._interests.known(self.counts)

    def reload(self, book: RuleBook, now: datetime) -> list[Change]:
        """Take other rules. State is kept where shape and key are the same; what a rule no longer claims returns.

        What stands is claimed anew where a rule raises something else now, or came out of the shadow.
        """
        self._take_book(book, self._claims.places)
        now_us = to_us(now)
        for cell in list(self._cells):
            stood = reconcile(
                cell, self._book, now_us, cells=self._cells, claims=self._claims, withholding=self._withholding
            )
            if stood is not None:
                self._act(self._book.by_id[cell.rule], cell, stood, now_us)
                cell.supported = stood.verdict is Verdict.HOLDS
                self._cells.keep(cell)
            self._surround(cell, now_us)
        return self._settled(now_us) + self._claims.mute(self._book.muters, now_us)

    def snapshot(self) -> tuple[StoredState, ...]:
        """All memory."""
        return tuple(cell.to_stored() for cell in self._cells)

    def take_unsaved(self) -> Unsaved:
        """The memory that changed since the last call."""
        return self._cells.take_unsaved()

    def restore(self, states: Iterable[StoredState], now: datetime) -> list[Change]:
        """Begin with the memory of an earlier engine, under the rules of this one."""
        self._cells = Cells(self._streams)
        self._claims = Claims(self._cells, self._claims.places)
        self._withholding = Withholding(self._cells, self._claims)
        for stored in states:
            cell = Cell.from_stored(stored)
            self._cells.keep(cell)
            self._claims.register(cell)
        self._cells.take_unsaved()
        return self.reload(self._book, now)

    def _guarded(self, rule: Rule, work: Callable[..., None], subject: Event | Cell, now_us: int) -> None:
        """Run one rule; one that fails is counted, and the others go on."""
        try:
            work(rule, subject, now_us)
        except Exception:
            self.counts.failed[rule.id] += 1
            logger.exception(_FAILED, extra={"rule": rule.id})

    def _take_book(self, book: RuleBook, places: Places) -> None:
        self._book = book.on(places)
        self._interests = Interests(self._book.by_kind)

    def _take_note(self, event: Event, now_us: int) -> None:
        """What the engine itself has to know: who is silent, what people did, what is armed."""
        if event.kind.endswith(HEALTH_SUFFIX):
            self._on_health(event, now_us)
        elif event.kind == ARMING_KIND:
            self._withholding.arming.note(event)
        else:
            self._claims.resolve(event.subject or "", now_us, resolved=event.kind == RESOLVED_KIND)

    def _feed(self, listener: Listener, event: Event, now_us: int) -> None:
        rule, cells = listener.rule, self._cells
        key = listener.key_of(event)
        if cells.standing(event.stream):
            for other in cells.keys_of(rule.id, event.stream):
                left = cells.get(rule.id, other)
                if other != key and left is not None:
                    self._take(rule, left, rule.shape.on_left(left.state, event, now_us), now_us)
        reach = rule.around.reach
        if reach is not None and not reach.sees(event):
            return
        if listener.calm is not None and key is not None and cells.stays_calm(rule.id, key, event, listener.calm):
            self.counts.known[rule.id] += 1
            return
        if listener.told:
            self._tell(rule, key, event, now_us)
            if rule.near_m is not None:
                for near in rule.keys_near(event, self._claims.places):
                    self._tell(rule, near, event, now_us, near=True)
        if listener.clears and key is not None:
            self._clear_when(rule, key, event, now_us)

    def _tell(self, rule: Rule, key: str | None, event: Event, now_us: int, *, near: bool = False) -> None:
        """Tell a shape what happened for one of its keys, or near it. Unknown is, too, what would count for no key."""
        cell = None if key is None else self._cells.get(rule.id, key)
        if cell is not None and cell.holds is not None:
            self._claims.contradict(rule, cell, event, now_us)
        on_event = rule.shape.on_near if near else rule.shape.on_event
        step = on_event(NO_STATE if cell is None else cell.state, event, now_us)
        if step.unknown or (key is None and (step.due_us or any(c.verdict is not Verdict.OVER for c in step.claims))):
            self.counts.unknown[rule.id] += 1
        else:
            self.counts.known[rule.id] += 1
        if cell is not None:
            self._take(rule, cell, step, now_us)
        elif key is not None and (step.state or step.claims):
            self._take(rule, Cell(rule.id, key, rule.hash), step, now_us)

    def _on_due(self, rule: Rule, cell: Cell, now_us: int) -> None:
        step = rule.shape.on_due(cell.state, now_us)
        if step.due_us is not None and step.due_us <= now_us:
            step = step._replace(due_us=now_us + _RETRY_US)
        self._take(rule, cell, step, now_us)

    def _clear_when(self, rule: Rule, key: str, event: Event, now_us: int) -> None:
        cell = self._cells.get(rule.id, key)
        if cell is None or rule.clear.when is None or rule.clear.when.judge(event) is not Answer.YES:
            return
        if cell.supported and event.kind in rule.shape.kinds:
            return  # this device is well, but another of the same key is not
        self._claims.release(cell, now_us)
        self._cells.keep(cell)

    def _take(self, rule: Rule, cell: Cell, step: Step, now_us: int) -> None:
        """Remember what a shape made of it, and act on what it claims."""
        if step.state is cell.state and not step.claims and step.due_us == cell.due_us:
            return
        keep = self._cells.keep if step.claims or step.due_us != cell.due_us else self._cells.moved
        cell.state, cell.due_us = step.state, step.due_us
        for claim in step.claims:
            self._act(rule, cell, claim, now_us)
        keep(cell)

    def _act(self, rule: Rule, cell: Cell, claim: Claim, now_us: int) -> None:
        clear = rule.clear
        if claim.verdict is not Verdict.OVER:
            if cell.holds is None and not self._may_ring(rule, cell, claim, now_us):
                return
            cell.held, cell.held_us = None, None
            cell.supported = True
            cell.clear_us = rule.clear.due_us(now_us) if claim.verdict is Verdict.HAPPENED else None
            self._claims.claim(rule, cell, claim, now_us)
            return
        cell.supported = False
        if cell.holds is None:
            self._withholding.let_go(cell, now_us)
            return
        if clear.after_s is not None:
            cell.clear_us = cell.clear_us or rule.clear.due_us(now_us)
        elif clear.when is None and not clear.latch:
            self._claims.release(cell, now_us)

    def _may_ring(self, rule: Rule, cell: Cell, claim: Claim, now_us: int) -> bool:
        """Whether a claim becomes an alert; one that is withheld is kept and recorded."""
        if rule.around.reach is not None and not rule.around.reach.holds(claim.witness):
            cell.held, cell.held_us = None, None
            return False
        reason = self._withholding.reason(rule, claim, now_us)
        if reason is not None:
            self._withholding.hold(rule, cell, claim, reason=reason, now_us=now_us)
        return reason is None

    def _look_again(self, rule: Rule, cell: Cell, now_us: int) -> None:
        """Ring for what is held back, if nothing speaks against it any more."""
        if cell.held is None or cell.held.claim is None:
            cell.held, cell.held_us = None, None
        else:
            self._act(rule, cell, cell.held.claim, now_us)
        self._cells.keep(cell)

    def _watch(self, rule: Rule, event: Event, now_us: int) -> None:
        if self._withholding.sees(rule, event, now_us):
            self._again.append(rule)  # when the rule has seen the event too: who is back is no longer silent

    def _look_at_all(self, rule: Rule, now_us: int) -> None:
        for key in self._cells.held_of(rule.id):
            cell = self._cells.get(rule.id, key)
            if cell is not None:
                self._guarded(rule, self._look_again, cell, now_us)

    def _settled(self, now_us: int) -> list[Change]:
        """What changed, and what follows from it: an alert that returned withholds for a while, and then no more."""
        changes = self._claims.take_changes()
        for change in changes:  # grows as it goes
            if not isinstance(change, Returned | Closed) or change.alert.shadow:
                continue
            for rule in self._book.watchers.get(change.alert.kind, ()):
                self._withholding.ended(rule, change.alert, now_us)
                self._look_at_all(rule, now_us)
            changes += self._claims.take_changes()
        if changes and self._book.muters:
            changes += self._claims.mute(self._book.muters, now_us)
        return changes

    def _on_health(self, event: Event, now_us: int) -> None:
        """What a silent source said is unknown now; what a camera that is back had seen is over, unless seen again."""
        offline = event.fields.get("state") == "offline"
        if not offline and event.kind != AFRESH_KIND:
            return
        for rule_id, key in self._cells.fed_by(event.source):
            cell, rule = self._cells.get(rule_id, key), self._book.by_id.get(rule_id)
            if cell is None or rule is None:
                continue
            if event.kind in rule.shape.kinds and rule.key_of(event) == key:
                continue  # the shape is told itself; where it counts for zones no such event has its key
            if offline:
                self._take(rule, cell, rule.shape.on_lost(cell.state, event.source, now_us), now_us)
            else:
                self._settle(rule, cell, event.source, now_us)

    def _drop(self, rule: Rule, cell: Cell, source: str, now_us: int) -> bool:
        """Forget what `source` had said; whether nothing stands any more for want of it."""
        self._take(rule, cell, rule.shape.on_lost(cell.state, source, now_us), now_us)
        step = rule.shape.on_back(cell.state, source, now_us)
        self._take(rule, cell, step._replace(claims=()), now_us)
        return any(claim.verdict is Verdict.OVER for claim in step.claims)

    def _settle(self, rule: Rule, cell: Cell, source: str, now_us: int) -> None:
        over = self._drop(rule, cell, source, now_us)
        if over and cell.holds is None:
            self._withholding.let_go(cell, now_us)
            self._cells.keep(cell)
        elif over:
            cell.supported = False
            if rule.clear.when is None and not rule.clear.latch:
                cell.clear_us = max(rule.clear.due_us(now_us) or 0, now_us + SETTLE_US)
            self._cells.keep(cell)

    def _surround(self, cell: Cell, now_us: int) -> None:
        """Hold a cell to what stands around its rule now."""
        rule = self._book.by_id.get(cell.rule)
        if rule is None:
            return
        alert, reach = self._claims.alert_at(cell.holds), rule.around.reach
        if alert is not None and reach is not None and not reach.keeps(alert) and not rule.clear.by_person_only:
            self._claims.release(cell, now_us)
            self._cells.keep(cell)
        if cell.held is not None and cell.held.under != rule.around.digest:
            self._guarded(rule, self._look_again, cell, now_us)

    def _streams(self, cell: Cell) -> Collection[str]:
        rule = self._book.by_id.get(cell.rule)
        return () if rule is None or rule.hash != cell.hash else rule.shape.streams(cell.state)
