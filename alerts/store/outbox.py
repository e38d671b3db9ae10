"""Notices in the database: what is to be told whom, how far that is, and how people want to be told.

The only file that reads and writes them. Deciding and moving the reader's place is one transaction (`put`); a channel
takes its notices from here and writes what became of each.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, update

from alerts.incidents.views import JournalEntry
from alerts.notices.notice import Earlier, Language, Notice
from alerts.notices.recipients import Decision
from alerts.notices.wording import Move
from alerts.store.sighted import of_incident_in_sight
from config.community import Contact, Level
from hub.events import time_from_text, time_to_text
from hub.reach import Within
from hub.store.schema import accounts, notices, preferences

_MOST_EARLIER = 50
MOST = 500


class State(enum.StrEnum):
    """How far a notice is."""

    WAITING = "waiting"
    SENDING = "sending"
    """Marked before it is sent, of a channel that says nothing twice."""
    SENT = "sent"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    SKIPPED = "skipped"
    """The same was told a moment before."""


_PENDING = (State.WAITING.value, State.SENDING.value)
_COUNTS = (State.WAITING.value, State.SENDING.value, State.SENT.value)
"""What counts as told before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger.

    Attributes are those of the table `notices`, times as times.
    """

    id: int
    recipient: str
    account: str | None
    incident: str
    number: int
    at: datetime
    move: str
    level: str
    key: str
    language: str
    title: str
    text: str
    state: State
    attempts: int
    next_at: datetime
    reason: str
    created: datetime
    sent: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A notice to be sent, with its place in the table."""

    id: int
    attempts: int
    next_at: datetime
    created: datetime
    state: State
    notice: Notice


def move_of(entry: JournalEntry) -> Move:
    """The move in a journal entry."""
    return Move(entry.move, entry.at, entry.who, entry.note, entry.body)


def repeated(connection: Connection, decision: Decision, since: datetime) -> bool:
    """Whether the same was told, or is to be told, to the same recipient since a time."""
    mine = (
        notices.c.account.is_(None) if decision.account is None else notices.c.account == decision.account,
        notices.c.address.is_(None) if decision.address is None else notices.c.address == decision.address,
    )
    query = select(notices.c.id).where(
        notices.c.recipient == decision.recipient,
        notices.c.key == decision.key,
        notices.c.at > time_to_text(since),
        notices.c.state.in_(_COUNTS),
        *mine,
    )
    return connection.execute(query.limit(1)).first() is not None


def put(
    connection: Connection,
    entry: JournalEntry,
    decision: Decision,
    *,
    now: datetime,
    dedupe_s: float,
    where: Mapping[str, Any],
) -> bool:
    """Keep what was decided, with what the place is called and where it is; whether it is to be sent."""
    skipped = dedupe_s > 0 and repeated(connection, decision, entry.at - timedelta(seconds=dedupe_s))
    body = {
        "who": entry.who,
        "note": entry.note,
        "incident": dict(entry.body),
        "earlier": [[number, at] for number, at in _earlier(connection, decision, entry)],
        **where,
    }
    row = {
        "recipient": decision.recipient,
        "account": decision.account,
        "address": decision.address,
        "incident": entry.incident or entry.subject,
        "number": entry.seq,
        "at": time_to_text(entry.at),
        "move": entry.move,
        "level": entry.body["level"],
        "rank": Level(entry.body["level"]).rank,
        "key": decision.key,
        "language": decision.language,
        "title": decision.title,
        "text": decision.text,
        "body": body,
        "state": (State.SKIPPED if skipped else State.WAITING).value,
        "next_at": time_to_text(now),
        "reason": f"the same was told within {dedupe_s:g} s" if skipped else "",
        "created": time_to_text(now),
    }
    connection.execute(insert(notices), row)
    return not skipped


def _earlier(connection: Connection, decision: Decision, entry: JournalEntry) -> list[tuple[int, str]]:
    query = (
        select(notices.c.number, notices.c.at)
        .where(
            notices.c.incident == (entry.incident or entry.subject),
            notices.c.recipient == decision.recipient,
            notices.c.account.is_(None) if decision.account is None else notices.c.account == decision.account,
            notices.c.state.in_(_COUNTS),
        )
        .order_by(notices.c.id.desc())
        .limit(_MOST_EARLIER)
    )
    return [(number, at) for number, at in connection.execute(query).all()][::-1]


def due(connection: Connection, recipient: str, now: datetime, *, ordered: bool) -> Due | None:
    """What a channel is to send next: the oldest, or of what is due now the gravest; None when nothing waits.

    With nothing due now, that which is due next.
    """
    mine = select(notices).where(notices.c.recipient == recipient, notices.c.state.in_(_PENDING)).limit(1)
    if ordered:
        return _due(connection, mine.order_by(notices.c.id))
    ready = mine.where(notices.c.next_at <= time_to_text(now)).order_by(notices.c.rank.desc(), notices.c.id)
    return _due(connection, ready) or _due(connection, mine.order_by(notices.c.next_at, notices.c.id))


def _due(connection: Connection, query: Select[Any]) -> Due | None:
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    body = row["body"]
    notice = Notice(
        number=row["number"],
        at=time_from_text(row["at"]),
        move=row["move"],
        who=body["who"],
        note=body["note"],
        incident=body["incident"],
        language=cast("Language", row["language"]),
        title=row["title"],
        text=row["text"],
        key=row["key"],
        address=row["address"],
        earlier=tuple(Earlier(number, time_from_text(at)) for number, at in body["earlier"]),
        place=body["place"],
        position=None if body["position"] is None else (body["position"][0], body["position"][1]),
    )
    return Due(
        row["id"],
        row["attempts"],
        time_from_text(row["next_at"]),
        time_from_text(row["created"]),
        State(row["state"]),
        notice,
    )


