"""Erasing: takes a person out of the database, as far as the record may do without the name.

Where a row has to stay, a pseudonym stands in place of the name: the same in all rows, so that what one person did
stays what one person did, and nobody can tell who it was. The audit log alone is never changed: each of its entries is
bound to all before it. Everything here is one work of the writer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, Text, cast, delete, or_, select, update

from hub.access import Role
from hub.errors import NotFoundError
from hub.events import time_to_text
from hub.store import schema
from hub.store.evidence_tables import evidence, evidence_wanted, recording_deletions
from hub.store.notice_tables import notices, preferences
from hub.store.people import sessions
from hub.store.people.accounts import keep_an_administrator
from hub.store.people.grants import has_giver, keep_a_giver
from hub.store.people_tables import (
    api_keys,
    consents,
    contact_homes,
    glass_breaks,
    grants,
    invitations,
    outside_identities,
    second_factors,
    shares,
    sign_ins,
)
from hub.store.report_tables import points, report_photos, reports, volunteer_tasks
from hub.store.suppression_tables import suppressions

_PREFIX: Final = "erased-"
NO_PASSWORD: Final = "!"  # noqa: S105 - no hash of anything

_NAMES: Final[tuple[Column[Any], ...]] = (
    schema.journal.c.who,
    schema.incidents.c.reporter,
    schema.incidents.c.hidden_by,
    schema.orders.c.unit,
    schema.orders.c.ordered_by,
    reports.c.account,
    report_photos.c.by,
    points.c.account,
    points.c.by,
    volunteer_tasks.c.offered_by,
    volunteer_tasks.c.taken_by,
    volunteer_tasks.c.judged_by,
    suppressions.c.made_by,
    suppressions.c.ended_by,
    evidence.c.released_by,
    evidence_wanted.c.who,
    recording_deletions.c.who,
    notices.c.account,
    consents.c.author,
    glass_breaks.c.author,
    shares.c.author,
    shares.c.name,
    grants.c.given_by,
    grants.c.taken_back_by,
    invitations.c.made_by,
    contact_homes.c.name,
    schema.revisions.c.author,
    schema.rule_revisions.c.author,
)
"""Where a name stands in a row that stays."""
_BODIES: Final[tuple[tuple[Table, Column[Any]], ...]] = (
    (schema.journal, schema.journal.c.seq),
    (schema.events, schema.events.c.seq),
    (notices, notices.c.id),
    (schema.revisions, schema.revisions.c.number),
)
"""What holds JSON in which a name may stand, and by what its rows are told apart."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A row whose JSON names a person."""

    table: str
    key: int
    body: Any


def mentions_of(connection: Connection, name: str) -> list[Mention]:
    """Rows that name a person inside of what they hold; reads much, so not in the writer."""
    quoted = json.dumps(name, ensure_ascii=False)
    found = []
    for table, key in _BODIES:
        said = cast(table.c.body, Text).like(f"%{_like(quoted)}%", escape="\\")
        # A name with other than ASCII letters may be written with escapes.
        also = cast(table.c.body, Text).like(f"%{_like(json.dumps(name))}%", escape="\\")
        wanted = or_(said, also) if table is not schema.events else table.c.source == name
        found += [
            Mention(table.name, row[0], row[1]) for row in connection.execute(select(key, table.c.body).where(wanted))
        ]
    return found


def is_erased(name: str) -> bool:
    """Whether a name stands for somebody who was erased."""
    return name.startswith(_PREFIX)


def pseudonym_of(account: str) -> str:
    """What stands in place of the name; account ids are random, so it tells nothing."""
    return _PREFIX + account[:12]


