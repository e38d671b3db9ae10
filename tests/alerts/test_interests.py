"""That no rule is left out of what concerns it, and that those it does not concern are."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from alerts.alert import as_json
from alerts.cells import Cell, Cells
from alerts.engine import Engine
from alerts.language.interests import Interests, Listener
from alerts.language.places import places_of
from alerts.language.rule import Rule
from alerts.language.rulebook import RuleBook, make_book, rule_of
from hub.events import Event, Phase
from tests.fakes.stories import COMMUNITY, event, health, moment, seen

PLACES = places_of(COMMUNITY)
WORDS = {"zh": "例", "en": "Example"}


def rule(name: str, when: dict[str, Any], **parts: Any) -> dict[str, Any]:
    raises = {"kind": "road.debris", "severity": "yellow"}
    return {
        "rule": name,
        "name": WORDS,
        "say": WORDS,
        "do": WORDS,
        "raises": raises,
        "for_each": "site",
        "when": when,
        **parts,
    }


def book(*rules: dict[str, Any]) -> RuleBook:
    return make_book([rule_of(each) for each in rules])


VEHICLE = "camera.vehicle"
PICKY = book(
    rule("by.zone", {"event": {"kind": VEHICLE, "where": {"zone": "yard"}}}, for_each=["camera", "zone"]),
    rule("by.label", {"event": {"kind": VEHICLE, "where": {"label": ["car", "bus"]}}}, clear={"after": "20s"}),
    rule(
        "by.flag",
        {"lasts": {"of": {"kind": [VEHICLE, "door"], "where": {"stopped": True}}, "for": "5s"}},
        for_each="camera",
    ),
    rule(
        "by.gap",
        {"lasts": {"of": {"kind": VEHICLE, "where": {"stopped": True}}, "for": "5s", "gap": "3s"}},
        for_each="camera",
    ),
    rule("by.camera", {"event": {"kind": VEHICLE}}, scope={"cameras": ["cam-1"]}, for_each="zone"),
    rule("by.site", {"count": {"of": {"kind": VEHICLE}, "at_least": 3, "within": "1m"}}, scope={"rings": "road"}),
    rule("by.area", {"event": {"kind": "door", "where": {"open": True}}}, scope={"areas": "town"}, for_each="area"),
    rule("by.source", {"event": {"kind": "door", "where": {"source": "d1", "open": True}}}, for_each="device"),
    rule(
        "by.answer",
        {"event": {"kind": VEHICLE, "where": {"label": "car"}}},
        clear={"when": {"kind": ["door", VEHICLE], "where": {"open": False}}, "latch": True},
    ),
    rule("by.silence", {"silence": {"of": {"kind": "door", "where": {"open": True}}, "longer_than": "30s"}}),
    rule(
        "by.both",
        {
            "together": {
                "within": "20s",
                "all_of": [
                    {"kind": VEHICLE, "where": {"label": "bus"}},
                    {"kind": ["door", VEHICLE], "where": {"open": True}},
                ],
            }
        },
    ),
)


def happened(dice: random.Random, number: int) -> Event:
    at_s = number + dice.choice([0, 0, 0, -7])
    what = dice.randrange(10)
    if what == 0:
        return health("camera.health", number, dice.choice(["cam-1", "cam-2"]), dice.choice(["online", "offline"]))
    if what == 1:
        return health("sensor.health", number, dice.choice(["d1", "d2"]), dice.choice(["online", "offline"]))
    if what <= 4:
        return event(
            "door",
            at_s,
            arrives_s=number,
            source=dice.choice(["d1", "d2"]),
            site=dice.choice(["hh-017", "junction-3", None]),
            area=dice.choice(["group-1", None]),
            fields=some(dice, open=[True, False, "ajar"], stopped=[True, False]),
            id=str(number),
        )
    return seen(
        VEHICLE,
        at_s,
        arrives_s=number,
        camera=dice.choice(["cam-1", "cam-1", "cam-2"]),
        track=dice.choice(["1", "2"]),
        phase=dice.choice(list(Phase)),
        zone=dice.choice([None, "lane-1", "yard"]),
        fields=some(dice, label=["car", "bus", "cart", 7], stopped=[True, False, "no"], open=[True, False]),
        id=str(number),
    )


def some(dice: random.Random, **fields: list[Any]) -> dict[str, Any]:
    return {name: dice.choice(values) for name, values in fields.items() if dice.randrange(8)}


class AskAll(Interests):
    """Leaves out no rule that listens to the kind."""

    def __init__(self, by_kind: Mapping[str, Iterable[Rule]]) -> None:
        by_kind = {kind: tuple(rules) for kind, rules in by_kind.items()}
        super().__init__(by_kind)
        self._all = {kind: [Listener.of(each, kind) for each in rules] for kind, rules in by_kind.items()}

    def listeners(self, event: Event, cells: Cells) -> Sequence[Listener]:
        del cells
        return self._all.get(event.kind, ())


@pytest.mark.parametrize("seed", range(25))
def test_asking_only_the_rules_it_may_concern_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(seed)
    events = [happened(dice, number) for number in range(150)]
    ways = []
    for interests in (Interests, AskAll):
        monkeypatch.setattr("alerts.engine.Interests", interests)
        engine = Engine(PICKY, PLACES)
        changes = [change for each in events for change in engine.handle(each)] + engine.advance(moment(400))
        told = [(change.move, change.at, as_json(change.alert)) for change in changes]
        ways.append((told, engine.snapshot(), engine.counts.unknown))
        assert engine.counts.failed.total() == 0
    assert ways[0] == ways[1]
    assert len(ways[0][0]) > 10


def asked_for(rules: RuleBook, happened: Event, *, remembered: str = "") -> list[str]:
    cells = Cells(lambda _cell: ())
    if remembered:
        cells.keep(Cell(remembered, "hh-017", "", state={"something": 1}))
    return [each.id for each in Interests(rules.on(PLACES).by_kind).listeners(happened, cells)]


def test_a_rule_is_asked_where_its_scope_is() -> None:
    found = asked_for(
        PICKY,
        seen(VEHICLE, 0, camera="cam-2", zone="lane-1", fields={"label": "cart", "stopped": False, "open": False}),
    )
    assert found == ["by.site"]


def test_a_rule_is_asked_for_what_it_cannot_judge() -> None:
    assert "by.label" in asked_for(PICKY, seen(VEHICLE, 0, fields={"label": 7}))
    assert "by.label" in asked_for(PICKY, seen(VEHICLE, 0))
    assert "by.label" not in asked_for(PICKY, seen(VEHICLE, 0, fields={"label": "cart"}))


def test_a_rule_is_asked_where_it_remembers_something() -> None:
    shut = event("door", 0, fields={"open": False})
    assert "by.answer" not in asked_for(PICKY, shut)
    assert "by.answer" in asked_for(PICKY, shut, remembered="by.answer")


def test_what_a_rule_need_not_be_asked_about_it_has_understood() -> None:
    engine = Engine(PICKY, PLACES)
    for number, label in enumerate(["cart", "cart", "car", 7]):
        engine.handle(seen(VEHICLE, number, track=str(number), fields={"label": label}))
    assert (engine.known()["by.label"], engine.counts.unknown["by.label"]) == (3, 1)


def test_of_many_rules_alike_only_those_for_the_label_are_asked() -> None:
    many = book(*(rule(f"r{n:03}", {"event": {"kind": VEHICLE, "where": {"label": f"label-{n}"}}}) for n in range(200)))
    assert asked_for(many, seen(VEHICLE, 0, fields={"label": "label-17"})) == ["r017"]
    assert asked_for(many, replace(seen(VEHICLE, 0, fields={"label": "label-500"}), zone="yard")) == []
