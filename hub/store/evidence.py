"""Evidence in the database: what is wanted of each incident, how far that is, and who released it.

Parts of somebody's transaction. What is wanted is written down when it is known, before anything is copied, so that a
restart goes on with it and nobody deletes it meanwhile; the same wanted twice is wanted once.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, not_, or_, select, text, update

from hub.events import time_from_text, time_to_text
from hub.store.evidence_tables import evidence, evidence_wanted
from hub.store.schema import INCIDENT_IS_OPEN, incidents

_wanted = evidence_wanted.c
_is_going = and_(evidence.c.deleted.is_not(None), evidence.c.delete_after.is_not(None))
_MOST_AT_ONCE = 500


_NOT_RELEASED: Mapping[str, str | None] = {
    "released": None,
    "released_by": None,
    "released_why": "",
    "delete_after": None,
    "deleted": None,
}


class State(enum.StrEnum):
    """How far a wanted span is."""

    WAITING = "waiting"
    KEPT = "kept"
    """Something of it lies beside the incident; the manifest says what is missing."""
    MISSING = "missing"
    """Nothing of it was recorded, or nothing could be copied."""
    LEFT_OUT = "left_out"
    """More than is kept of one incident."""


@dataclass(frozen=True, slots=True)
class Want:
    """A span that evidence is to hold.

    Attributes:
        incident: Incident id.
        cause: Id of the alert or incident it is for, `ALERT#TIMES` for an alert that came again, or a random one when a
            person asks.
        camera: Camera id.
        since: From when.
        until: To when.
        who: Account name, or `engine`.
        why: In words.
        left_out: Why it is beyond what is kept of one incident; empty when it is not.
    """

    incident: str
    cause: str
    camera: str
    since: datetime
    until: datetime
    who: str
    why: str
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row of `evidence_wanted`; the attributes are its columns."""

    number: int
    incident: str
    cause: str
    camera: str
    since: datetime
    until: datetime
    who: str
    why: str
    asked: datetime
    state: State
    reason: str
    attempts: int
    next_at: datetime
    still: str | None
    version: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """A row of `evidence`; the attributes are its columns."""

    incident: str
    version: int
    size_bytes: int
    changed: datetime
    released: datetime | None
    released_by: str | None
    released_why: str
    delete_after: datetime | None
    deleted: datetime | None

    @property
    def is_going(self) -> bool:
        """Whether its removal was begun and is not finished; nothing can take it back."""
        return self.deleted is not None and self.delete_after is not None


@dataclass(frozen=True, slots=True)
class Totals:
    """How much there is.

    Attributes:
        cases: Incidents of which evidence is kept or wanted.
        size_bytes: All their files.
        waiting: Spans that are still to be copied.
    """

    cases: int
    size_bytes: int
    waiting: int


def want(connection: Connection, wants: Sequence[Want], *, now: datetime, due: datetime | None = None) -> int:
    """Write down what is wanted and was not before; a release whose removal has not begun yet is taken back.

    Args:
        connection: The writer's.
        wants: What; all of one incident.
        now: When.
        due: When to look for it first; None when each is over.

    Returns:
        How many are new.
    """
    if not wants:
        return 0
    incident = wants[0].incident
    known = {
        (cause, camera)
        for cause, camera in connection.execute(
            select(_wanted.cause, _wanted.camera).where(_wanted.incident == incident)
        ).all()
    }
    new = [each for each in wants if (each.cause, each.camera) not in known]
    if not new:
        return 0
    rows = []
    for each in new:
        row = {name: value for name, value in asdict(each).items() if name != "left_out"}
        row |= {
            "since": time_to_text(each.since),
            "until": time_to_text(each.until),
            "asked": time_to_text(now),
            "state": (State.LEFT_OUT if each.left_out else State.WAITING).value,
            "reason": each.left_out,
            "next_at": time_to_text(due or max(now, each.until)),
        }
        rows.append(row)
    connection.execute(insert(evidence_wanted), rows)
    changed = update(evidence).where(evidence.c.incident == incident).values(changed=time_to_text(now))
    if connection.execute(changed).rowcount == 0:
        first = {"incident": incident, "version": 0, "size_bytes": 0, "changed": time_to_text(now)}
        connection.execute(insert(evidence), first)
    connection.execute(update(evidence).where(evidence.c.incident == incident, not_(_is_going)).values(**_NOT_RELEASED))
    return len(new)


def wanted_of(connection: Connection, incident: str) -> list[Wanted]:
    """All that was ever wanted of an incident, in the order of asking."""
    query = select(evidence_wanted).where(_wanted.incident == incident).order_by(_wanted.number)
    return [_row(dict(row)) for row in connection.execute(query).mappings()]


def due(connection: Connection, now: datetime) -> list[str]:
    """Incidents of which something that waits can be looked for now, the longest wait first."""
    query = (
        select(_wanted.incident)
        .where(_wanted.state == State.WAITING.value, _wanted.next_at <= time_to_text(now))
        .group_by(_wanted.incident)
        .order_by(func.min(_wanted.next_at))
        .limit(_MOST_AT_ONCE)
    )
    return list(connection.execute(query).scalars())


def without_still(connection: Connection, most: int) -> list[Wanted]:
    """What waits and of which no picture was taken yet."""
    query = (
        select(evidence_wanted)
        .where(_wanted.state == State.WAITING.value, _wanted.still.is_(None))
        .order_by(_wanted.number)
        .limit(most)
    )
    return [_row(dict(row)) for row in connection.execute(query).mappings()]


def next_due(connection: Connection) -> datetime | None:
    """When there is something to look for next."""
    found: str | None = connection.execute(
        select(func.min(_wanted.next_at)).where(_wanted.state == State.WAITING.value)
    ).scalar_one()
    return None if found is None else time_from_text(found)


