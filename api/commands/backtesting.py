"""Backtesting: one rule tried over what a hub has stored, in a process of its own beside the hub.

    python -m api.commands.backtesting

takes an order as one JSON line on standard input and answers in JSON lines: `{"progress": 0.4}` again and again, then
`{"done": {...}}` or `{"failed": "..."}`. It runs at the lowest priority, within a bound on its memory, reads the
database alone, and ends when its standard input does: a hub that dies leaves nothing behind.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import Text
from alerts.language.rule import Rule
from alerts.language.rule_text import parse_rule
from alerts.language.rulebook import rule_of
from alerts.trials.backtest import Backtest, backtest, companions
from api.history import History, history_of
from hub.clock import SystemClock
from hub.errors import HubError
from hub.events import Event, time_from_text, time_to_text
from hub.store.database import Database

_WARM_UP = timedelta(days=1)
"""At least so long before the first moment that is asked about: what stood then is known to most devices by the day."""
MOST_TOLD = 500
"""Cases, and as many withheld; how many there are in all is always said."""
MEMORY_BYTES = 2 * 1024**3
_LOWEST = 15
_TELL_EVERY = 2000


def try_rule(
    history: History,
    rule: Rule,
    others: Iterable[Rule],
    *,
    since: datetime | None,
    until: datetime | None,
    now: datetime,
    tell: Callable[[int, datetime], None] = lambda _events, _arrived: None,
) -> Backtest:
    """Run a rule, with those that withhold or mute it, over stored events; what comes of it alone.

    Args:
        history: What is stored.
        rule: The one that is tried.
        others: All rules.
        since: What would have begun since; None for all. Events from before it are read as far as a rule looks back.
        until: Not included; None for all until `now`.
        now: The hub's time.
        tell: Called now and then with the number of events so far and when the last of them arrived.
    """
    tried = [rule, *companions(rule, others)]
    begin = (
        None if since is None else since - max(_WARM_UP, timedelta(seconds=max(each.looks_back_s for each in tried)))
    )
    events = itertools.chain(history.armed_before(begin), _watched(history.between(begin, until, tried), tell))
    found = backtest(tried, events, places=history.places, since=since, until=until or now)
    return replace(
        found,
        episodes=tuple(each for each in found.episodes if each.alert.rule == rule.id),
        withheld=tuple(each for each in found.withheld if each.alert.rule == rule.id),
    )


def told(found: Backtest, *, most: int | None = None) -> dict[str, Any]:
    """What came of it as JSON types, at most so many cases."""
    return {
        "count": len(found.episodes),
        "alerts": [
            {
                "began": time_to_text(each.began),
                "ended": None if each.ended is None else time_to_text(each.ended),
                "key": each.alert.key,
                "level": each.alert.level.value,
                "text": _text(each.alert.text),
                "events": list(each.alert.events),
                "muted": each.alert.muted_by is not None,
            }
            for each in found.episodes[:most]
        ],
        "withheld_count": sum(each.times for each in found.withheld),
        "withheld": [
            {
                "first": time_to_text(each.first),
                "last": time_to_text(each.last),
                "times": each.times,
                "key": each.alert.key,
                "level": each.alert.level.value,
                "text": _text(each.alert.text),
                "because": _text(each.because),
                "events": list(each.alert.events),
            }
            for each in found.withheld[:most]
        ],
        "events": found.events,
        "unknown": found.unknown,
        "failed": found.failed,
    }


def main() -> None:
    """Carry out the order on standard input."""
    os.nice(_LOWEST)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_input, daemon=True).start()
    try:
        say({"done": _carry_out(order)})
    except (HubError, MemoryError) as error:
        say({"failed": str(error) or "it took more memory than it may"})
    os._exit(0)  # the thread that waits for the end of the input would be in the way of an orderly one


def _carry_out(order: Mapping[str, Any]) -> dict[str, Any]:
    clock = SystemClock()
    since, until = time_from_text(order["since"]), time_from_text(order["until"])
    lasts_s = max(1.0, (until - since).total_seconds())

    def tell(events: int, arrived: datetime) -> None:
        done = max(0.0, (arrived - since).total_seconds() / lasts_s)
        say({"progress": round(done, 3), "events": events})

    with history_of(Database(order["url"], clock=clock), clock) as history:
        rules = {each.revision.rule: each.rule for each in history.rules.rules()}
        body = parse_rule(order["text"]).body
        rule = rule_of({**body, "state": "live"})
        found = try_rule(history, rule, rules.values(), since=since, until=until, now=clock.now(), tell=tell)
        return told(found, most=MOST_TOLD)


def _watched(events: Iterable[Event], tell: Callable[[int, datetime], None]) -> Iterator[Event]:
    for number, event in enumerate(events, 1):
        if number % _TELL_EVERY == 0:
            tell(number, event.arrived)
        yield event


def end_with_input() -> None:
    """End at once when the hub is gone or has had enough."""
    while sys.stdin.readline():
        pass
    os._exit(1)


def say(body: Mapping[str, Any]) -> None:
    """Answer one line."""
    sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


if __name__ == "__main__":
    main()
