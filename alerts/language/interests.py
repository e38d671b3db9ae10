"""Interests: which rules an Event may concern, so that all the others cost it nothing.

A village has hundreds of rules, and nearly every Event concerns a handful. So the rules of a kind lie in buckets: by
the devices or sites of their scope, or by what their pattern wants a name to be (the zone, the label). The buckets only
leave out a rule that would find nothing to do: it sees nothing outside its scope, and what its pattern says NO to
changes nothing where nothing is remembered. Where something is, the rule is asked whatever the bucket. So the answer
holds too many rules at times, never too few, and costs the same however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from alerts.cells import Cells
from alerts.counts import Counts
from alerts.language.pattern import MISSING, NOTHING, Pattern, is_field, reader_of
from alerts.language.rule import KeyReader, Rule, key_reader
from hub.events import Event

_MOST_KNOWN = 50_000
"""Answers kept for each kind; with more, all are forgotten."""
_FIRST = ("source", "camera", "zone", "site")
"""Names that tell rules apart best."""
_PLACES = frozenset({"area", "camera", "driver", "site", "source", "subject", "zone"})
"""Names that are parts of the Event itself: a word, or known to be none."""
_NOBODY: frozenset[str] = frozenset()
_ODD = object()
"""A value of a type that no bucket is for."""

Value = str | bool


class Interests:
    """The buckets of a RuleBook that is bound to its Places."""

    def __init__(self, by_kind: Mapping[str, Iterable[Rule]]) -> None:
        self._routes = {kind: _Route(kind, rules) for kind, rules in by_kind.items()}

    def listeners(self, event: Event, cells: Cells) -> Sequence[Listener]:
        """The rules that `event` may concern, in the order of their ids.

        Args:
            event: What happened.
            cells: What the rules remember; one for which the Event's stream stands is concerned wherever it happened.
        """
        route = self._routes.get(event.kind)
        if route is None:
            return ()
        route.events += 1
        return route.found(event, cells).listeners

    def known(self, counts: Counts) -> dict[str, int]:
        """By rule, the Events that it understood, with those it was not asked about because it would have said NO."""
        spared: Counter[str] = Counter()
        for route in list(self._routes.values()):
            spared.update(dict.fromkeys(route.by_memory, route.events))
        return {
            rule: max(counts.known[rule], spared[rule] - counts.unknown[rule])
            for rule in {*counts.known.copy(), *spared}
        }


@dataclass(frozen=True, slots=True)
class Listener:
    """A rule that listens to a kind, with what is asked of it for every Event of the kind worked out.

    Attributes:
        id: Of the rule.
        rule: Itself.
        key_of: What an Event counts for.
        told: Whether its shape wants the kind.
        clears: Whether an Event of the kind may clear its alerts.
        calm: `Shape.calm`, where that may be all there is to do for an Event; else None.
    """

    id: str
    rule: Rule
    key_of: KeyReader
    told: bool
    clears: bool
    calm: Callable[[Event], bool] | None

    @classmethod
    def of(cls, rule: Rule, kind: str) -> Listener:
        """What `rule` is to Events of `kind`."""
        told = kind in rule.shape.kinds
        clears = rule.clear.when is not None and kind in rule.clear.when.kinds
        return cls(rule.id, rule, rule.key_of, told, clears, rule.shape.calm if told and rule.near_m is None else None)


class _Found(NamedTuple):
    """Rules that an Event may concern, in the order of their ids."""

    listeners: tuple[Listener, ...]
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Gate:
    """What must be so for a rule to be concerned by Events of one kind.

    Attributes:
        buckets: Names with values: one of them must be so.
        odd: Whether a value of another type, or a missing one, concerns it as well, for it cannot be judged then.
        subjects: Whether this goes only for Events with a subject.
        memory: Whether it is concerned as well where it remembers something.
    """

    buckets: frozenset[tuple[str, Value]]
    odd: bool = False
    subjects: bool = False
    memory: bool = False


class _Route:
    """The rules that listen to one kind."""

    def __init__(self, kind: str, rules: Iterable[Rule]) -> None:
        self.events = 0
        self._listeners = {rule.id: Listener.of(rule, kind) for rule in rules}
        gates = {id_: _gate(each.rule, kind) for id_, each in self._listeners.items()}
        self._always = {id_ for id_, gate in gates.items() if gate is None}
        gated = {id_: gate for id_, gate in gates.items() if gate is not None}
        self._buckets: dict[tuple[str, Value], set[str]] = {}
        self._odd: dict[str, dict[type, set[str]]] = {}
        for id_, gate in gated.items():
            for name, value in gate.buckets:
                self._buckets.setdefault((name, value), set()).add(id_)
                types = self._odd.setdefault(name, {})
                types.setdefault(type(value), set()).update([id_] if gate.odd else [])
        self._without_subject = {id_ for id_, gate in gated.items() if gate.subjects}
        self.by_memory = frozenset(id_ for id_, gate in gated.items() if gate.memory)
        self._keys: tuple[KeyReader, ...] = tuple(
            key_reader(each) for each in sorted({self._listeners[id_].rule.for_each for id_ in self.by_memory})
        )
        places = sorted(self._odd.keys() & _PLACES)
        rest = sorted(self._odd.keys() - _PLACES, key=lambda name: (is_field(name), name))
        self._names = (*places, *rest)
        self._place = attrgetter(*places, "kind", "kind")  # of two names and more it makes a tuple
        self._odd_ones = tuple(reader_of(name) for name in rest if not is_field(name))
        self._fields = tuple(name for name in rest if is_field(name))
        self._all = self._ordered(self._always)
        self._known: dict[tuple[object, ...], _Found] = {}
        self._together: dict[tuple[frozenset[str], frozenset[str]], _Found] = {}

    def found(self, event: Event, cells: Cells) -> _Found:
        """By the values, looked up once for each set of them; by what is remembered at its keys and of its stream."""
        found = self._all
        if self._names:
            known: tuple[object, ...] = (event.subject is None, self._place(event))
            if self._odd_ones:
                known = (*known, *[_plain(read(event)) for read in self._odd_ones])
            if self._fields:
                fields = event.fields
                known = (*known, *[_plain(fields.get(name, MISSING)) for name in self._fields])
            found = self._known.get(known) or self._looked_up(known)
        for read in self._keys:
            key = read(event)
            there = None if key is None else cells.rules_at(key)
            if there and not self.by_memory.isdisjoint(there):
                found = self._with_more(found, self.by_memory.intersection(there))
        standing = cells.standing(event.stream)
        return self._with_more(found, frozenset(standing)) if standing else found

    def _with_more(self, found: _Found, ids: frozenset[str]) -> _Found:
        """Those found, and those of `ids` that listen to this kind; put in order once for each two sets."""
        if ids <= found.ids:
            return found
        together = self._together.get((found.ids, ids))
        if together is None:
            if len(self._together) >= _MOST_KNOWN:
                self._together.clear()
            together = self._together[found.ids, ids] = self._ordered(found.ids | ids)
        return together

    def _looked_up(self, known: tuple[Any, ...]) -> _Found:
        without_subject, place, *fields = known
        ids = set(self._always)
        if without_subject:
            ids |= self._without_subject
        values: tuple[Any, ...] = (*place[:-2], *fields)
        for name, value in zip(self._names, values, strict=True):
            for kind, odd in self._odd[name].items():
                if type(value) is kind:
                    ids |= self._buckets.get((name, value), _NOBODY)  # type: ignore[arg-type] # such as lie there
                elif value is not NOTHING and value is not None:
                    ids |= odd
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        found = self._known[known] = self._ordered(ids)
        return found

    def _ordered(self, ids: Iterable[str]) -> _Found:
        """Those of the rules that listen to this kind."""
        listeners = tuple(self._listeners[id_] for id_ in sorted(ids) if id_ in self._listeners)
        return _Found(listeners, frozenset(each.id for each in listeners))


def _plain(value: object) -> object:
    """The value if a bucket may be for it, else what stands for all others: there may be many, and they are alike."""
    return value if type(value) is str or type(value) is bool or value is NOTHING else _ODD


def _gate(rule: Rule, kind: str) -> _Gate | None:
    """What must be so for `rule` to be concerned by Events of `kind`; None when any may."""
    reach = rule.around.reach
    if reach is not None and reach.devices is not None:
        names = ("source", "camera")
        return _Gate(frozenset((name, device) for device in reach.devices for name in names))
    if reach is not None and reach.sites is not None:
        areas = reach.areas or ()
        return _Gate(frozenset((*(("site", each) for each in reach.sites), *(("area", each) for each in areas))))
    wanted = _wanted(rule, kind)
    if wanted is None:
        return None
    subjects = rule.shape.remembers_no and kind in rule.shape.kinds
    return _Gate(wanted, odd=True, subjects=subjects, memory=True)


def _wanted(rule: Rule, kind: str) -> frozenset[tuple[str, Value]] | None:
    """Names and values of which an Event needs one, if nothing is remembered where it happened; None: it needs none."""
    if kind in rule.shape.kinds and not rule.shape.patterns:
        return None
    found: set[tuple[str, Value]] = set()
    for pattern in rule.shape.patterns:
        if kind in pattern.kinds:
            if not pattern.fixed:
                return None
            name = min(pattern.fixed, key=lambda each: _telling(each, pattern))
            found.update((name, value) for value in pattern.fixed[name])
    return frozenset(found)


def _telling(name: str, pattern: Pattern) -> tuple[int, int, str]:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST), len(pattern.fixed[name]), name
