"""Rules around one shape, and what must be true of every shape whatever happens in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alerts.alert import as_json
from alerts.engine import Engine
from alerts.language.places import places_of
from alerts.language.rulebook import RuleBook
from hub.events import Event
from tests.fakes.stories import COMMUNITY, START, book_of, moment

FRAME = """
- rule: example
  name: {{zh: 例, en: Example}}
  raises: {{kind: gas.repeated, severity: yellow}}
  for_each: {for_each}
  when:
    {shape}
  say: {{zh: "{say}", en: "{say}"}}
  do: {{zh: 看, en: Look}}
"""

LATER_S = 100_000
"""When everything is long over."""


def book_with(folder: Path, shape: str, *, say: str = "", for_each: str = "site") -> RuleBook:
    """A rule book of one rule with this shape, which raises `gas.repeated`."""
    return book_of(folder, FRAME.format(shape=shape, say=say, for_each=for_each))


def stands_after(book: RuleBook, events: Sequence[Event]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What was ever raised, and what is active when all have arrived, as (kind, key)."""
    engine = Engine(book, places_of(COMMUNITY))
    changes = [change for each in events for change in engine.handle(each)]
    active = {(alert.kind, alert.key) for alert in engine.open_alerts() if alert.condition == "active"}
    return {(change.alert.kind, change.alert.key) for change in changes if change.move == "raised"}, active


def check_restart(book: RuleBook, events: Sequence[Event], at: int) -> None:
    """An engine that is stopped after `at` events and goes on from the store tells what the other one tells."""
    whole = Engine(book, places_of(COMMUNITY))
    expected = [change for each in events for change in whole.handle(each)] + whole.advance(moment(LATER_S))
    first = Engine(book, places_of(COMMUNITY))
    before = [change for each in events[:at] for change in first.handle(each)]
    second = Engine(book, places_of(COMMUNITY))
    assert second.restore(first.snapshot(), START) == []
    after = [change for each in events[at:] for change in second.handle(each)] + second.advance(moment(LATER_S))
    assert [(change.move, change.at, as_json(change.alert)) for change in (*before, *after)] == [
        (change.move, change.at, as_json(change.alert)) for change in expected
    ]
    assert second.snapshot() == whole.snapshot()
    assert whole.counts.failed == second.counts.failed == {}


def check_it_forgets(book: RuleBook, events: Sequence[Event]) -> None:
    """Long after the last event nothing is remembered but the alerts that a person has not closed."""
    engine = Engine(book, places_of(COMMUNITY))
    for each in events:
        engine.handle(each)
    engine.advance(moment(LATER_S * 10))
    assert [state for state in engine.snapshot() if state.body.get("state") or state.due] == []
