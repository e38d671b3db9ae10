"""Reconciling: what becomes of a Cell under the rules that are in force now.

State is kept where shape and key are the same. An alert stays where the rule raises what it raised before; where a rule
went from the shadow to live or back, or raises another kind, what stands is claimed anew and the old alert returns.
Part of the engine: pure, used from its thread.
"""

from __future__ import annotations

from alerts.alert import Alert, Condition
from alerts.arming import ARMING
from alerts.cells import Cell, Cells
from alerts.claims import Claims
from alerts.language.rule import Rule
from alerts.language.rulebook import RuleBook
from alerts.language.shape import NO_STATE, Claim, Verdict, Witness
from alerts.withholding import GUARD, Withholding
from hub.events import to_us

_BY_DEVICE = frozenset({"device", "sensor"})


def reconcile(
    cell: Cell, book: RuleBook, now_us: int, *, cells: Cells, claims: Claims, withholding: Withholding
) -> Claim | None:
    """Hold a cell to the rule it has now: with another shape or key it begins afresh, without a rule it ends.

    Returns:
        What stands and has to be claimed anew; None when nothing has.
    """
    if cell.rule == ARMING:
        return None
    if cell.rule.endswith(GUARD):
        guarded = book.by_id.get(cell.rule.removesuffix(GUARD))
        if guarded is None or guarded.around.unless is None or guarded.around.unless.digest != cell.hash:
            withholding.forget(cell)
            cells.keep(cell)
        return None
    rule = book.by_id.get(cell.rule)
    if rule is not None and rule.hash == cell.hash:
        if cell.holds is None or (cell.holds[0], cell.holds[2]) == (rule.kind, rule.shadow):
            return None
        alert, supported = claims.alert_at(cell.holds), cell.supported
        claims.release(cell, now_us, over=alert is not None and alert.shadow)
        cells.keep(cell)
        if alert is None or alert.condition is not Condition.ACTIVE or rule.id not in alert.holders:
            return None
        return _claim_of(alert, rule, supported=supported)
    claims.release(cell, now_us)
    cell.held, cell.held_us = None, None
    cell.hash = "" if rule is None else rule.hash
    cell.state, cell.due_us = NO_STATE, None
    cells.keep(cell)
    return None


def _claim_of(alert: Alert, rule: Rule, *, supported: bool) -> Claim:
    """What an alert claims, as its shape would have said it."""
    place = {"site": alert.site, "area": alert.area, "camera": alert.camera, "zone": alert.zone}
    return Claim(
        Verdict.HOLDS if supported else Verdict.HAPPENED,
        Witness(
            alert.events[-1],
            to_us(alert.last_seen),
            alert.sensor or alert.camera or (alert.key if _BY_DEVICE.issuperset(rule.for_each) else ""),
            {name: value for name, value in place.items() if value is not None},
        ),
        first=alert.events[0],
        since_us=to_us(alert.started),
        level=alert.holders[rule.id] if rule.level is None else None,
        facts=alert.facts,
    )
