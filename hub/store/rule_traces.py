"""Rule traces: what each rule raised, would have raised and was kept from raising, counted and listed.

Alerts are rows of their own; what rang nowhere stands only in the journal, under `shadow` and `withheld`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, or_, select, text, true

from hub.events import time_from_text, time_to_text
from hub.reach import Within
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.schema import ASIDE, alerts, journal


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """What came of one rule.

    Attributes:
        raised: Alerts since the time that was asked for.
        last_raised: The newest alert that is stored, whenever that was.
        withheld: Claims that were held back since then.
        shadow: Alerts that it would have raised since then, had it not been in the shadow.
    """

    raised: int = 0
    last_raised: datetime | None = None
    withheld: int = 0
    shadow: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """One journal entry of what rang nowhere.

    Attributes:
        seq: Its number.
        at: When.
        note: Why.
        body: The alert that it would have been, as JSON.
    """

    seq: int
    at: datetime
    note: str
    body: Mapping[str, Any]


class RuleTraces:
    """The same, from a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, since: datetime, within: Within | None = None) -> dict[str, RuleCounts]:
        """See `rule_counts`."""
        with self._database.read() as connection:
            return rule_counts(connection, since, within)

    def entries(
        self,
        topic: str,
        rule: str,
        *,
        move: str,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        limit: int,
    ) -> list[Trace]:
        """See `traces`."""
        with self._database.read() as connection:
            return traces(connection, topic, rule, move=move, since=since, until=until, before=before, limit=limit)


def rule_counts(connection: Connection, since: datetime, within: Within | None = None) -> dict[str, RuleCounts]:
    """What came of each rule since a time, by id; rules of which nothing came are left out.

    Args:
        connection: Reads.
        since: Not before this time.
        within: Only what happened in there; None for everywhere.
    """
    begin = time_to_text(since)
    raised: dict[str, tuple[int, datetime | None]] = {}
    recent = func.sum(case((alerts.c.raised >= begin, 1), else_=0))
    for rule, count, last in connection.execute(
        select(alerts.c.rule, recent, func.max(alerts.c.raised))
        .where(_lies_in(within, area=alerts.c.area, site=alerts.c.site, camera=alerts.c.camera))
        .group_by(alerts.c.rule)
    ):
        raised[rule] = (int(count or 0), time_from_text(last))
    aside: dict[tuple[str, str], int] = {}
    body = journal.c.body
    rule_of = body["rule"].as_string()
    near = _lies_in(
        within, area=body["area"].as_string(), site=body["site"].as_string(), camera=body["camera"].as_string()
    )
    for topic, move in (("withheld", "withheld"), ("shadow", "raised")):
        query = select(rule_of, func.count()).where(_aside(topic), journal.c.move == move, journal.c.at >= begin, near)
        for rule, count in connection.execute(query.group_by(rule_of)):
            aside[topic, rule] = count
    found = {}
    for rule in {*raised, *(rule for _, rule in aside)}:
        count, newest = raised.get(rule, (0, None))
        found[rule] = RuleCounts(count, newest, aside.get(("withheld", rule), 0), aside.get(("shadow", rule), 0))
    return found


def traces(
    connection: Connection,
    topic: str,
    rule: str,
    *,
    move: str,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int,
) -> list[Trace]:
    """Entries of a rule, newest first.

    Args:
        connection: Reads.
        topic: `shadow` or `withheld`.
        rule: Id.
        move: Only these.
        since: Not before this time.
        until: Before this time.
        before: Only smaller numbers: the last one of the page before.
        limit: At most so many.
    """
    query = select(journal.c.seq, journal.c.at, journal.c.note, journal.c.body).where(
        _aside(topic), journal.c.move == move, journal.c.body["rule"].as_string() == storable(rule)
    )
    if since is not None:
        query = query.where(journal.c.at >= time_to_text(since))
    if until is not None:
        query = query.where(journal.c.at < time_to_text(until))
    if before is not None:
        query = query.where(journal.c.seq < before)
    rows = connection.execute(query.order_by(journal.c.seq.desc()).limit(limit)).all()
    return [Trace(row.seq, time_from_text(row.at), row.note, row.body) for row in rows]


def _lies_in(
    within: Within | None, *, area: ColumnElement[Any], site: ColumnElement[Any], camera: ColumnElement[Any]
) -> ColumnElement[bool]:
    if within is None:
        return true()
    named = ((area, within.areas), (site, within.sites), (camera, within.single))
    return or_(false(), *(column.in_(sorted(ids)) for column, ids in named if ids))


def _aside(topic: str) -> ColumnElement[bool]:
    """Of a topic, said so that the small index is used."""
    return and_(text(ASIDE), journal.c.topic == topic)
