"""Cells: what each rule remembers of each key, with what has to be found fast in it.

A Cell is one (rule, key): the state of the rule's shape, its timers, and the open Alert that this rule raised for the
key. Cells belong to one Engine and its thread. All that must survive a restart is in `to_stored`; indexes are made
anew.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from alerts.alert import Alert, as_json, from_json
from alerts.held import Held
from alerts.language.shape import NO_STATE, Calm, State, source_of
from hub.events import Event, from_us

CellId = tuple[str, str]
"""Rule id and key."""
Timer = tuple[int, str, str]
"""When it runs out, rule id and key."""
Slot = tuple[str, str, bool]
"""Kind, key and whether in the shadow: what one Alert is open for."""

Key = TypeVar("Key")
Item = TypeVar("Item")
_NONE: Mapping[str, Any] = MappingProxyType({})
_NEVER_US = 2**63


@dataclass(frozen=True, slots=True)
class StoredState:
    """A Cell as it is stored.

    Attributes:
        rule: Rule id.
        key: What it counts for.
        hash: Of the rule's shape and key when it was written.
        due: When its next timer runs out, None when none runs.
        body: JSON types.
    """

    rule: str
    key: str
    hash: str
    due: datetime | None
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unsaved:
    """What changed since the last saving: states to write, and cells that are no more."""

    states: tuple[StoredState, ...]
    gone: tuple[CellId, ...]


@dataclass(slots=True)
class Cell:
    """One rule's memory of one key.

    Attributes:
        rule: Rule id.
        key: What it counts for.
        hash: Of the rule's shape and key.
        state: The shape's.
        due_us: When the shape wants to be called.
        clear_us: When the alert returns for want of support.
        held: A claim of the rule that was held back.
        held_us: When that has to be looked at again.
        supported: Whether the shape's last word was that it holds.
        alert: The open alert that this rule raised.
        last_alert: Id of the one before.
        holds: The slot of the alert that this rule claims now, whoever raised it.
        streams: Those its shape must hear of, as last indexed.
        id: Rule and key.
    """

    rule: str
    key: str
    hash: str
    state: State = field(default_factory=lambda: NO_STATE)
    due_us: int | None = None
    clear_us: int | None = None
    held: Held | None = None
    held_us: int | None = None
    supported: bool = False
    alert: Alert | None = None
    last_alert: str = ""
    holds: Slot | None = None
    streams: frozenset[str] = frozenset()
    id: CellId = field(init=False)

    def __post_init__(self) -> None:
        self.id = (self.rule, self.key)

    @property
    def empty(self) -> bool:
        """Whether nothing is left to remember."""
        return not self.state and not (self.alert or self.holds or self.held) and self.due_us is None

    @property
    def timers(self) -> tuple[int | None, ...]:
        """When each of them runs out."""
        return (self.due_us, self.clear_us, self.held_us)

    def to_stored(self) -> StoredState:
        """For the store; what is nothing is left out."""
        body: dict[str, Any] = {"state": _copied(self.state)} if self.state else {}
        for name in ("due_us", "clear_us", "held_us", "supported", "last_alert"):
            value = getattr(self, name)
            if value:
                body[name] = value
        if self.holds is not None:
            body["holds"] = list(self.holds)
        if self.held is not None:
            body["held"] = self.held.to_json()
        if self.alert is not None:
            body["alert"] = as_json(self.alert)
        dues = [due for due in self.timers if due is not None]
        return StoredState(self.rule, self.key, self.hash, from_us(min(dues)) if dues else None, body)

    @classmethod
    def from_stored(cls, stored: StoredState) -> Cell:
        """What `to_stored` wrote."""
        body = stored.body
        held, alert, holds = body.get("held"), body.get("alert"), body.get("holds")
        return cls(
            rule=stored.rule,
            key=stored.key,
            hash=stored.hash,
            state=body.get("state", NO_STATE),
            due_us=body.get("due_us"),
            clear_us=body.get("clear_us"),
            held=None if held is None else Held.from_json(held),
            held_us=body.get("held_us"),
            supported=body.get("supported", False),
            alert=None if alert is None else from_json(alert),
            last_alert=body.get("last_alert", ""),
            holds=None if holds is None else (holds[0], holds[1], holds[2]),
        )


class Cells:
    """All Cells of an Engine."""

    def __init__(self, streams: Callable[[Cell], Collection[str]]) -> None:
        """Remember nothing yet; `streams` tells which streams a cell's shape must hear of."""
        self.first_us = _NEVER_US
        """No timer runs out before; read for every Event."""
        self._streams = streams
        self._cells: dict[CellId, Cell] = {}
        self._timers: list[Timer] = []
        self._waiting: set[Timer] = set()
        self._rules_by_key: dict[str, set[str]] = defaultdict(set)
        self._standing: dict[str, dict[str, set[str]]] = {}
        self._ids_by_source: dict[str, set[CellId]] = defaultdict(set)
        self._held: dict[str, set[str]] = defaultdict(set)
        self._touched: set[CellId] = set()

    def __iter__(self) -> Iterator[Cell]:
        """In the order of rule and key."""
        return iter([self._cells[each] for each in sorted(self._cells)])

    def __len__(self) -> int:
        return len(self._cells)

    def get(self, rule: str, key: str) -> Cell | None:
        """The cell of a rule and key, if it remembers anything."""
        return self._cells.get((rule, key))

    def stays_calm(self, rule: str, key: str, event: Event, calm: Callable[[Event], bool]) -> bool:
        """Whether all that an Event does is to say once more that all is well; then that is noted."""
        cell = self._cells.get((rule, key))
        if cell is None:
            return False
        entry = cell.state.get("streams", _NONE).get(event.stream)
        if type(entry) is not Calm or cell.supported or cell.holds or cell.held or cell.clear_us or not calm(event):
            return False  # what stands here by the word of others might be cleared by it
        if event.moment_us > entry["no"]:
            entry["no"] = event.moment_us
            self._touched.add(cell.id)
        return True

    def moved(self, cell: Cell) -> None:
        """Take over a change of nothing but the state in `cell`, as most are."""
        if not cell.state or cell.id not in self._cells:
            self.keep(cell)
            return
        self._touched.add(cell.id)
        streams = self._streams(cell)
        if streams or cell.streams:
            self._index(cell, frozenset(streams))

    def keep(self, cell: Cell) -> None:
        """Take over what was changed in `cell`."""
        self._touched.add(cell.id)
        streams = self._streams(cell)
        if streams or cell.streams:
            self._index(cell, frozenset(streams))
        if cell.held is not None and cell.held.claim is not None:
            self._held[cell.rule].add(cell.key)
        elif cell.rule in self._held:
            self._held[cell.rule].discard(cell.key)
        if cell.empty:
            if self._cells.pop(cell.id, None) is not None:
                _remove(self._rules_by_key, cell.key, cell.rule)
            return
        if cell.id not in self._cells:
            self._rules_by_key[cell.key].add(cell.rule)
        self._cells[cell.id] = cell
        for due_us in (cell.due_us, cell.clear_us, cell.held_us):
            if due_us is None:
                continue
            timer = (due_us, cell.rule, cell.key)
            if timer not in self._waiting:
                self._waiting.add(timer)
                heapq.heappush(self._timers, timer)
                self.first_us = min(self.first_us, due_us)

    def standing(self, stream: str) -> Mapping[str, Collection[str]]:
        """The keys under which a stream stands, by the id of the rule that must hear of it."""
        return self._standing.get(stream, _NONE)

    def keys_of(self, rule: str, stream: str) -> Sequence[str]:
        """The keys under which a stream stands for a rule."""
        found = self._standing.get(stream)
        return sorted(found.get(rule, ())) if found else ()

    def rules_at(self, key: str) -> Collection[str]:
        """The ids of the rules that remember something of a key."""
        return self._rules_by_key.get(key, ())

    def held_of(self, rule: str) -> tuple[str, ...]:
        """The keys under which a claim of a rule is held back."""
        return tuple(sorted(self._held.get(rule, ())))

    def fed_by(self, source: str) -> tuple[CellId, ...]:
        """The cells in which something stands by the word of a source."""
        return tuple(sorted(self._ids_by_source.get(source, ())))

    def next_due_us(self) -> int | None:
        """When the next timer runs out."""
        while self._timers and not self._is_set(self._timers[0]):
            self._waiting.discard(heapq.heappop(self._timers))
        self.first_us = self._timers[0][0] if self._timers else _NEVER_US
        return self._timers[0][0] if self._timers else None

    def pop_due(self, until_us: int) -> tuple[int, Cell] | None:
        """The next timer that runs out by `until_us`, and its cell; None when there is none."""
        due_us = self.next_due_us()
        if due_us is None or due_us > until_us:
            return None
        timer = heapq.heappop(self._timers)
        self.first_us = self._timers[0][0] if self._timers else _NEVER_US
        self._waiting.discard(timer)
        _, rule, key = timer
        return due_us, self._cells[(rule, key)]

    def take_unsaved(self) -> Unsaved:
        """What changed since the last call."""
        touched, self._touched = sorted(self._touched), set()
        return Unsaved(
            states=tuple(self._cells[each].to_stored() for each in touched if each in self._cells),
            gone=tuple(each for each in touched if each not in self._cells),
        )

    def _is_set(self, timer: Timer) -> bool:
        cell = self._cells.get((timer[1], timer[2]))
        return cell is not None and timer[0] in cell.timers

    def _index(self, cell: Cell, streams: frozenset[str]) -> None:
        if streams == cell.streams:
            return
        for stream in cell.streams - streams:
            _remove(self._standing[stream], cell.rule, cell.key)
            if not self._standing[stream]:
                del self._standing[stream]
        for stream in streams - cell.streams:
            self._standing.setdefault(stream, {}).setdefault(cell.rule, set()).add(cell.key)
        sources = {source_of(stream) for stream in streams}
        for source in {source_of(stream) for stream in cell.streams} - sources:
            _remove(self._ids_by_source, source, cell.id)
        for source in sources:
            self._ids_by_source[source].add(cell.id)
        cell.streams = streams


def _copied(state: State) -> dict[str, Any]:
    """A state that stays as it is: the engine moves on what is Calm in its own."""
    streams = state.get("streams")
    if not streams:
        return dict(state)
    return {**state, "streams": {name: dict(each) if type(each) is Calm else each for name, each in streams.items()}}


def _remove(index: dict[Key, set[Item]], key: Key, item: Item) -> None:
    """Take an item out of an index, and the key with its last one."""
    items = index[key]
    items.discard(item)
    if not items:
        del index[key]
