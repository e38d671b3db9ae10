"""The trace of what people deleted of their recordings; parts of somebody's transaction.

Append-only: a deletion is `asked`, may go in several steps of `deleted`, and is `done`. What was asked and is not done
is gone on with after a restart.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from hub.events import time_from_text, time_to_text
from hub.store.evidence_tables import recording_deletions

_columns = recording_deletions.c


class Step(enum.StrEnum):
    """What a row says."""

    ASKED = "asked"
    DELETED = "deleted"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Deletion:
    """A step of a deletion; the attributes are the columns."""

    deletion: str
    step: Step
    at: datetime
    camera: str
    site: str
    since: datetime
    until: datetime
    who: str
    role: str
    reason: str
    segments: int = 0
    size_bytes: int = 0


def write_deletion(connection: Connection, step: Deletion) -> None:
    """Add a step."""
    row = asdict(step) | {name: time_to_text(getattr(step, name)) for name in ("at", "since", "until")}
    connection.execute(insert(recording_deletions), {**row, "step": step.step.value})


def deletions_of(
    connection: Connection,
    camera: str,
    limit: int,
    *,
    sites: Collection[str] | None = None,
    before: int | None = None,
) -> list[tuple[int, Deletion]]:
    """The newest steps of a camera, the newest first, each with its place in the order.

    Args:
        connection: Of the caller.
        camera: Camera id.
        limit: At most so many.
        sites: Of what was recorded at these alone; None for all.
        before: Older than this place alone.
    """
    query = select(recording_deletions).where(_columns.camera == camera).order_by(_columns.seq.desc()).limit(limit)
    if sites is not None:
        query = query.where(_columns.site.in_(sorted(sites)))
    if before is not None:
        query = query.where(_columns.seq < before)
    return [(row["seq"], _deletion(dict(row))) for row in connection.execute(query).mappings()]


def done_over(
    connection: Connection, camera: str, site: str, *, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """The spans of a camera at a site of which all is deleted, among those that touch a time."""
    query = select(recording_deletions).where(
        _columns.camera == camera, _columns.site == site, _columns.step == Step.DONE.value
    )
    done = [_deletion(dict(row)) for row in connection.execute(query).mappings()]
    return [(each.since, each.until) for each in done if each.since < until and each.until > since]


def unfinished(connection: Connection) -> list[Deletion]:
    """What was asked for and is not done, in the order of asking."""
    done = select(_columns.deletion).where(_columns.step == Step.DONE.value)
    query = select(recording_deletions).where(_columns.step == Step.ASKED.value, _columns.deletion.not_in(done))
    return [_deletion(dict(row)) for row in connection.execute(query.order_by(_columns.seq)).mappings()]


def _deletion(row: Mapping[str, Any]) -> Deletion:
    parts = {name: row[name] for name in row if name != "seq"}
    times = {name: time_from_text(row[name]) for name in ("at", "since", "until")}
    return Deletion(**{**parts, **times, "step": Step(row["step"])})
