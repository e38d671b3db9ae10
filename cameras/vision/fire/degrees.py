"""Degrees: how much a number speaks for something, between not at all and fully."""

from __future__ import annotations


def ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, straight between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