def erase_account(
    connection: Connection, account: str, name: str, now: datetime, *, mentions: Sequence[Mention] = ()
) -> dict[str, int]:
    """Take a person out; how many rows of each table were touched.

    Args:
        connection: Of the writer.
        account: Id of the account.
        name: Its name.
        now: When.
        mentions: From `mentions_of`.

    Raises:
        NotFoundError: There is no such account.
        NotAllowedError: It is the last administrator, or the last who gives grants.
    """
    other, at = pseudonym_of(account), time_to_text(now)
    touched: dict[str, int] = {}

    def count(table: str, done: Any) -> None:
        if done.rowcount:
            touched[table] = touched.get(table, 0) + done.rowcount

    could_give = has_giver(connection, now)
    closed = update(schema.accounts).where(schema.accounts.c.id == account)
    values = {"username": other, "disabled": True, "password_hash": NO_PASSWORD, "failures": 0, "locked_until": None}
    if not connection.execute(closed.values(values)).rowcount:
        raise NotFoundError("no such account")
    role = select(schema.accounts.c.role).where(schema.accounts.c.id == account)
    if connection.execute(role).scalar_one() == Role.ADMINISTRATOR.value:
        keep_an_administrator(connection)
    if could_give:
        keep_a_giver(connection, now)
    sessions.end_all(connection, account)
    for table in (second_factors, outside_identities, sign_ins):
        count(table.name, connection.execute(delete(table).where(table.c.account == account)))
    count("api_keys", connection.execute(_ended(api_keys, account).values(ended=at, name="")))
    standing = grants.c.account == account, grants.c.taken_back.is_(None)
    count("grants", connection.execute(update(grants).where(*standing).values(taken_back=at, taken_back_by=other)))
    count("invitations", connection.execute(_of(invitations, account).values(note="")))
    count("preferences", connection.execute(delete(preferences).where(preferences.c.account == name)))
    # Words and numbers by which somebody could be reached or known, of his own.
    told = {"contact": None, "for_name": None, "for_phone": None}
    count("reports", connection.execute(update(reports).where(reports.c.account == name).values(_nulls(reports, told))))
    mine = notices.c.account == name
    count("notices", connection.execute(update(notices).where(mine).values(address=None, title="", text="")))
    for column in _NAMES:
        count(column.table.name, connection.execute(update(column.table).where(column == name).values({column: other})))
    keys = {table.name: (table, key) for table, key in _BODIES}
    for mention in mentions:
        table, key = keys[mention.table]
        body = without_person(mention.body, name) if table is schema.revisions else mention.body
        values = {"body": _renamed(body, name, other)} | ({"source": other} if table is schema.events else {})
        count(table.name, connection.execute(update(table).where(key == mention.key).values(values)))
    return touched


def stored_of(connection: Connection, account: str, name: str, *, most: int = 20_000) -> Iterator[tuple[str, Any]]:
    """Every row that names a person, by table, each table once: what is known of him but the audit log."""
    by_table: dict[str, tuple[Any, list[Any]]] = {}
    for column in _NAMES:
        by_table.setdefault(column.table.name, (column.table, []))[1].append(column == name)
    for table, column in (
        (consents, consents.c.account),
        (glass_breaks, glass_breaks.c.account),
        (grants, grants.c.account),
        (sign_ins, sign_ins.c.account),
        (shares, shares.c.by),
        (outside_identities, outside_identities.c.account),
    ):
        by_table.setdefault(table.name, (table, []))[1].append(column == account)
    by_table["preferences"] = preferences, [preferences.c.account == name]
    for table_name, (table, conditions) in sorted(by_table.items()):
        if table_name in ("revisions", "shares"):  # others' settings; and with whom one shares is told apart
            continue
        wanted = select(table).where(conditions[0] if len(conditions) == 1 else _any(conditions)).limit(most)
        rows = [dict(row) for row in connection.execute(wanted).mappings()]
        if rows:
            yield table_name, rows


def without_person(settings: dict[str, Any], name: str) -> dict[str, Any]:
    """A stored Community without how a person is reached and what he answers for: nobody goes back to that."""
    left: dict[str, Any] = {
        key: [each for each in settings[key] if each["account"].casefold() != name]
        for key in ("contacts", "duties")
        if key in settings
    }
    return {**settings, **left}


def _renamed(body: Any, name: str, other: str) -> Any:
    if isinstance(body, str):
        return other if body == name else body
    if isinstance(body, dict):
        return {key: _renamed(value, name, other) for key, value in body.items()}
    return [_renamed(each, name, other) for each in body] if isinstance(body, list) else body


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _any(conditions: list[Any]) -> Any:
    found = conditions[0]
    for each in conditions[1:]:
        found |= each
    return found


def _of(table: Any, account: str) -> Any:
    return update(table).where(table.c.account == account)


def _ended(table: Any, account: str) -> Any:
    return update(table).where(table.c.account == account, table.c.ended.is_(None))


def _nulls(table: Any, told: dict[str, Any]) -> dict[str, Any]:
    """Empty text where a column takes no null."""
    return {name: value if table.c[name].nullable else "" for name, value in told.items()}
