"""Accounts: every message that the broker acknowledged, and every alert that was due, against what the hub stored.

A message that carries its own time is in the store exactly once, however often it was said. One without is there as
often as it was acknowledged, and at most as often as it was sent; as in docs/reference/mqtt.md, when hub and broker die
together one of the last moments may be there twice. A sensor that floods may be passed over, its alarms not.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from benchmarks.farm.diary import Diary
from benchmarks.farm.formats import number_of
from benchmarks.farm.gateway import Entry
from hub.events import event_from_text

TOGETHER_S = 20.0
"""Said so long before hub and broker died together, a message may be there twice: the broker's `ack_wait`, thrice."""
TRUSTED_S = 120.0 - 60.0
"""The time in a message counts within 120 s of its arrival; beyond, it does not tell a repetition. A hub that has just
come back on a busy machine hears what waited up to a minute late."""
SMOKE, OFFLINE, VIDEO_LOSS = "fire.smoke_sensor", "sensor.offline", "camera.video_loss"


@dataclass(slots=True)
class Account:
    """One promise and what came of it.

    Attributes:
        promise: In words.
        expected: How many were due.
        found: How many of them were kept.
        broken: What was not, in words.
        notes: What else is worth knowing.
    """

    promise: str
    expected: int = 0
    found: int = 0
    broken: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the hub's database holds of the farm.

    Attributes:
        messages: How often each message of a device is there.
        refusals: How often each unreadable message was refused.
        alerts: Rule, and the sensor or camera, of each alert.
    """

    messages: Counter[tuple[str, int]]
    refusals: Counter[tuple[str, int]]
    alerts: Counter[tuple[str, str]]


def read_store(database: Path, diary: Diary, *, until_s: float) -> Stored:
    """Read the database of a hub that has ended; of alerts those raised until then, seconds since 1970.

    What was raised while the hub's clock was ahead bears a time that is later than its end.
    """
    stored = Stored(Counter(), Counter(), Counter())
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for (body,) in connection.execute("SELECT body FROM events WHERE kind IN ('temperature', 'smoke')"):
            event = event_from_text(body)
            number = number_of(event)
            if number is not None:
                stored.messages[event.source, number] += 1
        for (payload,) in connection.execute("SELECT payload FROM refusals"):
            words = bytes(payload).decode(errors="replace").split('"')
            said = words[1].split() if len(words) > 1 else []
            if len(said) == 3 and said[0] == "garbage":  # noqa: PLR2004 - as `formats.garbage` writes it
                stored.refusals[said[1], int(said[2])] += 1
        rows = connection.execute("SELECT rule, sensor, camera, raised FROM alerts").fetchall()
        for rule, sensor, camera, raised in rows:
            if diary.real_s(datetime.fromisoformat(raised), about_s=0.0) > until_s:
                continue
            stored.alerts[rule, sensor or camera or ""] += 1
    return stored


def account_messages(ledger: Iterable[Entry], stored: Stored, diary: Diary) -> Account:
    """Every acknowledged message, exactly once."""
    account = Account("acknowledged messages stored exactly once")
    together = [each.begins_s for each in diary.of("power")]
    for entry in ledger:
        if entry.garbage or not entry.sent:
            continue
        found = stored.messages[entry.device, entry.number]
        least, most = _allowed(entry, diary)
        if any(at_s - TOGETHER_S <= _s(entry.last) <= at_s + 1.0 for at_s in together) and found > most:
            account.notes["twice, of the last moments before hub and broker died together"] += 1
            most = found
        if entry.acknowledged:
            account.expected += 1
            account.found += found >= least
        else:
            account.notes["not acknowledged"] += 1
        if entry.loose and entry.acknowledged and not found:
            account.notes["passed over, of a sensor that floods"] += 1
        if not least <= found <= most:
            account.broken.append(
                f"{entry.device} #{entry.number} {'alarm ' if entry.alarm is not None else ''}stored {found} times,"
                f" due {least} to {most}; sent {entry.sent}, acknowledged {entry.acknowledged},"
                f" {entry.first} to {entry.last}"
            )
    return account


def _allowed(entry: Entry, diary: Diary) -> tuple[int, int]:
    least = 0 if entry.loose and entry.alarm is None else entry.acknowledged
    if not entry.timed:
        return least, entry.sent
    at_s, last_s = _s(entry.at), diary.heard_s(_s(entry.last))
    offsets = [seconds for _, seconds in diary.offsets]
    doubted = last_s + max(offsets) - at_s > TRUSTED_S or at_s - (_s(entry.first) + min(offsets)) > TRUSTED_S
    return min(least, 1), entry.sent if doubted else 1


def account_refusals(ledger: Iterable[Entry], stored: Stored) -> Account:
    """Every acknowledged message that nobody can read, refused where it can be seen."""
    account = Account("unreadable messages refused, with their reason")
    for entry in ledger:
        if not (entry.garbage and entry.acknowledged):
            continue
        account.expected += 1
        if stored.refusals[entry.device, entry.number]:
            account.found += 1
        elif not entry.loose:
            account.broken.append(f"{entry.device} #{entry.number} of {entry.first} is not among the refusals")
    return account


def account_alarms(ledger: Iterable[Entry], stored: Stored) -> Account:
    """Every smoke alarm that was acknowledged, exactly one alert."""
    rang: dict[str, str] = {}
    tried = set()
    for entry in ledger:
        if entry.alarm and entry.sent:
            tried.add(entry.device)
            if entry.acknowledged:
                rang.setdefault(entry.device, entry.first)
    account = Account("smoke alarms that became exactly one alert", expected=len(rang))
    for device in sorted(tried):
        found = stored.alerts[SMOKE, device]
        account.found += device in rang and found == 1
        if found > 1 or (device in rang and not found):
            account.broken.append(f"{device} rang at {rang.get(device, '?')} and has {found} alerts")
    for (rule, device), found in stored.alerts.items():
        if rule == SMOKE and device not in tried:
            account.broken.append(f"{device} never rang and has {found} alerts")
    return account


def account_silence(
    promise: str,
    rule: str,
    due: Sequence[tuple[str, float]],
    stored: Stored,
    *,
    least_s: float,
    excused: set[str],
    anybody: bool = False,
) -> Account:
    """Who was silent for long enough has one alert for it; who was not has none.

    Args:
        promise: In words.
        rule: Which raises the alert.
        due: Who, and for how long, undisturbed.
        stored: What there is.
        least_s: From when on an alert is due.
        excused: Of whom nothing is said: what was done to them is no plain silence.
        anybody: Nothing is said of anybody who was not silent.
    """
    longest: dict[str, list[float]] = defaultdict(list)
    for who, seconds in due:
        longest[who].append(seconds)
    account = Account(promise)
    for who, times in sorted(longest.items()):
        wanted = sum(seconds >= least_s for seconds in times)
        found = stored.alerts[rule, who]
        account.expected += wanted
        account.found += min(wanted, found)
        if found < wanted or (found > len(times) and not anybody):
            said = ", ".join(f"{seconds:.0f} s" for seconds in times)
            account.broken.append(f"{who} was silent for {said} and has {found} alerts")
    for (name, who), found in sorted(stored.alerts.items()):
        if name == rule and who not in longest and who not in excused and not anybody:
            account.broken.append(f"{who} was not silent and has {found} alerts")
    return account


def false_alerts(stored: Stored) -> Mapping[str, int]:
    """How many alerts of each other rule there are; for people to look at."""
    counted: Counter[str] = Counter()
    for (rule, _), found in stored.alerts.items():
        if rule not in {SMOKE, OFFLINE, VIDEO_LOSS}:
            counted[rule] += found
    return counted


def _s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
