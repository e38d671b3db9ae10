"""The reference page is true: its samples run, and its tables hold every word that the code can say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.sensors.admission import Message
from hub.sensors.intake import Door

PAGE = Path("docs/reference/mqtt.md").read_text(encoding="utf-8")
SAMPLES = [block.strip().splitlines() for block in re.findall(r"```mqtt\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample[0])
def test_a_sample_becomes_what_the_page_says(whole_door: Door, sample: list[str]) -> None:
    topic, payload, *expected = sample
    came = Message(topic, payload.encode(), retained=False, arrived=datetime(2026, 3, 1, 12, tzinfo=UTC))
    admission = whole_door.admit(came)
    said = [
        f"-> {fact.event.kind} {json.dumps(dict(fact.event.fields), sort_keys=True)}"
        for fact in sorted(admission.facts, key=lambda fact: fact.event.kind)
    ]
    said += [f"!> {refusal.reason}" for refusal in admission.refusals]
    assert said == sorted(expected)


def test_there_are_samples() -> None:
    assert len(SAMPLES) > 8


def test_every_reason_that_the_code_gives_stands_on_the_page() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path("hub/sensors").rglob("*.py"))
    reasons = set(re.findall(r'PayloadError\(\s*"([a-z_]+)"', code)) | {"unstorable"}
    assert reasons >= {"malformed", "too_large", "unknown_sensor"}
    assert {reason for reason in reasons if f"| `{reason}` |" not in PAGE} == set()
