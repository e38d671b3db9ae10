"""The engine's memory in the database; parts of somebody's transaction."""

from __future__ import annotations

import json

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    select,
)

from alerts.cells import StoredState, Unsaved
from hub.events import time_from_text, time_to_text
from hub.store.schema import rule_states


def read_states(connection: Connection, *, rule: str | None = None) -> list[StoredState]:
    """The engine's memory, or what of it belongs to one rule."""
    query = select(rule_states).order_by(rule_states.c.rule, rule_states.c.key)
    rows = connection.execute(query if rule is None else query.where(rule_states.c.rule == rule)).all()
    return [
        StoredState(rule, key, hash_, None if due is None else time_from_text(due), body)
        for rule, key, hash_, due, body in rows
    ]


def write_states(connection: Connection, unsaved: Unsaved) -> None:
    """Store what changed in the engine's memory."""
    if unsaved.gone:
        here = and_(rule_states.c.rule == bindparam("r"), rule_states.c.key == bindparam("k"))
        connection.execute(delete(rule_states).where(here), [{"r": rule, "k": key} for rule, key in unsaved.gone])
    if unsaved.states:
        rows = [
            (
                state.rule,
                state.key,
                state.hash,
                None if state.due is None else time_to_text(state.due),
                _json(state.body),
            )
            for state in unsaved.states
        ]
        asks = connection.dialect.paramstyle == "qmark"
        connection.exec_driver_sql(_KEEP_STATE if asks else _KEEP_STATE.replace("?", "%s"), rows)


_json = json.JSONEncoder(separators=(",", ":"), default=dict).encode
# In words that both databases know: nearly every event changes a state, and an insert of SQLAlchemy costs thrice this.
_KEEP_STATE = (
    "INSERT INTO rule_states (rule, key, hash, due, body) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (rule, key) DO UPDATE SET hash = excluded.hash, due = excluded.due, body = excluded.body"
)
