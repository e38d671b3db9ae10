"""Self-figures: what the hub notices of its sensors and of itself, as numbers on `/metrics`."""

from __future__ import annotations

from collections.abc import Callable

from alerts.figures.flood_watch import FloodWatch
from config.community import Level
from hub.metrics import Metrics, Values
from hub.selfwatch import blindness
from hub.selfwatch.watch import SelfWatch
from hub.sensors.watching import SensorWatch


def watch_noticed(metrics: Metrics, *, sensors: SensorWatch, itself: SelfWatch) -> None:
    """Have these figures read when somebody asks for them; of what is not known there is none."""
    metrics.watch(
        "hub_sensors_noticed",
        "Values and sensors in doubt by why, and sensors of which the interval is learned.",
        lambda: {(why,): float(number) for why, number in sensors.counts().items()},
        labels=("what",),
    )
    for name, about, kind, field, label in (
        ("hub_disk_free_percent", "Free share of the disk under a folder.", "hub.disk", "free_pct", "folder"),
        ("hub_disk_failing", "Whether a folder takes no writes, 1 or 0.", "hub.disk", "failing", "folder"),
        (
            "hub_clock_synchronised",
            "Whether the clock follows a time source, 1 or 0.",
            "hub.clock",
            "synchronised",
            "host",
        ),
        ("hub_clock_offset_seconds", "How far the clock is off.", "hub.clock", "offset_s", "host"),
        ("hub_analysis_lag_seconds", "How far a worker is behind its cameras.", "hub.analysis", "lag_s", "worker"),
    ):
        metrics.watch(name, about, _field(itself, kind, field), labels=(label,))
    metrics.watch(
        "hub_rules_blind",
        "Rules that cannot see.",
        lambda: {(): float(sum(each.kind == blindness.KIND for each in itself.status()))},
    )


def watch_flood(metrics: Metrics, flood: FloodWatch) -> None:
    """Have read how often the room is asked to act."""
    metrics.watch(
        "hub_annunciations",
        "Demands on the room since the hub was started, by level.",
        lambda: {(level.value,): float(flood.status().annunciations.get(level, 0)) for level in Level},
        kind="counter",
        labels=("level",),
    )
    metrics.watch(
        "hub_annunciations_in_ten_minutes",
        "Demands on the room in the last ten minutes.",
        lambda: {(): float(flood.status().per_10_min)},
    )
    metrics.watch(
        "hub_alarm_flood", "Whether there is a flood of alarms, 1 or 0.", lambda: {(): float(flood.status().flooding)}
    )
    metrics.watch(
        "hub_alarm_floods",
        "Floods of alarms that began since the hub was started.",
        lambda: {(): float(flood.status().floods)},
        kind="counter",
    )


def _field(itself: SelfWatch, kind: str, field: str) -> Callable[[], Values]:
    return lambda: {
        (each.source,): float(each.fields[field]) for each in itself.status() if each.kind == kind and each.known
    }
