"""Rule revisions: every accepted form of every rule, and the newest of each.

Only rows go in and out here; what a rule is and who wins is decided in `alerts/language/rule_store.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from hub.events import time_from_text, time_to_text
from hub.store.facts import storable
from hub.store.schema import rule_revisions

REMOVED = "removed"
"""State of a rule that is there no more."""


@dataclass(frozen=True, slots=True)
class RuleRevision:
    """One accepted form of a rule.

    Attributes:
        number: Counts up over all rules; 0 before it is stored.
        at: When it was accepted, UTC.
        rule: Id of the rule.
        version: As written in it.
        state: `live`, `shadow`, `off` or `removed`.
        hash: Of the content without its state.
        text: As written, YAML.
        origin: `shipped`, `folder` or `api`.
        file_digest: Of content and state as they stand in the file; None for a change by people.
        author: Account name, or `file`.
        reason: Why.
    """

    number: int
    at: datetime
    rule: str
    version: int
    state: str
    hash: str
    text: str
    origin: str
    file_digest: str | None
    author: str
    reason: str


def add_rule_revisions(connection: Connection, revisions: Iterable[RuleRevision]) -> list[int]:
    """Store revisions in their order, and return their numbers."""
    numbers = []
    for each in revisions:
        row = {
            "at": time_to_text(each.at),
            "rule": each.rule,
            "version": each.version,
            "state": each.state,
            "hash": each.hash,
            "text": storable(each.text),
            "origin": each.origin,
            "file_digest": each.file_digest,
            "author": storable(each.author),
            "reason": storable(each.reason),
        }
        query = insert(rule_revisions).values(row).returning(rule_revisions.c.number)
        numbers.append(connection.execute(query).scalar_one())
    return numbers


def newest_rule_revisions(connection: Connection, *, from_file: bool = False) -> dict[str, RuleRevision]:
    """The newest revision of each rule, by id; with `from_file` the newest that came from a file."""
    newest = select(func.max(rule_revisions.c.number)).group_by(rule_revisions.c.rule)
    if from_file:
        newest = newest.where(rule_revisions.c.file_digest.is_not(None))
    query = select(rule_revisions).where(rule_revisions.c.number.in_(newest)).order_by(rule_revisions.c.rule)
    return {each.rule: each for each in _read(connection, query)}


def rule_revisions_of(connection: Connection, rule: str, *, limit: int = 1000) -> list[RuleRevision]:
    """The revisions of a rule, newest first."""
    query = select(rule_revisions).where(rule_revisions.c.rule == storable(rule))
    return _read(connection, query.order_by(rule_revisions.c.number.desc()).limit(limit))


def rule_revision_of_version(connection: Connection, rule: str, version: int) -> RuleRevision | None:
    """The newest revision of a version of a rule; all have the same content."""
    query = select(rule_revisions).where(
        rule_revisions.c.rule == storable(rule),
        rule_revisions.c.version == version,
        rule_revisions.c.state != REMOVED,
    )
    found = _read(connection, query.order_by(rule_revisions.c.number.desc()).limit(1))
    return found[0] if found else None


def rule_revision_at(connection: Connection, rule: str, at: datetime) -> RuleRevision | None:
    """The revision of a rule that was in force at a time; None before the first."""
    query = select(rule_revisions).where(
        rule_revisions.c.rule == storable(rule), rule_revisions.c.at <= time_to_text(at)
    )
    found = _read(connection, query.order_by(rule_revisions.c.number.desc()).limit(1))
    return found[0] if found else None


def _read(connection: Connection, query: Select[Any]) -> list[RuleRevision]:
    rows: Sequence[Row[Any]] = connection.execute(query).all()
    return [RuleRevision(**{**row._asdict(), "at": time_from_text(row.at)}) for row in rows]
