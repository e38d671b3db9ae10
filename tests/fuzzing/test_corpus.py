"""Every input that a search kept is read or refused, quickly: what failed once fails here if it comes back."""

from __future__ import annotations

import importlib

import pytest

from hub.clock import SystemClock
from tests.fuzzing.target import CORPUS, SLOWEST_S, Target, corpus_of

NAMES = sorted(path.stem for path in CORPUS.glob("*.jsonl"))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_found_once_is_read_or_refused(name: str) -> None:
    target: Target = importlib.import_module(f"tests.fuzzing.{name}").TARGET
    run, clock = target.start(), SystemClock()
    inputs = [*corpus_of(name), *list(target.seeds())[:20], b"", b"\n"]
    assert len(inputs) > 20
    for raw in inputs:
        begun_s = clock.monotonic_s()
        run(raw)
        assert clock.monotonic_s() - begun_s < SLOWEST_S, raw[:80]
