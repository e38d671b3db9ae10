"""What the hub counts of itself."""

from __future__ import annotations

import logging

import pytest

from hub.metrics import Metrics


def test_a_watched_figure_is_read_when_somebody_asks() -> None:
    metrics = Metrics()
    depth = 3.0
    metrics.watch("hub_queue_depth", "Waiting.", lambda: {("writer",): depth}, labels=("queue",))
    assert b'hub_queue_depth{queue="writer"} 3.0' in metrics.text()
    depth = 5.0
    assert b'hub_queue_depth{queue="writer"} 5.0' in metrics.text()


def test_a_counter_is_named_as_one() -> None:
    metrics = Metrics()
    metrics.watch("hub_events_stored", "Stored.", lambda: {(): 7.0}, kind="counter")
    assert b"# TYPE hub_events_stored_total counter\nhub_events_stored_total 7.0" in metrics.text()


def test_a_source_that_fails_hides_no_other_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()

    def broken() -> dict[tuple[str, ...], float]:
        raise OSError("gone")

    metrics.watch("hub_broken", "Fails.", broken)
    metrics.watch("hub_good", "Works.", lambda: {(): 1.0})
    with caplog.at_level(logging.ERROR):
        assert b"hub_good 1.0" in metrics.text()
        assert b"hub_good 1.0" in metrics.text()
    assert len(caplog.records) == 1


def test_two_hubs_in_one_process_do_not_mix() -> None:
    one, other = Metrics(), Metrics()
    one.request("GET", "/healthz", 200, 0.01)
    assert b"/healthz" in one.text()
    assert b"/healthz" not in other.text()
