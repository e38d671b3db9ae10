"""History: the store of a hub, opened for reading alone, for what looks back. The hub may run meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alerts.language.places import Places, places_of
from alerts.language.rule import Rule
from alerts.language.rule_store import RuleStore
from alerts.store.lists import Repository
from alerts.trials.asking import armed_before
from alerts.trials.backtest import heard, listening
from api.storage import database_of
from config.community import Community
from config.errors import ConfigurationError, Mistake
from config.load import load_machine
from config.says import in_english
from hub.bus import Bus
from hub.clock import Clock, SystemClock
from hub.events import Event, time_from_text
from hub.store.database import Database
from hub.store.event_log import EventLog
from hub.store.revisions import Revisions


@dataclass(frozen=True, slots=True)
class History:
    """What a hub has stored.

    Attributes:
        events: The event log.
        alerts: Alerts and incidents.
        community: What there is now.
        places: How everything in it is called.
        rules: The rules that a running hub has, to be read alone.
    """

    events: EventLog
    alerts: Repository
    community: Community
    places: Places
    rules: RuleStore

    def between(self, since: datetime | None, until: datetime | None, rules: Iterable[Rule]) -> Iterator[Event]:
        """Events that arrived then and could matter to some rules, in the order in which they were stored."""
        tried = tuple(rules)
        whole, some = listening(tried, heard(tried, self.events.kinds()))
        return (stored.event for stored in self.events.telling(whole, some, since=since, until=until))

    def armed_before(self, since: datetime | None) -> list[Event]:
        """What was armed and disarmed before a time, in order."""
        return [] if since is None else armed_before(self.events, since)


@contextmanager
def open_history(machine_file: Path | None, data: Path | None) -> Iterator[History]:
    """The store of the machine in a file, with another data folder if one is given.

    Raises:
        StoreError: It cannot be read, or another version of the program wrote it.
    """
    machine = load_machine(machine_file)
    if data is not None:
        machine = machine.model_copy(update={"data": data})
    if machine.database.url is None and not machine.data.is_dir():
        raise ConfigurationError((Mistake(None, "--data", in_english(f"there is no folder {machine.data}")),))
    clock = SystemClock()
    with history_of(database_of(machine, clock), clock) as history:
        yield history


@contextmanager
def history_of(database: Database, clock: Clock) -> Iterator[History]:
    """What a database holds that is not open yet.

    Raises:
        StoreError: As `open_history`.
    """
    database.look()
    try:
        community = Revisions(database, clock).current()
        rules = RuleStore(database, Bus(), clock)
        rules.look()
        yield History(EventLog(database, Bus()), Repository(database), community, places_of(community), rules)
    finally:
        database.stop()


def moment_of(text: str | None, option: str) -> datetime | None:
    """The time that an option says.

    Raises:
        ConfigurationError: It says none; names the option.
    """
    try:
        return None if text is None else time_from_text(text)
    except ValueError as error:
        message = f"{text!r} is no time; write 2026-03-01T08:00:00+08:00 or ...Z"
        raise ConfigurationError((Mistake(None, option, in_english(message)),)) from error