def mark_still(connection: Connection, number: int, name: str) -> None:
    """Remember the picture that was taken; empty when there was none."""
    connection.execute(update(evidence_wanted).where(_wanted.number == number).values(still=name))


def postpone(
    connection: Connection, numbers: Iterable[int], next_at: datetime, reason: str, *, failed: bool = False
) -> None:
    """Look again later; only what failed counts as tried."""
    connection.execute(
        update(evidence_wanted)
        .where(_wanted.number.in_(list(numbers)), _wanted.state == State.WAITING.value)
        .values(next_at=time_to_text(next_at), reason=reason, attempts=_wanted.attempts + int(failed))
    )


def settle(
    connection: Connection,
    incident: str,
    outcomes: Mapping[int, tuple[State, str]],
    *,
    version: int,
    size_bytes: int,
    now: datetime,
) -> None:
    """Write down what became of what was wanted, and the manifest that says so."""
    for number, (state, reason) in outcomes.items():
        connection.execute(
            update(evidence_wanted)
            .where(_wanted.number == number)
            .values(state=state.value, reason=reason, version=version)
        )
    connection.execute(
        update(evidence)
        .where(evidence.c.incident == incident)
        .values(version=version, size_bytes=size_bytes, changed=time_to_text(now))
    )


def case_of(connection: Connection, incident: str) -> Case | None:
    """How the evidence of an incident stands; None when there never was any."""
    row = connection.execute(select(evidence).where(evidence.c.incident == incident)).mappings().first()
    return None if row is None else _case(dict(row))


def release(
    connection: Connection, incident: str, *, who: str, why: str, now: datetime, delete_after: datetime
) -> None:
    """Write down who said that it is not needed any more."""
    connection.execute(
        update(evidence)
        .where(evidence.c.incident == incident)
        .values(
            released=time_to_text(now),
            released_by=who,
            released_why=why,
            delete_after=time_to_text(delete_after),
            changed=time_to_text(now),
        )
    )


def to_delete(connection: Connection, now: datetime) -> list[Case]:
    """What was released so long ago that it goes now, and what had begun to go."""
    query = select(evidence).where(or_(evidence.c.delete_after <= time_to_text(now), _is_going))
    query = query.order_by(evidence.c.delete_after).limit(_MOST_AT_ONCE)
    return [_case(dict(row)) for row in connection.execute(query).mappings()]


def claim_removal(connection: Connection, incident: str, *, now: datetime) -> bool:
    """Begin to remove its clips and pictures; gives whether they may go: the release stands, and its time has come."""
    may_go = (evidence.c.deleted.is_(None), evidence.c.delete_after <= time_to_text(now))
    claim = update(evidence).where(evidence.c.incident == incident, *may_go)
    return connection.execute(claim.values(deleted=time_to_text(now), changed=time_to_text(now))).rowcount == 1


def finish_removal(connection: Connection, incident: str, *, version: int, now: datetime) -> None:
    """Write down that its clips and pictures are gone; what was asked for meanwhile begins anew."""
    waits = select(_wanted.number).where(_wanted.incident == incident, _wanted.state == State.WAITING.value)
    begins = connection.execute(waits.limit(1)).first() is not None
    connection.execute(
        update(evidence)
        .where(evidence.c.incident == incident)
        .values(
            **(_NOT_RELEASED if begins else {"delete_after": None}),
            changed=time_to_text(now),
            version=version,
            size_bytes=0,
        )
    )


def open_over(connection: Connection, camera: str, since: datetime, until: datetime) -> list[tuple[str, int]]:
    """Id and number of the open incidents whose evidence reaches into a span of a camera."""
    query = (
        select(incidents.c.id, incidents.c.number)
        .distinct()
        .join(evidence_wanted, _wanted.incident == incidents.c.id)
        .join(evidence, evidence.c.incident == incidents.c.id)
        .where(
            evidence.c.deleted.is_(None),
            _wanted.camera == camera,
            _wanted.since < time_to_text(until),
            _wanted.until > time_to_text(since),
            _wanted.state.in_([State.WAITING.value, State.KEPT.value]),
            text(INCIDENT_IS_OPEN),
        )
        .order_by(incidents.c.number)
    )
    return [(row[0], row[1]) for row in connection.execute(query).all()]


def waiting_over(connection: Connection, camera: str, since: datetime, until: datetime) -> bool:
    """Whether something of a span of a camera is still to be copied, whatever its incident."""
    query = select(_wanted.number).where(
        _wanted.camera == camera,
        _wanted.since < time_to_text(until),
        _wanted.until > time_to_text(since),
        _wanted.state == State.WAITING.value,
    )
    return connection.execute(query.limit(1)).first() is not None


def totals(connection: Connection) -> Totals:
    """How much evidence there is, and how much waits."""
    kept = connection.execute(
        select(func.count(), func.coalesce(func.sum(evidence.c.size_bytes), 0)).where(evidence.c.deleted.is_(None))
    ).one()
    waiting = select(func.count()).select_from(evidence_wanted).where(_wanted.state == State.WAITING.value)
    return Totals(int(kept[0]), int(kept[1]), int(connection.execute(waiting).scalar_one()))


def _row(row: Mapping[str, Any]) -> Wanted:
    times = {name: time_from_text(row[name]) for name in ("since", "until", "asked", "next_at")}
    return Wanted(**{**row, **times, "state": State(row["state"])})


def _case(row: Mapping[str, Any]) -> Case:
    names = ("changed", "released", "delete_after", "deleted")
    return Case(**{**row, **{name: None if row[name] is None else time_from_text(row[name]) for name in names}})