def mark(connection: Connection, notice: int, state: State, **columns: object) -> None:
    """Write what became of a notice; times among the columns are written as text."""
    values = {name: time_to_text(value) if isinstance(value, datetime) else value for name, value in columns.items()}
    connection.execute(update(notices).where(notices.c.id == notice).values(state=state.value, **values))


def settle_marked(connection: Connection, recipient: str, *, once: bool, reason: str) -> int:
    """What was being sent when the hub stopped: given up where nothing is said twice, else to be sent again.

    Returns:
        How many were given up.
    """
    values = {"state": State.GIVEN_UP.value, "reason": reason} if once else {"state": State.WAITING.value}
    changed = connection.execute(
        update(notices).where(notices.c.recipient == recipient, notices.c.state == State.SENDING.value).values(**values)
    )
    return changed.rowcount if once else 0


def give_up_others(connection: Connection, known: Iterable[str], reason: str) -> None:
    """Give up what waits for notifiers that are no more."""
    connection.execute(
        update(notices)
        .where(notices.c.state.in_(_PENDING), notices.c.recipient.not_in(sorted(known)))
        .values(state=State.GIVEN_UP.value, reason=reason)
    )


def waiting(connection: Connection) -> dict[str, int]:
    """How many notices wait for each notifier."""
    query = select(notices.c.recipient, func.count()).where(notices.c.state.in_(_PENDING)).group_by(notices.c.recipient)
    return {str(recipient): int(count) for recipient, count in connection.execute(query).all()}


def ledger(
    connection: Connection,
    *,
    incident: str | None = None,
    recipient: str | None = None,
    account: str | None = None,
    state: State | None = None,
    within: Within | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Notices of incidents `within` somebody's reach, the newest first, those of `before` and later left out."""
    wanted: list[ColumnElement[bool]] = []
    for column, value in (
        (notices.c.incident, incident),
        (notices.c.recipient, recipient),
        (notices.c.account, account),
        (notices.c.state, None if state is None else state.value),
    ):
        if value is not None:
            wanted.append(column == value)
    if within is not None:
        wanted.append(of_incident_in_sight(notices.c.incident, within))
    if before is not None:
        wanted.append(notices.c.id < before)
    columns = [column for column in notices.c if column.name not in ("body", "address", "rank")]
    query = select(*columns).where(*wanted).order_by(notices.c.id.desc()).limit(limit)
    return [_entry(dict(row)) for row in connection.execute(query).mappings()]


def _entry(row: dict[str, Any]) -> Entry:
    for name in ("at", "next_at", "created", "sent"):
        row[name] = None if row[name] is None else time_from_text(row[name])
    return Entry(**{**row, "state": State(row["state"])})


@dataclass(frozen=True, slots=True)
class Unheard:
    """A grave move of which nobody was told in time."""

    incident: str
    number: int
    kind: str
    level: str
    reason: str


def unheard(connection: Connection, *, since: datetime, until: datetime) -> list[Unheard]:
    """Orange and red moves decided in a time of which not one notice arrived, nor any later one of their incident."""
    query = (
        select(notices.c.incident, notices.c.number, notices.c.state, notices.c.level, notices.c.reason, notices.c.body)
        .where(
            notices.c.created > time_to_text(since),
            notices.c.rank >= Level.SERIOUS.rank,
            notices.c.state != State.SKIPPED.value,
        )
        .order_by(notices.c.id)
        .limit(MOST)
    )
    rows = connection.execute(query.where(notices.c.created <= time_to_text(until))).mappings().all()
    if all(row["state"] == State.SENT.value for row in rows):
        return []
    incidents = {row["incident"] for row in rows}
    sent = select(notices.c.incident, func.max(notices.c.number)).where(
        notices.c.incident.in_(incidents), notices.c.state == State.SENT.value
    )
    latest = connection.execute(sent.group_by(notices.c.incident)).all()
    heard: dict[str, int] = {row[0]: row[1] for row in latest}
    found: dict[tuple[str, int], Unheard] = {}
    for row in rows:
        if heard.get(row["incident"], 0) < row["number"]:
            kind = str(row["body"]["incident"].get("kind", ""))
            found[row["incident"], row["number"]] = Unheard(
                row["incident"], row["number"], kind, row["level"], row["reason"]
            )
    return list(found.values())


def prune(connection: Connection, before: datetime) -> None:
    """Forget what was decided before a time and is done with."""
    connection.execute(
        delete(notices).where(notices.c.created < time_to_text(before), notices.c.state.not_in(_PENDING))
    )


def barred(connection: Connection) -> frozenset[str]:
    """Accounts that were disabled: their people are told nothing more."""
    return frozenset(connection.execute(select(accounts.c.username).where(accounts.c.disabled)).scalars())


def read_preferences(connection: Connection) -> dict[str, Contact]:
    """How people chose to be told."""
    query = select(preferences.c.account, preferences.c.body)
    return {account: Contact.model_validate(body) for account, body in connection.execute(query).all()}


def write_preferences(connection: Connection, contact: Contact, now: datetime) -> None:
    """Keep how a person wants to be told."""
    values: Mapping[str, object] = {"body": contact.model_dump(mode="json"), "changed": time_to_text(now)}
    changed = connection.execute(update(preferences).where(preferences.c.account == contact.account).values(values))
    if changed.rowcount == 0:
        connection.execute(insert(preferences), {"account": contact.account, **values})
