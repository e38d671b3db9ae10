"""Self-figures: what the hub notices of its sensors and of itself, as numbers on `/metrics`."""

from __future__ import annotations

from collections.abc import Callable

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


def _field(itself: SelfWatch, kind: str, field: str) -> Callable[[], Values]:
    return lambda: {
        (each.source,): float(each.fields[field]) for each in itself.status() if each.kind == kind and each.known
    }
