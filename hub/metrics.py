"""Metrics: what the hub counts of itself, for Prometheus; the only file that knows prometheus_client.

Most figures are kept where they arise (a queue knows its depth, the store its newest number), so they are read when
somebody asks, through `watch`; only what nobody else keeps is counted here. A source that fails is left out of that one
answer and logged once. Each hub has its own registry: two in one process do not mix.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Values = Mapping[tuple[str, ...], float]
"""A figure per combination of label values; `{(): x}` for a figure without labels."""

# From a cached read (5 ms) to the longest a person at the screen should wait (10 s).
_LATENCY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class _Watched:
    name: str
    about: str
    kind: Literal["gauge", "counter"]
    labels: tuple[str, ...]
    read: Callable[[], Values]


class Metrics:
    """The figures of one hub. Safe from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._sources = _Sources()
        self._registry.register(self._sources)
        self._requests = Histogram(
            "hub_http_request_seconds",
            "Time until the answer to a request began.",
            ("method", "route", "status"),
            registry=self._registry,
            buckets=_LATENCY_BUCKETS_S,
        )
        self.feed_clients = Gauge("hub_feed_clients", "Open feeds.", registry=self._registry)
        self.feed_entries = Counter("hub_feed_entries", "Entries sent on all feeds.", registry=self._registry)
        self.live_dropped = Counter(
            "hub_live_dropped_pictures", "Live pictures that a watcher did not take in time.", registry=self._registry
        )
        self.sign_ins = Counter("hub_sign_ins", "Sign-ins by outcome.", ("outcome",), registry=self._registry)
        self.stills = Counter("hub_stills", "Stills for alerts, by outcome.", ("outcome",), registry=self._registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; a route is its template, never an address with ids in it."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def watch(
        self,
        name: str,
        about: str,
        read: Callable[[], Values],
        *,
        kind: Literal["gauge", "counter"] = "gauge",
        labels: Sequence[str] = (),
    ) -> None:
        """Have `read` called for each answer.

        Args:
            name: With the unit in it, without `_total`.
            about: One sentence.
            read: Gives the figures; called from the thread of the answer, must not block for long.
            kind: `counter` for what only grows.
            labels: Names of the parts of a key of what `read` gives.
        """
        self._sources.watched.append(_Watched(name, about, kind, tuple(labels), read))

    def text(self) -> bytes:
        """All figures, in the text format of Prometheus."""
        return generate_latest(self._registry)


class _Sources(Collector):
    """Asks every watched source, one at a time, when the registry is read."""

    def __init__(self) -> None:
        self.watched: list[_Watched] = []
        self._failed: set[str] = set()

    def describe(self) -> Iterable[Metric]:
        """Nothing: figures are named by those who have them."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The figures of every source that answers."""
        for source in tuple(self.watched):
            try:
                values = source.read()
            except Exception:  # one broken source must not hide the others
                if source.name not in self._failed:
                    logger.exception("metric cannot be read", extra={"metric": source.name})
                self._failed.add(source.name)
                continue
            self._failed.discard(source.name)
            family = (CounterMetricFamily if source.kind == "counter" else GaugeMetricFamily)(
                source.name, source.about, labels=source.labels
            )
            for key, value in sorted(values.items()):
                family.add_metric(key, value)
            yield family
