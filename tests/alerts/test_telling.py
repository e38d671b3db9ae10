"""Reading only what could matter: whatever a rule would have raised, it would raise of that as well."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.language.places import places_of
from alerts.language.rule import Rule
from alerts.language.rulebook import SHIPPED, rule_of
from alerts.language.written import read_rules
from alerts.trials.backtest import Backtest, backtest, companions, heard, listening
from hub.bus import Bus
from hub.events import Event, FieldValue, Phase, Quality
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog, Fact
from tests.fakes.stories import COMMUNITY, event, moment

WORDS = {"zh": "例", "en": "Example"}
EVENTS, LASTS_S = 6_000, 9_000
PLACES = places_of(COMMUNITY)


def _own(name: str, when: dict[str, Any], **around: Any) -> dict[str, Any]:
    body = {"rule": name, "name": WORDS, "say": WORDS, "do": WORDS, "for_each": "device", "when": when}
    return {**body, "raises": {"kind": "road.debris", "severity": "yellow"}, **around}


BODIES = {
    **{name: each.body for name, each in read_rules(SHIPPED).items()},
    **{
        body["rule"]: body
        for body in (
            _own("own.clear", {"event": {"kind": "smoke", "where": {"alarm": True}}}, for_each="site",
                 clear={"when": {"kind": ["smoke", "gas"], "where": {"alarm": False}}}),
            _own("own.gap", {"lasts": {"of": {"kind": "camera.vehicle", "where": {"stopped": True}}, "for": "60s",
                                       "gap": "30s"}}, for_each=["camera", "zone"]),
            _own("own.lasts", {"lasts": {"of": {"kind": "door", "where": {"open": True, "zone": ["yard", "lane-1"]}},
                                         "for": "60s"}}, for_each="site",
                 unless={"kind": "smoke", "where": {"alarm": True}, "within": "5m", "same": "site"}),
            _own("own.below", {"value": {"of": {"kind": "battery", "where": {"test": "not true"}}, "field": "percent",
                                         "below": 15, "back_by": 3, "for": "30s"}}),
            _own("own.count", {"count": {"of": {"kind": "gas", "where": {"alarm": True}}, "at_least": 3,
                                         "within": "20m"}}, for_each="area", clear={"after": "5m"}),
            _own("own.sequence", {"sequence": {"within": "5m", "steps": [
                {"kind": "door", "where": {"open": True}}, {"kind": "motion", "where": {"motion": True}}]}},
                for_each="site"),
            _own("own.together", {"together": {"within": "2m", "all_of": [
                {"kind": "smoke", "where": {"alarm": True}}, {"kind": "gas", "where": {"alarm": True}}]}},
                for_each="site"),
        )
    },
}  # fmt: skip
RULES = {name: replace(rule_of(body), shadow=False) for name, body in BODIES.items() if body.get("state") != "off"}


def asked(body: object) -> Iterator[tuple[str, str, object]]:
    """Kinds with what rules want of a name."""
    if isinstance(body, list):
        for each in body:
            yield from asked(each)
    if not isinstance(body, dict):
        return
    kinds = body.get("kind", ())
    for kind in (kinds,) if isinstance(kinds, str) else kinds:
        yield kind, "", None
        for name, wanted in body.get("where", {}).items():
            yield kind, name, wanted
    if "field" in body:
        limits: Any = body.get("above", body.get("below", body.get("rises", body.get("falls"))))
        numbers: list[Any] = list(limits.values()) if isinstance(limits, dict) else [limits]
        of = body["of"]["kind"]
        for kind in (of,) if isinstance(of, str) else of:
            yield kind, body["field"], [number + more for number in numbers for more in (-1, 0, 1)]
    for each in body.values():
        yield from asked(each)


WANTED: dict[str, dict[str, list[object]]] = {}
for _kind, _name, _wanted in asked([[body["when"], body.get("clear"), body.get("unless")] for body in BODIES.values()]):
    _names = WANTED.setdefault(_kind, {})
    if _name:
        _names.setdefault(_name, []).extend(_wanted if isinstance(_wanted, list) else [_wanted])


def happening(dice: random.Random, number: int) -> Event:
    """An Event of any kind that a rule wants: of most sources quiet, of the others anything."""
    kind = dice.choice([*sorted(WANTED), "smoke", "gas", "door", "motion", "battery", "camera.vehicle"])
    source = dice.randrange(8)
    fields: dict[str, FieldValue] = {}
    for name, wanted in WANTED[kind].items():
        one = dice.choice(wanted)
        value: Any = dice.choice([True, False, "other", 7, 0.5])
        if source < 3 or (source < 5 and dice.randrange(40)):
            value = source == 4 if isinstance(one, bool) else 0.1 if isinstance(one, int | float) else "other"
        elif dice.randrange(4):
            value = one
        if source < 3 or dice.randrange(25):
            fields[name] = value
    arrives_s = number * LASTS_S / EVENTS
    seen = kind.startswith("camera.")
    parts: dict[str, Any] = (
        {"camera": "cam-1"} if seen else {"site": "hh-099" if source < 3 else dice.choice(["hh-017", "junction-3"])}
    )
    zone = fields.pop("zone", None)
    subject = fields.pop("subject", None)
    confidence, site = fields.pop("confidence", None), fields.pop("site", None)
    return event(
        kind,
        arrives_s - dice.choice([0, 0, 0, 0, 2, 40, 200]),
        arrives_s=arrives_s,
        source="cam-1" if seen and source < 6 else f"s{source}",
        zone=dice.choice([None, "lane-1", "yard", zone if isinstance(zone, str) else None]),
        subject=dice.choice(["1", "2", f"{number // 200}"]) if seen else subject if isinstance(subject, str) else None,
        confidence=dice.choice([None, 0.3, 0.9, confidence if isinstance(confidence, float) else None]),
        phase=dice.choice(list(Phase)) if seen or not dice.randrange(10) else Phase.MOMENT,
        quality=dice.choice([(), (), (), (), (Quality.TEST,), (Quality.RETAINED,)]),
        fields=fields,
        id=f"e{number}",
        area="group-1",
        **{**parts, **({"site": site} if isinstance(site, str) and not seen else {})},
    )


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventLog]:
    """Everything that happened."""
    folder: Path = tmp_path_factory.mktemp("telling")
    database = Database(sqlite_url(folder))
    database.start()
    log = EventLog(database, Bus())
    dice = random.Random(11)
    log.append([Fact(happening(dice, number)) for number in range(EVENTS)]).result(60)
    yield log
    database.stop()


def tried(rules: list[Rule], events: Iterator[Event]) -> Backtest:
    """What came of them; how many were read, and how many of those said too little, is another matter."""
    return replace(backtest(rules, events, places=PLACES, until=moment(2 * LASTS_S)), events=0, unknown=0)


@pytest.mark.parametrize("name", sorted(RULES))
def test_what_comes_of_a_rule_is_the_same(log: EventLog, name: str) -> None:
    rules = [RULES[name], *companions(RULES[name], RULES.values())]
    kinds = heard(rules, log.kinds())
    whole, some = listening(rules, kinds)
    everything = [stored.event for stored in log.of_kinds(kinds)]
    telling = [stored.event for stored in log.telling(whole, some)]
    assert len(telling) <= len(everything)
    assert tried(rules, iter(telling)) == tried(rules, iter(everything))


def test_rules_that_ask_for_words_or_numbers_read_a_part(log: EventLog) -> None:
    for name in ("own.clear", "own.gap", "own.count", "gas.co_alarm", "gas.co_high"):
        kinds = heard([RULES[name]], log.kinds())
        read = list(log.telling(*listening([RULES[name]], kinds)))
        assert 0 < len(read) < len(list(log.of_kinds(kinds))), name
